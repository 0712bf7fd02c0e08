//! The way from the emitter down to a session, whatever its transport and dialect.

use std::sync::Arc;
use std::task::{Context, Poll};

use everwire_session::code::Code;

use crate::outgoing::Outgoing;

/// Why something could not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendError {
    /// The queue is above its soft limit, which only [`Outlet::try_send`] minds: nothing was queued.
    Busy,
    /// The session has ended.
    Closed,
    /// The queue is full, and what that means has been done: the session is being closed, or nothing was queued.
    Full,
    /// It is larger than the window of the client, and would stand before all others for ever: nothing was queued.
    TooLarge,
}

/// The send half of one session. Called from any thread, from handlers too, so it must not call back into the emitter.
pub(crate) trait Outlet: Send + Sync {
    /// Queues or writes. Never waits. A volatile event is written only if a carrier can take it now, else dropped, which is no error.
    fn send(&self, out: &Outgoing<'_>) -> Result<(), SendError>;

    /// The same for one of many receivers, given away: who is to be written later is kept without counting its owners again.
    fn deliver(self: Arc<Self>, out: &Outgoing<'_>);

    /// The same as [`send`](Self::send), if the queue is below its soft limit (half of the hard one), or the session over.
    fn try_send(&self, out: &Outgoing<'_>) -> Result<(), SendError>;

    /// Ready when [`try_send`](Self::try_send) would not say that it is busy. Several tasks may wait at once, and each is woken.
    fn poll_room(&self, cx: &mut Context<'_>) -> Poll<Result<(), SendError>>;

    /// Ends the session after what was emitted before has been flushed.
    fn close(&self, code: Code, reason: Option<String>);

    /// Ends the session now, and drops what was not sent.
    fn kill(&self, code: Code);

    /// The transport of the current carrier; none while suspended.
    fn transport(&self) -> Option<&'static str>;

    /// The public id.
    fn session_id(&self) -> &str;
}

pub(crate) type SharedOutlet = Arc<dyn Outlet>;
