//! What a server can observe of its sessions, for metrics.

use std::panic::{AssertUnwindSafe, catch_unwind};

use everwire_session::code::Code;

/// Called at what happens to sessions. Each does nothing by default.
///
/// They run inside the server's own tasks: count, and return at once. A panic is logged and hurts nothing.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use everwire::{Code, Everwire, Hooks};
///
/// #[derive(Default)]
/// struct Metrics {
///     sessions: AtomicU64,
/// }
///
/// impl Hooks for Metrics {
///     fn opened(&self, _session: &str) {
///         self.sessions.fetch_add(1, Ordering::Relaxed);
///     }
///     fn closed(&self, _session: &str, _cause: Code, _unconfirmed: u64) {
///         self.sessions.fetch_sub(1, Ordering::Relaxed);
///     }
/// }
///
/// let wire = Everwire::new().with_hooks(Metrics::default());
/// ```
pub trait Hooks: Send + Sync + 'static {
    /// Bytes of packets that came up and went down on a transport since the last call.
    fn bytes(&self, transport: &'static str, up: u64, down: u64) {
        let _ = (transport, up, down);
    }

    /// A session has ended, with what of it the client never confirmed.
    fn closed(&self, session: &str, cause: Code, unconfirmed: u64) {
        let _ = (session, cause, unconfirmed);
    }

    /// A session goes on over another transport.
    fn moved(&self, session: &str, transport: &'static str) {
        let _ = (session, transport);
    }

    /// A session has begun.
    fn opened(&self, session: &str) {
        let _ = session;
    }

    /// A request, a carrier or a session was refused.
    fn refused(&self, code: Code) {
        let _ = code;
    }

    /// A session goes on after it was suspended.
    fn resumed(&self, session: &str, transport: &'static str) {
        let _ = (session, transport);
    }

    /// A session is without carrier.
    fn suspended(&self, session: &str) {
        let _ = session;
    }
}

/// Keeps sessions from the panics of their observer.
pub(crate) struct Guarded<H>(pub(crate) H);

impl<H: Hooks> Guarded<H> {
    fn call(&self, hook: impl FnOnce(&H)) {
        if catch_unwind(AssertUnwindSafe(|| hook(&self.0))).is_err() {
            tracing::error!("a hook panicked");
        }
    }
}

impl<H: Hooks> Hooks for Guarded<H> {
    fn bytes(&self, transport: &'static str, up: u64, down: u64) {
        self.call(|hooks| hooks.bytes(transport, up, down));
    }

    fn closed(&self, session: &str, cause: Code, unconfirmed: u64) {
        self.call(|hooks| hooks.closed(session, cause, unconfirmed));
    }

    fn moved(&self, session: &str, transport: &'static str) {
        self.call(|hooks| hooks.moved(session, transport));
    }

    fn opened(&self, session: &str) {
        self.call(|hooks| hooks.opened(session));
    }

    fn refused(&self, code: Code) {
        self.call(|hooks| hooks.refused(code));
    }

    fn resumed(&self, session: &str, transport: &'static str) {
        self.call(|hooks| hooks.resumed(session, transport));
    }

    fn suspended(&self, session: &str) {
        self.call(|hooks| hooks.suspended(session));
    }
}

/// Observes nothing.
pub(crate) struct NoHooks;

impl Hooks for NoHooks {}
