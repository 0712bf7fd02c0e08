//! The future of an emit to one socket.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::error::EmitError;
use crate::outgoing::Outgoing;
use crate::socket::Socket;

/// An event on its way to one socket. Made by [`Socket::emit`].
///
/// If the session's queue has room, the event has been sent already. If not, awaiting this waits for room, and then sends: so a handler that emits faster than its
/// client reads is slowed down. Dropped unsent it sends all the same, and the server's choice for a full queue applies.
pub struct Emit {
    socket: Socket,
    state: State,
}

enum State {
    Done(Result<(), EmitError>),
    Waiting(Outgoing),
}

impl Emit {
    pub(crate) fn new(socket: Socket, out: Result<Outgoing, EmitError>) -> Self {
        let state = match out {
            Err(error) => State::Done(Err(error)),
            Ok(out) if socket.outlet().has_room() => State::Done(socket.send(&out)),
            Ok(out) => State::Waiting(out),
        };
        Self { socket, state }
    }
}

impl Future for Emit {
    type Output = Result<(), EmitError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let State::Waiting(out) = &this.state {
            // An error is told by `send` too.
            let _ = ready!(this.socket.outlet().poll_room(cx));
            this.state = State::Done(this.socket.send(out));
        }
        match &this.state {
            State::Done(result) => Poll::Ready(result.clone()),
            State::Waiting(_) => Poll::Pending,
        }
    }
}

impl Drop for Emit {
    fn drop(&mut self) {
        if let State::Waiting(out) = &self.state {
            let _ = self.socket.send(out);
        }
    }
}
