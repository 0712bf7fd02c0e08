//! The answer to an event.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::sync::oneshot;
use tokio::time::Sleep;

use crate::error::{AckError, EmitError};
use crate::packets::Outgoing;
use crate::shared::{Command, Reply};
use crate::socket::Socket;

/// Waits for the answer to an event: `Result<T, AckError>`. Made by [`Socket::emit_with_ack`], which has sent the event already.
///
/// A tuple as `T` takes all values of the ack, anything else the first. Without [`timeout`](Self::timeout) it waits until the session ends. Dropping it
/// forgets the answer.
#[must_use = "the answer comes when it is awaited"]
pub struct AckFuture<T> {
    socket: Socket,
    waiting: Result<Waiting, EmitError>,
    timeout: Option<Duration>,
    sleep: Option<Pin<Box<Sleep>>>,
    answer: PhantomData<fn() -> T>,
}

struct Waiting {
    id: u64,
    reply: oneshot::Receiver<Reply>,
    answered: bool,
}

impl<T> AckFuture<T> {
    pub(crate) fn new(socket: &Socket, event: impl FnOnce(u64) -> Result<Outgoing, EmitError>) -> Self {
        let (socket, answer) = (socket.clone(), PhantomData);
        Self { waiting: send(&socket, event), socket, timeout: None, sleep: None, answer }
    }

    /// Fails with [`AckError::Timeout`] if there is no answer within this time of the first poll.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

fn send(
    socket: &Socket,
    event: impl FnOnce(u64) -> Result<Outgoing, EmitError>,
) -> Result<Waiting, EmitError> {
    let id = socket.0.take_ack()?;
    let (sender, reply) = oneshot::channel();
    let sent = event(id).and_then(|message| socket.0.emit(message, Some((id, sender))));
    if let Err(error) = sent {
        socket.0.give_acks(1);
        return Err(error);
    }
    Ok(Waiting { id, reply, answered: false })
}

impl<T: DeserializeOwned> Future for AckFuture<T> {
    type Output = Result<T, AckError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let waiting = match &mut this.waiting {
            Ok(waiting) => waiting,
            Err(EmitError::Closed) => return Poll::Ready(Err(AckError::SessionEnded)),
            Err(error) => return Poll::Ready(Err(AckError::Emit(error.clone()))),
        };
        if let Poll::Ready(reply) = Pin::new(&mut waiting.reply).poll(cx) {
            waiting.answered = true;
            // Whoever should answer is gone with the session.
            let payload = reply.unwrap_or(Err(AckError::SessionEnded))?;
            return Poll::Ready(payload.read().map_err(|error| AckError::Data(error.to_string())));
        }
        if let Some(timeout) = this.timeout.take() {
            this.sleep = Some(Box::pin(tokio::time::sleep(timeout)));
        }
        let Some(sleep) = &mut this.sleep else { return Poll::Pending };
        ready!(sleep.as_mut().poll(cx));
        Poll::Ready(Err(AckError::Timeout))
    }
}

impl<T> Drop for AckFuture<T> {
    fn drop(&mut self) {
        if let Ok(waiting) = &self.waiting
            && !waiting.answered
        {
            let _ = self.socket.0.commands.send(Command::Forget(waiting.id));
        }
    }
}
