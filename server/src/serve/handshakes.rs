//! TLS handshakes under way: bounded in time, and in number.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// When there are too many, the oldest gives way: those that mean it take milliseconds.
#[derive(Debug)]
pub(super) struct Handshakes {
    most: usize,
    under_way: Mutex<UnderWay>,
}

#[derive(Debug, Default)]
struct UnderWay {
    next: u64,
    by_age: BTreeMap<u64, oneshot::Sender<()>>,
}

impl Handshakes {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most: most.max(1), under_way: Mutex::default() })
    }

    pub(super) async fn shake<S>(
        &self,
        acceptor: TlsAcceptor,
        stream: S,
        limit: Duration,
    ) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (_entry, displaced) = self.enter();
        tokio::select! {
            shaken = tokio::time::timeout(limit, acceptor.accept(stream)) => shaken?,
            _ = displaced => Err(io::Error::other("too many handshakes under way")),
        }
    }

    fn enter(&self) -> (Entry<'_>, oneshot::Receiver<()>) {
        let (sender, displaced) = oneshot::channel();
        let mut under_way = self.under_way.lock();
        if under_way.by_age.len() >= self.most {
            under_way.by_age.pop_first();
        }
        let number = under_way.next;
        under_way.next += 1;
        under_way.by_age.insert(number, sender);
        (Entry { handshakes: self, number }, displaced)
    }
}

/// One of them, until it is dropped.
struct Entry<'a> {
    handshakes: &'a Handshakes,
    number: u64,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.handshakes.under_way.lock().by_age.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_oldest_gives_way() {
        let handshakes = Handshakes::new(2);
        let (first, mut first_displaced) = handshakes.enter();
        let (_second, mut second_displaced) = handshakes.enter();
        assert_eq!(first_displaced.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        let (_third, _) = handshakes.enter();
        assert_eq!(first_displaced.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        assert_eq!(second_displaced.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        drop(first);
        assert_eq!(handshakes.under_way.lock().by_age.len(), 2);
    }
}
