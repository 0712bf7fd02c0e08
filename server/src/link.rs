//! What the sockets of one session share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::task::AtomicWaker;

use crate::handshake::RequestInfo;
use crate::hub::Hub;
use crate::outlet::SharedOutlet;

/// What becomes of an event that wants an answer while as many as allowed do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    /// It is refused.
    Limited,
    /// It is taken, but the client is not read on: its protocol has no word for a refusal.
    Slowed,
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
    asks: Asks,
}

impl Link {
    pub(crate) fn new(hub: Arc<Hub>, outlet: SharedOutlet, request: RequestInfo, asks: Asks) -> Self {
        let (pending_acks, owed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { hub, outlet, request, waker: AtomicWaker::new(), pending_acks, owed, asks }
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
        let is_one_too_many = self.asks == Asks::Limited && owed >= self.hub.max_pending_acks;
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
