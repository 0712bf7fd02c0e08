//! What all sessions of one server share: namespaces, state, hooks.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use everwire_session::code::Code;
use everwire_session::packet::MAIN;
use parking_lot::RwLock;

use crate::config::Config;
use crate::counters::Counters;
use crate::hooks::{Hooks, NoHooks};
use crate::namespace::Spaces;

/// Namespaces of one session.
pub(crate) const MAX_NAMESPACES: usize = 100;
/// Bytes of an event's name.
pub(crate) const MAX_EVENT: usize = 128;
/// Names that are local events on both sides, and so cannot travel.
pub(crate) const RESERVED: [&str; 8] =
    ["connect", "connect_error", "disconnect", "disconnecting", "error", "resumed", "suspended", "transport"];

/// One for the whole process, so that a broadcast has one ack id for all its receivers, whichever their server.
static ACK_ID: AtomicU64 = AtomicU64::new(1);

pub(crate) fn next_ack_id() -> u64 {
    ACK_ID.fetch_add(1, Ordering::Relaxed)
}

/// May an event of this name travel?
pub(crate) fn is_event_name(name: impl AsRef<[u8]>) -> bool {
    let name = name.as_ref();
    !name.is_empty()
        && name.len() <= MAX_EVENT
        && !RESERVED.iter().any(|reserved| reserved.as_bytes() == name)
}

pub(crate) struct Hub {
    pub(crate) spaces: Arc<Spaces>,
    states: RwLock<HashMap<TypeId, Box<dyn Any + Send + Sync>>>,
    hooks: RwLock<Arc<dyn Hooks>>,
    /// Acks that may be pending in one session.
    pub(crate) max_pending_acks: usize,
    /// How long a middleware may take.
    pub(crate) handshake: Duration,
    /// How long before the end of its auth a client is asked for fresh one.
    pub(crate) renewal: Duration,
    pub(crate) pending_acks: AtomicUsize,
    pub(crate) counters: Arc<Counters>,
}

/// Figures of the emitter, for statistics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HubCounts {
    pub(crate) sockets: usize,
    /// Those that are there because somebody is in them, or holds them.
    pub(crate) namespaces: usize,
    pub(crate) rooms: usize,
    pub(crate) pending_acks: usize,
}

impl Hub {
    /// With nothing but the main namespace.
    pub(crate) fn new(config: &Config) -> Arc<Self> {
        let hub = Self {
            spaces: Arc::default(),
            states: RwLock::default(),
            hooks: RwLock::new(Arc::new(NoHooks)),
            max_pending_acks: config.pending_acks,
            handshake: config.handshake,
            renewal: config.renewal,
            pending_acks: AtomicUsize::new(0),
            counters: Arc::default(),
        };
        hub.spaces.open(MAIN);
        Arc::new(hub)
    }

    pub(crate) fn set_state<S: Clone + Send + Sync + 'static>(&self, state: S) {
        self.states.write().insert(TypeId::of::<S>(), Box::new(state));
    }

    pub(crate) fn state<S: Clone + 'static>(&self) -> Option<S> {
        self.states.read().get(&TypeId::of::<S>())?.downcast_ref::<S>().cloned()
    }

    pub(crate) fn set_hooks(&self, hooks: Arc<dyn Hooks>) {
        *self.hooks.write() = hooks;
    }

    pub(crate) fn hooks(&self) -> Arc<dyn Hooks> {
        self.hooks.read().clone()
    }

    /// A request, a carrier or an opening was refused.
    pub(crate) fn refused(&self, code: Code) {
        self.counters.refused(code);
        self.hooks().refused(code);
    }

    pub(crate) fn counts(&self) -> HubCounts {
        let mut counts = HubCounts {
            namespaces: self.spaces.lent(),
            pending_acks: self.pending_acks.load(Ordering::Relaxed),
            ..HubCounts::default()
        };
        for space in self.spaces.all() {
            let (sockets, rooms) = space.adapter.counts();
            counts.sockets += sockets;
            counts.rooms += rooms;
        }
        counts
    }
}
