//! Acks: the answer that a handler owes, and those that the server waits for.

use std::collections::HashMap;
use std::fmt::Display;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Sleep;

use crate::emit::Emit;
use crate::error::{AckError, EmitError};
use crate::handler::{Answer, Outcome};
use crate::link::Link;
use crate::outgoing::Outgoing;
use crate::socket::Socket;
use everwire_session::payload::{FromArgs, IntoArgs, Payload};

/// The right to answer an event once. An extractor for handlers that answer before they end, or later.
///
/// A handler that takes it and drops it unused answers by its return value, if that has one.
///
/// ```
/// # use everwire::{Ack, Everwire, Socket};
/// # let wire = Everwire::new();
/// wire.on_connect(|socket: Socket| async move {
///     socket.on("work", |ack: Ack| async move {
///         ack.send("begun").ok();
///         // … and go on.
///     });
/// });
/// ```
pub struct Ack(Option<Arc<ReplySlot>>);

impl Ack {
    pub(crate) fn take(slot: Option<&Arc<ReplySlot>>) -> Self {
        if let Some(slot) = slot {
            slot.taken.store(true, Ordering::Relaxed);
        }
        Self(slot.cloned())
    }

    /// Does the client wait for an answer? If not, sending one does nothing.
    pub fn is_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// Answers with values, by the rule of [`IntoArgs`]. It never waits.
    ///
    /// # Errors
    /// When the values cannot be written, or the socket is gone.
    pub fn send(self, args: impl IntoArgs) -> Result<(), EmitError> {
        let payload = args.into_payload()?;
        self.0.map_or(Ok(()), |slot| {
            slot.answer(|socket, id| Outgoing::ack(socket.namespace_name(), id, payload))
        })
    }

    /// Answers with the error `handler_error`.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn fail(self, message: impl Display) -> Result<(), EmitError> {
        self.0.map_or(Ok(()), |slot| slot.fail("handler_error", None, &message.to_string()))
    }
}

/// The answer to one event with an id: sent once, whoever sends it.
pub(crate) struct ReplySlot {
    pub(crate) socket: Socket,
    pub(crate) id: u64,
    /// A handler means to answer itself.
    taken: AtomicBool,
    used: AtomicBool,
}

impl ReplySlot {
    pub(crate) fn new(socket: Socket, id: u64) -> Self {
        Self { socket, id, taken: AtomicBool::new(false), used: AtomicBool::new(false) }
    }

    fn answer<'a>(&'a self, out: impl FnOnce(&'a Socket, u64) -> Outgoing<'a>) -> Result<(), EmitError> {
        if self.used.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        self.socket.inner().link.paid(1);
        self.socket.send(&out(&self.socket, self.id))
    }

    fn fail(&self, code: &str, event: Option<&str>, message: &str) -> Result<(), EmitError> {
        self.socket.inner().link.hub.counters.rejected(code);
        self.answer(|socket, id| {
            Outgoing::error(socket.namespace_name(), Some(id), code, event, Some(message))
        })
    }
}

/// Whoever took it has let it go: the client waits in vain, and no longer counts as one who waits.
impl Drop for ReplySlot {
    fn drop(&mut self) {
        if !*self.used.get_mut() {
            self.socket.inner().link.paid(1);
        }
    }
}

/// Tells the client how its event ended, as far as that is not done yet.
pub(crate) fn finish(socket: &Socket, event: &str, slot: Option<&ReplySlot>, answer: Answer) {
    if slot.is_none() && matches!(answer.0, Outcome::Done) {
        return;
    }
    let open = slot.filter(|slot| !slot.used.load(Ordering::Relaxed));
    // An error means that the socket is gone, and then nobody waits.
    let _ = match (answer.0, open) {
        (Outcome::Failed { code, message }, Some(slot)) => slot.fail(code, Some(event), &message),
        (Outcome::Failed { code, message }, None) => {
            socket.inner().link.hub.counters.rejected(code);
            socket.send(&Outgoing::error(socket.namespace_name(), None, code, Some(event), Some(&message)))
        }
        (Outcome::Values(payload), Some(slot)) => {
            slot.answer(|socket, id| Outgoing::ack(socket.namespace_name(), id, payload))
        }
        (Outcome::Done, Some(slot)) if !slot.taken.load(Ordering::Relaxed) => {
            slot.answer(|socket, id| Outgoing::ack(socket.namespace_name(), id, Payload::default()))
        }
        (Outcome::NoHandler, Some(slot)) if !slot.taken.load(Ordering::Relaxed) => {
            slot.fail("no_handler", Some(event), "nothing handles this event")
        }
        _ => Ok(()),
    };
}

/// What comes back for an event that was sent with an id.
pub(crate) type Reply = Result<Payload, AckError>;

/// Who waits for a reply.
pub(crate) enum Waiter {
    /// One of the receivers of a broadcast: the reply is told together with the socket's id.
    Many(mpsc::UnboundedSender<(Arc<str>, Reply)>, Arc<str>),
    One(oneshot::Sender<Reply>),
}

impl Waiter {
    /// Nobody listens any more: nothing is lost.
    fn tell(self, reply: Reply) {
        match self {
            Self::Many(sender, socket) => drop(sender.send((socket, reply))),
            Self::One(sender) => drop(sender.send(reply)),
        }
    }
}

/// The acks that one socket owes.
#[derive(Default)]
pub(crate) struct PendingAcks(Mutex<Waiters>);

#[derive(Default)]
struct Waiters {
    by_id: HashMap<u64, Waiter>,
    closed: bool,
}

impl PendingAcks {
    pub(crate) fn insert(&self, link: &Link, id: u64, waiter: Waiter) -> Result<(), EmitError> {
        let mut waiters = self.0.lock();
        if waiters.closed {
            return Err(EmitError::Closed);
        }
        if !link.take_ack() {
            return Err(EmitError::PendingAcks);
        }
        waiters.by_id.insert(id, waiter);
        Ok(())
    }

    /// An answer to an unknown id is dropped.
    pub(crate) fn resolve(&self, link: &Link, id: u64, reply: Reply) {
        let waiter = self.0.lock().by_id.remove(&id);
        if let Some(waiter) = waiter {
            link.give_acks(1);
            waiter.tell(reply);
        }
    }

    pub(crate) fn forget(&self, link: &Link, id: u64) {
        if self.0.lock().by_id.remove(&id).is_some() {
            link.give_acks(1);
        }
    }

    /// Fails all, and all to come.
    pub(crate) fn close(&self, link: &Link) {
        let mut waiters = self.0.lock();
        waiters.closed = true;
        let all = std::mem::take(&mut waiters.by_id);
        drop(waiters);
        link.give_acks(all.len());
        all.into_values().for_each(|waiter| waiter.tell(Err(AckError::SessionEnded)));
    }
}

/// Waits for the answer to an event: `Result<T, AckError>`. Made by [`Socket::emit_with_ack`].
///
/// `T` is read by the rule of [`Data`](crate::Data): a tuple takes all values of the ack, anything else the first.
/// Without [`timeout`](Self::timeout) it waits until the session ends. Dropping it forgets the answer; the event is sent all the same.
#[must_use = "the answer comes when it is awaited"]
pub struct AckFuture<T> {
    emit: Option<Emit>,
    socket: Socket,
    id: u64,
    reply: oneshot::Receiver<Reply>,
    timeout: Option<Duration>,
    sleep: Option<Pin<Box<Sleep>>>,
    answer: PhantomData<fn() -> T>,
}

impl<T> AckFuture<T> {
    pub(crate) fn new(socket: Socket, id: u64, reply: oneshot::Receiver<Reply>, emit: Emit) -> Self {
        Self { emit: Some(emit), socket, id, reply, timeout: None, sleep: None, answer: PhantomData }
    }

    /// Fails with [`AckError::Timeout`] if there is no answer within this time of the first poll.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

impl<T: FromArgs> Future for AckFuture<T> {
    type Output = Result<T, AckError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Some(emit) = &mut this.emit
            && let Poll::Ready(sent) = Pin::new(emit).poll(cx)
        {
            sent?;
            this.emit = None;
        }
        if this.emit.is_none()
            && let Poll::Ready(reply) = Pin::new(&mut this.reply).poll(cx)
        {
            let payload = reply.unwrap_or(Err(AckError::SessionEnded))?;
            return Poll::Ready(T::from_payload(&payload).map_err(|error| AckError::Data(error.to_string())));
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
        self.socket.forget_ack(self.id);
    }
}
