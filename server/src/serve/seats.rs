//! How many connections there are, in all and of one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::counts::{Why, count};
use super::network;

/// The log need not know more often that the house is full.
const LOG_PAUSE: Duration = Duration::from_secs(10);

/// A place for one connection, free again when the last clone is dropped. Whoever takes a connection over by an upgrade keeps it: it is among
/// the request's extensions.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    _connection: Arc<Connection>,
    /// The request came through a proxy, and is counted for whom it came from.
    _guest: Option<Arc<Ticket>>,
    /// Dropped with the last clone, which the stream of an upgraded HTTP/2 request waits for.
    _left: Option<Arc<oneshot::Sender<()>>>,
}

/// A connection's own part.
#[derive(Debug)]
pub(super) struct Connection {
    _permit: OwnedSemaphorePermit,
    _ticket: Option<Ticket>,
}

impl Seat {
    pub(super) fn new(connection: Arc<Connection>) -> Self {
        Self { _connection: connection, _guest: None, _left: None }
    }

    pub(super) fn with_guest(self, ticket: Arc<Ticket>) -> Self {
        Self { _guest: Some(ticket), ..self }
    }

    pub(super) fn with_left(self, left: oneshot::Sender<()>) -> Self {
        Self { _left: Some(Arc::new(left)), ..self }
    }
}

/// All places.
#[derive(Debug)]
pub(super) struct Seats {
    free: Arc<Semaphore>,
    total: usize,
    logged: Option<Instant>,
}

impl Seats {
    pub(super) fn new(total: usize) -> Self {
        let total = total.clamp(1, Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(total)), total, logged: None }
    }

    /// Waits for a free place.
    pub(super) async fn take(&mut self) -> OwnedSemaphorePermit {
        if let Ok(permit) = self.free.clone().try_acquire_owned() {
            return permit;
        }
        count(Why::Full);
        if self.logged.is_none_or(|logged| logged.elapsed() >= LOG_PAUSE) {
            self.logged = Some(Instant::now());
            tracing::warn!(connections = self.total, "full: accepting none until one ends");
        }
        self.free.clone().acquire_owned().await.expect("the semaphore is never closed")
    }
}

impl Connection {
    pub(super) fn new(permit: OwnedSemaphorePermit, ticket: Option<Ticket>) -> Arc<Self> {
        Arc::new(Self { _permit: permit, _ticket: ticket })
    }
}

/// Counts by address.
#[derive(Debug)]
pub(super) struct Addresses {
    limit: usize,
    counts: Mutex<HashMap<IpAddr, usize>>,
}

/// One of those that are counted for an address.
#[derive(Debug)]
pub(super) struct Ticket {
    addresses: Arc<Addresses>,
    address: IpAddr,
    /// How many there are of this address with this one.
    number: usize,
}

impl Addresses {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, counts: Mutex::default() })
    }

    /// Counts one more, above the limit too: look at [`Ticket::is_beyond`].
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Ticket {
        let address = network::client(address);
        let mut counts = self.counts.lock();
        let count = counts.entry(address).or_default();
        *count += 1;
        Ticket { addresses: self.clone(), address, number: *count }
    }
}

impl Ticket {
    pub(super) fn is_beyond(&self) -> bool {
        self.number > self.addresses.limit
    }

    /// So far beyond that not even an answer is owed.
    pub(super) fn is_far_beyond(&self) -> bool {
        self.number > self.addresses.limit.saturating_mul(2).saturating_add(8)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut counts = self.addresses.counts.lock();
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_counted_and_forgotten() {
        let addresses = Addresses::new(2);
        let [a, b] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse::<IpAddr>().unwrap());
        let first = addresses.enter(a);
        let second = addresses.enter(a);
        assert!(!first.is_beyond() && !second.is_beyond());
        assert!(!addresses.enter(b).is_beyond());
        assert!(addresses.enter(a).is_beyond());
        drop(first);
        assert!(!addresses.enter(a).is_beyond(), "the one refused is forgotten, and one has left");
        drop(second);
        assert!(addresses.counts.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_waited_for() {
        let mut seats = Seats::new(1);
        let connection = Connection::new(seats.take().await, None);
        let seat = Seat::new(connection.clone());
        drop(connection);
        let wait = Duration::from_secs(1);
        assert!(tokio::time::timeout(wait, seats.take()).await.is_err());
        drop(seat);
        assert!(tokio::time::timeout(wait, seats.take()).await.is_ok());
    }
}
