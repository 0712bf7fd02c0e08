//! What the sockets of one session share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::task::AtomicWaker;

use crate::handshake::RequestInfo;
use crate::hub::Hub;
use crate::outlet::SharedOutlet;

pub(crate) struct Link {
    pub(crate) hub: Arc<Hub>,
    pub(crate) outlet: SharedOutlet,
    pub(crate) request: RequestInfo,
    /// Wakes the task that polls the session's [`Client`](crate::client::Client).
    pub(crate) waker: AtomicWaker,
    pending_acks: AtomicUsize,
}

impl Link {
    pub(crate) fn new(hub: Arc<Hub>, outlet: SharedOutlet, request: RequestInfo) -> Self {
        Self { hub, outlet, request, waker: AtomicWaker::new(), pending_acks: AtomicUsize::new(0) }
    }

    /// Takes the right to one more pending ack of this session.
    pub(crate) fn take_ack(&self) -> bool {
        if self.pending_acks.fetch_add(1, Ordering::Relaxed) >= self.hub.max_pending_acks {
            self.pending_acks.fetch_sub(1, Ordering::Relaxed);
            return false;
        }
        self.hub.pending_acks.fetch_add(1, Ordering::Relaxed);
        true
    }

    pub(crate) fn give_acks(&self, count: usize) {
        self.pending_acks.fetch_sub(count, Ordering::Relaxed);
        self.hub.pending_acks.fetch_sub(count, Ordering::Relaxed);
    }
}
