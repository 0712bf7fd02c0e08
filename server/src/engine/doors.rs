//! Who may open a session: how many there are in all, how many of them no middleware has let in yet, and how many and how often from one address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use everwire_session::code::Code;
use parking_lot::Mutex;

use crate::config::Config;
use crate::rate::{Bucket, Rate};
use crate::serve::network;

#[derive(Debug)]
pub(crate) struct Doors {
    sessions: usize,
    per_address: Option<usize>,
    opens: Option<Rate>,
    inside: AtomicUsize,
    unauthenticated: usize,
    unknown: AtomicUsize,
    addresses: Mutex<HashMap<IpAddr, Visitor>>,
}

/// An address that has sessions, or has opened one lately.
#[derive(Debug)]
struct Visitor {
    sessions: usize,
    opens: Option<Bucket>,
}

/// One session's place, free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    doors: Arc<Doors>,
    address: Option<IpAddr>,
    /// Has a middleware let it in?
    known: bool,
}

impl Doors {
    pub(crate) fn new(config: &Config) -> Arc<Self> {
        Arc::new(Self {
            sessions: config.sessions,
            per_address: config.sessions_per_address,
            opens: config.opens_per_address,
            inside: AtomicUsize::new(0),
            unauthenticated: config.unauthenticated,
            unknown: AtomicUsize::new(0),
            addresses: Mutex::default(),
        })
    }

    /// A place for a new session.
    ///
    /// # Errors
    /// [`Code::Full`] when there are as many as may be, [`Code::Rate`] when it is this address that has too many.
    pub(crate) fn enter(self: &Arc<Self>, address: Option<IpAddr>, now: Duration) -> Result<Place, Code> {
        let counts = self.per_address.is_some() || self.opens.is_some();
        let address = address.filter(|_| counts).map(network::client);
        // Its own limits first: who knocks without end is not to learn when there is room.
        if let Some(address) = address {
            self.count(address, now)?;
        }
        let place = Place { doors: self.clone(), address, known: false };
        // Counted before it is looked at, so that two at once are not both the last.
        let inside = self.inside.fetch_add(1, Ordering::Relaxed);
        let unknown = self.unknown.fetch_add(1, Ordering::Relaxed);
        if inside >= self.sessions || unknown >= self.unauthenticated { Err(Code::Full) } else { Ok(place) }
    }

    /// How many sessions no middleware has let in.
    pub(crate) fn unauthenticated(&self) -> usize {
        self.unknown.load(Ordering::Relaxed)
    }

    fn count(&self, address: IpAddr, now: Duration) -> Result<(), Code> {
        let mut addresses = self.addresses.lock();
        let visitor = match addresses.entry(address) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                entry.insert(Visitor { sessions: 0, opens: self.opens.map(|rate| Bucket::new(rate, now)) })
            }
        };
        if self.per_address.is_some_and(|most| visitor.sessions >= most) {
            return Err(Code::Rate);
        }
        if let (Some(rate), Some(bucket)) = (self.opens, &mut visitor.opens)
            && !bucket.take(rate, now, 1)
        {
            return Err(Code::Rate);
        }
        visitor.sessions += 1;
        Ok(())
    }

    /// Forgets addresses of which there is nothing to remember.
    pub(crate) fn sweep(&self, now: Duration) {
        let mut addresses = self.addresses.lock();
        addresses.retain(|_, visitor| {
            let opened_lately = match (self.opens, &mut visitor.opens) {
                (Some(rate), Some(bucket)) => !bucket.is_full(rate, now),
                _ => false,
            };
            visitor.sessions > 0 || opened_lately
        });
        if addresses.capacity() > 4 * addresses.len().max(16) {
            addresses.shrink_to_fit();
        }
    }
}

impl Place {
    /// A middleware has let it in.
    pub(crate) fn let_in(&mut self) {
        if !std::mem::replace(&mut self.known, true) {
            self.doors.unknown.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.let_in();
        self.doors.inside.fetch_sub(1, Ordering::Relaxed);
        if let Some(address) = self.address
            && let Some(visitor) = self.doors.addresses.lock().get_mut(&address)
        {
            visitor.sessions -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::ZERO;

    fn doors(change: impl FnOnce(&mut Config)) -> Arc<Doors> {
        let mut config = Config::default();
        change(&mut config);
        Doors::new(&config)
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn as_many_sessions_as_there_are_places() {
        let doors = doors(|config| config.sessions = 2);
        let first = doors.enter(None, START).unwrap();
        let _second = doors.enter(address("192.0.2.1"), START).unwrap();
        for _ in 0..3 {
            assert_eq!(doors.enter(None, START).unwrap_err(), Code::Full);
        }
        drop(first);
        let _third = doors.enter(None, START).unwrap();
        assert_eq!(doors.enter(None, START).unwrap_err(), Code::Full);
    }

    #[test]
    fn as_many_unknown_as_may_be_until_one_is_let_in() {
        let doors = doors(|config| config.unauthenticated = 1);
        let mut first = doors.enter(None, START).unwrap();
        assert_eq!(doors.enter(None, START).unwrap_err(), Code::Full);
        first.let_in();
        first.let_in();
        let second = doors.enter(None, START).unwrap();
        assert_eq!(doors.enter(None, START).unwrap_err(), Code::Full);
        drop((first, second));
        assert_eq!((doors.unauthenticated(), doors.inside.load(Ordering::Relaxed)), (0, 0));
    }

    #[test]
    fn an_address_has_its_own_limit_and_one_that_is_nowhere_has_none() {
        let doors = doors(|config| config.sessions_per_address = Some(1));
        let first = doors.enter(address("192.0.2.1"), START).unwrap();
        assert_eq!(doors.enter(address("192.0.2.1"), START).unwrap_err(), Code::Rate);
        let others = ["192.0.2.2", "2001:db8::1"].map(|text| doors.enter(address(text), START).unwrap());
        assert_eq!(doors.enter(address("2001:db8::2"), START).unwrap_err(), Code::Rate, "the same network");
        let unknown = [(); 3].map(|()| doors.enter(None, START).unwrap());
        drop(first);
        let again = doors.enter(address("192.0.2.1"), START).unwrap();
        drop((others, unknown, again));
        doors.sweep(START);
        assert!(doors.addresses.lock().is_empty() && doors.inside.load(Ordering::Relaxed) == 0);
    }

    #[test]
    fn who_opens_too_often_waits_and_is_forgotten_when_he_has() {
        let doors = doors(|config| config.opens_per_address = Some(Rate { per_second: 1, burst: 2 }));
        let open = |text, at| doors.enter(address(text), Duration::from_millis(at)).map(drop);
        for _ in 0..2 {
            open("192.0.2.1", 0).unwrap();
        }
        assert_eq!(open("192.0.2.1", 0), Err(Code::Rate));
        assert_eq!(open("192.0.2.2", 0), Ok(()));
        doors.sweep(Duration::from_millis(1_500));
        assert_eq!(doors.addresses.lock().len(), 1);
        assert_eq!(open("192.0.2.1", 1_500), Ok(()));
        doors.sweep(Duration::from_secs(10));
        assert!(doors.addresses.lock().is_empty());
    }

    #[test]
    fn where_the_house_is_full_nobody_is_counted() {
        let doors = doors(|config| (config.sessions, config.sessions_per_address) = (1, Some(1)));
        let first = doors.enter(address("192.0.2.1"), START).unwrap();
        assert_eq!(doors.enter(address("192.0.2.2"), START).unwrap_err(), Code::Full);
        drop(first);
        assert!(doors.enter(address("192.0.2.2"), START).is_ok());
    }
}
