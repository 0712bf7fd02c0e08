//! How a socket's auth ends, is asked for anew and is revoked.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use everwire_session::code::Code;
use tokio::time::Instant;

use super::{LEFT, OPEN, Socket};
use crate::error::Disconnect;
use crate::outgoing::Outgoing;
use crate::term::Term;

/// Its auth. The whole flow: [Authentication](https://github.com/everwire/everwire/blob/main/docs/authentication.md).
impl Socket {
    /// Sets for how long its auth is good from now on, in place of what was set before; `Duration::MAX` is for ever, as if nothing were set.
    ///
    /// Some time before the end ([`Config::renewal`](crate::Config::renewal)) the client is asked for fresh auth, which passes the namespace's middleware as
    /// the first did: so this belongs there. What a middleware does not set anew stays. If no fresh auth was accepted by then, the socket is disconnected with the code
    /// `auth_expired`, whether its client is there or not. Clients of Socket.IO and SockJS cannot be asked.
    ///
    /// ```
    /// # use everwire::{Data, Everwire, Refusal, Socket};
    /// # use std::time::Duration;
    /// # let wire = Everwire::new();
    /// # fn user_of(token: &str) -> Option<String> { None }
    /// wire.of("/").use_middleware(|socket: Socket, Data(token): Data<String>| async move {
    ///     let user = user_of(&token).ok_or_else(|| Refusal::new("denied"))?;
    ///     socket.set_data(user);
    ///     socket.expires_in(Duration::from_secs(3600));
    ///     Ok::<_, Refusal>(())
    /// });
    /// ```
    pub fn expires_in(&self, time: Duration) {
        let lead = self.inner.link.hub.renewal;
        self.with_term(|term| term.set(Instant::now(), time, lead));
    }

    /// The same with a time of day, as tokens name it. One that is past is the end.
    ///
    /// ```
    /// # use std::time::{Duration, UNIX_EPOCH};
    /// # fn some(socket: everwire::Socket, exp: u64) {
    /// socket.expires_at(UNIX_EPOCH + Duration::from_secs(exp));
    /// # }
    /// ```
    pub fn expires_at(&self, time: SystemTime) {
        self.expires_in(time.duration_since(SystemTime::now()).unwrap_or_default());
    }

    /// Asks the client for fresh auth now, as when what it may do has changed. It has [`Config::renewal`](crate::Config::renewal), or until its auth ends if
    /// that is sooner; then the socket is disconnected with the code `auth_expired`. Nothing happens while an answer is awaited.
    pub fn reauthenticate(&self) {
        let (now, lead) = (Instant::now(), self.inner.link.hub.renewal);
        if self.is_connected()
            && let Some(within) = self.with_term(|term| term.ask(now, lead))
        {
            self.query(within);
        }
    }

    /// Disconnects it at once with the code `revoked`. Was it in the last namespace of its session, then the session has ended: what was not sent
    /// is dropped, no token resumes it, and its client does not come back by itself. That it cannot come back with the same auth is the middleware's to see to.
    ///
    /// ```
    /// # async fn some(wire: everwire::Everwire) {
    /// // All of a user, on all their devices, if each socket has joined a room for its user.
    /// wire.to("user:7").revoke_sockets();
    /// # }
    /// ```
    pub fn revoke(&self) {
        self.dismiss(Code::Revoked);
    }

    pub(super) fn with_term<T>(&self, act: impl FnOnce(&mut Term) -> T) -> T {
        let result = act(self.inner.term.lock().get_or_insert_default());
        self.inner.ends.store(true, Ordering::Release);
        // Its session's task is to set its alarm.
        self.inner.link.waker.wake();
        result
    }

    pub(super) fn query(&self, within: Duration) {
        let _ = self.outlet().send(&Outgoing::query(self.namespace_name(), within));
    }

    /// Ends it for a reason that its session's task tells the client: whether only a namespace or the whole session ends is known there.
    pub(super) fn dismiss(&self, code: Code) {
        if self.part() {
            self.kick(Disconnect::new(code, None, 0));
        }
    }

    /// Puts it out by this answer to its fresh auth.
    pub(crate) fn deny(&self, out: &Outgoing<'_>, why: String) {
        if self.part() {
            let _ = self.outlet().send(out);
            self.kick(Disconnect::new(Code::ServerDisconnect, Some(why), 0));
        }
    }

    /// From now on nothing goes to it. False if it was not connected.
    pub(super) fn part(&self) -> bool {
        self.inner.state.compare_exchange(OPEN, LEFT, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    pub(super) fn kick(&self, end: Disconnect) {
        let inner = &self.inner;
        inner.space.adapter.mute(inner.seat.load(Ordering::Acquire));
        *inner.kicked.lock() = Some(Box::new(end));
        inner.pending.close(&inner.link);
        inner.link.waker.wake();
    }
}
