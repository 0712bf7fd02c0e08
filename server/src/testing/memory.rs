//! A session's way down that ends in memory.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use everwire_session::code::Code;
use everwire_session::packet::Kind;
use parking_lot::Mutex;

use crate::chunk::Chunk;
use crate::incoming::Incoming;
use crate::outgoing::Outgoing;
use crate::outlet::{Outlet, SendError};

/// Bytes that a client may leave unread, as on a real server by default.
const HARD_LIMIT: usize = 4 << 20;

/// What sockets say about the way here.
pub(super) const TRANSPORT: &str = "memory";

/// One that has not been read yet.
struct Unread {
    message: Incoming,
    /// The next under this key takes its place.
    key: Option<Arc<str>>,
}

/// Everything sent and not read yet. A client that does not read is a slow consumer here too.
pub(super) struct Memory {
    session: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By namespace.
    unread: HashMap<String, VecDeque<Unread>>,
    bytes: usize,
    suspended: bool,
    closed: Option<(Code, Option<String>)>,
    /// Who waits for room, for something to read, or for the end.
    wakers: Vec<Waker>,
}

impl State {
    fn has_room(&self) -> bool {
        self.closed.is_some() || self.bytes < HARD_LIMIT / 2
    }

    fn wake(&mut self) {
        self.wakers.drain(..).for_each(Waker::wake);
    }

    fn watch(&mut self, waker: &Waker) {
        if !self.wakers.iter().any(|other| other.will_wake(waker)) {
            self.wakers.push(waker.clone());
        }
    }

    fn close(&mut self, code: Code, reason: Option<String>) {
        if self.closed.is_none() {
            self.closed = Some((code, reason));
            self.wake();
        }
    }
}

impl Memory {
    pub(super) fn new(session: String) -> Self {
        Self { session, state: Mutex::default() }
    }

    /// The code and reason of the session's end, once it has ended.
    pub(super) fn closed(&self) -> Option<(Code, Option<String>)> {
        self.state.lock().closed.clone()
    }

    pub(super) fn set_suspended(&self, suspended: bool) {
        self.state.lock().suspended = suspended;
    }

    /// Is woken by the next thing that happens.
    pub(super) fn watch(&self, cx: &Context<'_>) {
        self.state.lock().watch(cx.waker());
    }

    /// Takes the first unread message of a namespace for which `pick` has something; `Ready(None)` if the session is over and there is none.
    pub(super) fn poll_read<T>(
        &self,
        cx: &Context<'_>,
        namespace: &str,
        mut pick: impl FnMut(&Incoming) -> Option<T>,
    ) -> Poll<Option<T>> {
        let mut state = self.state.lock();
        let unread = state.unread.entry(namespace.to_owned()).or_default();
        let found = unread.iter().enumerate().find_map(|(at, unread)| Some((at, pick(&unread.message)?)));
        if let Some((at, picked)) = found {
            let size = unread.remove(at).map_or(0, |unread| unread.message.size);
            state.bytes -= size;
            state.wake();
            return Poll::Ready(Some(picked));
        }
        if state.closed.is_some() {
            return Poll::Ready(None);
        }
        state.watch(cx.waker());
        Poll::Pending
    }
}

impl Outlet for Memory {
    fn send(&self, out: &Outgoing<'_>) -> Result<(), SendError> {
        let frame = out.native(&mut Chunk::default());
        let packet = frame.packet();
        // Through the bytes, so that tests cover what really travels.
        let message = if frame.is_binary() { Incoming::binary(&packet) } else { Incoming::text(&packet) };
        let message = message.expect("what the server writes is a packet");
        let mut state = self.state.lock();
        if state.closed.is_some() {
            return Err(SendError::Closed);
        }
        if out.kind() == Kind::Volatile && state.suspended {
            return Ok(());
        }
        let state = &mut *state;
        let unread = state.unread.entry(out.namespace().to_owned()).or_default();
        let former =
            unread.iter_mut().find(|unread| unread.key.is_some() && unread.key.as_ref() == out.key());
        let freed = former.as_ref().map_or(0, |former| former.message.size);
        if state.bytes - freed + message.size > HARD_LIMIT {
            if out.kind() == Kind::Volatile {
                return Ok(());
            }
            state.close(Code::SlowConsumer, None);
            return Err(SendError::Full);
        }
        state.bytes += message.size;
        state.bytes -= freed;
        match former {
            Some(former) => former.message = message,
            None => unread.push_back(Unread { message, key: out.key().cloned() }),
        }
        state.wake();
        Ok(())
    }

    fn deliver(self: Arc<Self>, out: &Outgoing<'_>) {
        let _ = self.send(out);
    }

    fn try_send(&self, out: &Outgoing<'_>) -> Result<(), SendError> {
        if self.state.lock().has_room() { self.send(out) } else { Err(SendError::Busy) }
    }

    fn poll_room(&self, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        let mut state = self.state.lock();
        if state.closed.is_some() {
            return Poll::Ready(Err(SendError::Closed));
        }
        if state.has_room() {
            return Poll::Ready(Ok(()));
        }
        state.watch(cx.waker());
        Poll::Pending
    }

    fn close(&self, code: Code, reason: Option<String>) {
        self.state.lock().close(code, reason);
    }

    fn kill(&self, code: Code) {
        self.state.lock().close(code, None);
    }

    fn transport(&self) -> Option<&'static str> {
        (!self.state.lock().suspended).then_some(TRANSPORT)
    }

    fn session_id(&self) -> &str {
        &self.session
    }
}
