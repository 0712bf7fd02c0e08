//! The future of an emit to one socket.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::task::coop;

use crate::error::EmitError;
use crate::outgoing::Outgoing;
use crate::outlet::SendError;
use crate::socket::Socket;

/// An event on its way to one socket. Made by [`Socket::emit`].
///
/// If the session's queue has room, the event has been sent already. If not, awaiting this waits for room, and then sends: so a handler that emits faster than its
/// client reads is slowed down. Dropped unsent it sends all the same, and the server's choice for a full queue applies.
pub struct Emit(State);

enum State {
    Done(Result<(), EmitError>),
    Waiting(Box<Waiting>),
}

struct Waiting {
    socket: Socket,
    out: Outgoing<'static>,
}

impl Emit {
    pub(crate) fn new(socket: &Socket, out: Result<Outgoing<'_>, EmitError>) -> Self {
        Self(match out {
            Err(error) => State::Done(Err(error)),
            Ok(out) => match socket.try_send(&out) {
                Err(SendError::Busy) => {
                    State::Waiting(Box::new(Waiting { socket: socket.clone(), out: out.into_owned() }))
                }
                sent => State::Done(sent.map_err(EmitError::from)),
            },
        })
    }
}

impl Future for Emit {
    type Output = Result<(), EmitError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let State::Waiting(waiting) = &self.0 {
            // An error is told by `send` too.
            let _ = ready!(waiting.socket.outlet().poll_room(cx));
            self.0 = State::Done(waiting.socket.send(&waiting.out));
        }
        // A handler that emits in a loop is interrupted now and then: others on this thread would wait until the queue is full.
        ready!(coop::poll_proceed(cx)).made_progress();
        match &self.0 {
            State::Done(result) => Poll::Ready(result.clone()),
            State::Waiting(_) => Poll::Pending,
        }
    }
}

impl Drop for Emit {
    fn drop(&mut self) {
        if let State::Waiting(waiting) = &self.0 {
            let _ = waiting.socket.send(&waiting.out);
        }
    }
}
