//! What the sockets of one session share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::task::AtomicWaker;

use crate::handshake::RequestInfo;
use crate::hub::Hub;
use crate::outlet::SharedOutlet;

/// Who is at the other end, and so what it has words for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// A client of another protocol. Has it asked for as many answers as allowed, it is not read on, for it knows no refusal; it cannot be asked for fresh auth; and an
    /// end of its session tells no code.
    Guest,
    /// An Everwire client.
    Native,
}

pub(crate) struct Link {
    pub(crate) hub: Arc<Hub>,
    pub(crate) outlet: SharedOutlet,
    pub(crate) request: RequestInfo,
    /// Wakes the task that polls the session's [`Client`](crate::client::Client).
    pub(crate) waker: AtomicWaker,
    pending_acks: AtomicUsize,
    /// Events of the client that wait for our answer.
    owed: AtomicUsize,
    pub(crate) peer: Peer,
}

impl Link {
    pub(crate) fn new(hub: Arc<Hub>, outlet: SharedOutlet, request: RequestInfo, peer: Peer) -> Self {
        let (pending_acks, owed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { hub, outlet, request, waker: AtomicWaker::new(), pending_acks, owed, peer }
    }

    /// Takes the right to one more pending ack of this session.
    pub(crate) fn take_ack(&self) -> bool {
        if self.pending_acks.fetch_add(1, Ordering::Relaxed) >= self.hub.max_pending_acks {
            self.pending_acks.fetch_sub(1, Ordering::Relaxed);
            self.hub.counters.rejected("pending_acks");
            return false;
        }
        self.hub.pending_acks.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// Notes that the client waits for an answer, until it is [`paid`](Self::paid): given, or lost. `false`: it waits for too many already.
    pub(crate) fn owe(&self) -> bool {
        let owed = self.owed.fetch_add(1, Ordering::Relaxed);
        let is_one_too_many = self.peer == Peer::Native && owed >= self.hub.max_pending_acks;
        if is_one_too_many {
            self.owed.fetch_sub(1, Ordering::Relaxed);
        }
        !is_one_too_many
    }

    pub(crate) fn paid(&self, count: usize) {
        let (owed, most) = (self.owed.fetch_sub(count, Ordering::Relaxed), self.hub.max_pending_acks);
        if owed > most && owed - count <= most {
            // It is read on.
            self.waker.wake();
        }
    }

    /// Does the client wait for more answers than it may?
    pub(crate) fn owes_too_much(&self) -> bool {
        self.owed.load(Ordering::Relaxed) > self.hub.max_pending_acks
    }

    pub(crate) fn give_acks(&self, count: usize) {
        self.pending_acks.fetch_sub(count, Ordering::Relaxed);
        self.hub.pending_acks.fetch_sub(count, Ordering::Relaxed);
    }
}
