//! Broadcasts: to rooms, with exceptions, with acks.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::time::Sleep;

use crate::ack::{Reply, Waiter};
use crate::adapter::{Seat, Target};
use crate::engine::turn;
use crate::error::{AckError, EmitError};
use crate::hub::{is_event_name, next_ack_id};
use crate::namespace::Space;
use crate::outgoing::Outgoing;
use crate::outlet::SharedOutlet;
use crate::socket::Socket;
use everwire_session::payload::IntoArgs;

/// Receivers that are sent to in one go, so that a long broadcast leaves room for other tasks: where each is written at once, and where
/// it is only queued, for the end of the turn.
const SLICE: usize = 256;
const QUEUED_SLICE: usize = 16_384;

/// Whom to send to: rooms joined, exceptions taken out. Made by `to`, `except` and `broadcast` of a socket, a namespace or the server.
///
/// Who is in several of the rooms receives once. Without any room it is for all in the namespace. From a socket it leaves out that socket.
///
/// ```
/// # use everwire::{Data, Everwire, Socket};
/// # let wire = Everwire::new();
/// wire.on_connect(|socket: Socket| async move {
///     socket.on("say", |socket: Socket, Data(text): Data<String>| async move {
///         socket.to("red").to("blue").except("muted").emit("said", &text).await;
///     });
/// });
/// wire.to("red").emit("news", "from outside any handler");
/// ```
#[derive(Clone)]
#[must_use = "nothing is sent without `emit`"]
pub struct Broadcast {
    space: Arc<Space>,
    target: Target,
    volatile: bool,
    key: Option<Box<str>>,
}

impl Broadcast {
    pub(crate) fn new(space: Arc<Space>, except_seat: Option<Seat>) -> Self {
        Self { space, target: Target { except_seat, ..Target::default() }, volatile: false, key: None }
    }

    /// Adds a room.
    pub fn to(mut self, room: impl AsRef<str>) -> Self {
        self.target.rooms.push(room.as_ref().into());
        self
    }

    /// Takes out who is in this room.
    pub fn except(mut self, room: impl AsRef<str>) -> Self {
        self.target.except.push(room.as_ref().into());
        self
    }

    /// What is emitted reaches only clients that can take it now, and is never kept for them.
    pub fn volatile(mut self) -> Self {
        self.volatile = true;
        self
    }

    /// Of what is emitted under this key each client gets the latest: while a former one waits in its queue, unsent, the next takes its place. So a client that is slow
    /// or away keeps one for each key, where others would lose its session over a full queue. The key is a name within the namespace; `volatile` has precedence, and events with an ack
    /// are never replaced.
    ///
    /// ```
    /// # use everwire::Everwire;
    /// # let wire = Everwire::new();
    /// wire.to("traders").latest("price:7").emit("price", (7, 101.5));
    /// ```
    pub fn latest(mut self, key: impl AsRef<str>) -> Self {
        self.key = Some(key.as_ref().into());
        self
    }

    /// Sends an event to all of them. It is encoded once, and waits for nobody: a receiver whose queue is full loses its session, or
    /// this event, as the server was told.
    ///
    /// What is emitted in a handler is written when the handlers of this turn have run, once for each receiver. A broadcast to very many is done
    /// in parts: awaiting the rest leaves room for other tasks now and then; dropping the future queues it at once. Without an `await` nothing is
    /// lost. An event that cannot be written, or of a reserved name, is logged and not sent.
    pub fn emit(&self, event: impl AsRef<str>, args: impl IntoArgs) -> Delivery {
        match self.outgoing(event.as_ref(), args, None) {
            Ok(out) => {
                let mut receivers = self.space.adapter.receivers(&self.target);
                let out = out.for_many(receivers.len());
                send_slice(&out, &mut receivers);
                if receivers.is_empty() {
                    return Delivery(None);
                }
                Delivery(Some(Box::new(Rest { out: out.into_owned(), receivers })))
            }
            Err(error) => {
                tracing::error!(event = event.as_ref(), %error, "a broadcast was not sent");
                Delivery(None)
            }
        }
    }

    /// Sends an event that each of them shall answer. The answers come as a stream, each with the id of its socket.
    ///
    /// ```
    /// # use everwire::Everwire;
    /// # use std::time::Duration;
    /// # async fn ask(wire: Everwire) {
    /// let mut answers = wire.to("jury").emit_with_ack::<u8>("vote", "cat.png").timeout(Duration::from_secs(5));
    /// while let Some((socket, vote)) = answers.next().await {
    ///     println!("{socket}: {vote:?}");
    /// }
    /// # }
    /// ```
    pub fn emit_with_ack<T: DeserializeOwned>(
        &self,
        event: impl AsRef<str>,
        args: impl IntoArgs,
    ) -> Answers<T> {
        let id = next_ack_id();
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut answers = Answers::new(id, receiver);
        match self.outgoing(event.as_ref(), args, Some(id)) {
            Ok(out) => {
                let sockets = self.space.adapter.sockets(&self.target);
                let out = out.for_many(sockets.len());
                for socket in sockets {
                    answers.ask(socket, &out, &sender);
                }
            }
            Err(error) => tracing::error!(event = event.as_ref(), %error, "a broadcast was not sent"),
        }
        answers
    }

    fn outgoing<'a>(
        &'a self,
        event: &'a str,
        args: impl IntoArgs,
        id: Option<u64>,
    ) -> Result<Outgoing<'a>, EmitError> {
        if !is_event_name(event) {
            return Err(EmitError::Event);
        }
        let payload = args.into_payload()?;
        Ok(if self.volatile && id.is_none() {
            Outgoing::volatile(&self.space.name, event, payload)
        } else {
            let key = self.key.as_deref().filter(|_| id.is_none());
            Outgoing::event(&self.space.name, id, event, payload).latest(key)
        })
    }

    /// The sockets that it is for.
    pub fn fetch_sockets(&self) -> impl Future<Output = Vec<Socket>> + Send + use<> {
        std::future::ready(self.sockets())
    }

    /// Makes them all join a room. Who cannot, for it is in too many, is left out.
    pub fn sockets_join(&self, room: impl AsRef<str>) {
        for socket in self.sockets() {
            let _ = socket.join(room.as_ref());
        }
    }

    /// Makes them all leave a room.
    pub fn sockets_leave(&self, room: impl AsRef<str>) {
        for socket in self.sockets() {
            socket.leave(room.as_ref());
        }
    }

    /// Disconnects them all from the namespace.
    pub fn disconnect_sockets(&self, reason: impl AsRef<str>) {
        for socket in self.sockets() {
            socket.disconnect(reason.as_ref());
        }
    }

    /// Disconnects them all with the code `revoked`: see [`Socket::revoke`].
    pub fn revoke_sockets(&self) {
        for socket in self.sockets() {
            socket.revoke();
        }
    }

    fn sockets(&self) -> Vec<Socket> {
        self.space.adapter.sockets(&self.target)
    }
}

/// The methods of [`Broadcast`] on what has a `broadcast()`.
macro_rules! broadcasts {
    ($type:ty) => {
        impl $type {
            /// A broadcast to a room; more can be added.
            pub fn to(&self, room: impl AsRef<str>) -> crate::Broadcast {
                self.broadcast().to(room)
            }

            /// A broadcast to all but those in a room.
            pub fn except(&self, room: impl AsRef<str>) -> crate::Broadcast {
                self.broadcast().except(room)
            }

            /// A volatile broadcast: for who can take it now.
            pub fn volatile(&self) -> crate::Broadcast {
                self.broadcast().volatile()
            }

            /// A broadcast of which each client gets the latest: see [`Broadcast::latest`](crate::Broadcast::latest).
            pub fn latest(&self, key: impl AsRef<str>) -> crate::Broadcast {
                self.broadcast().latest(key)
            }

            /// Sends an event to all.
            pub fn emit(&self, event: impl AsRef<str>, args: impl crate::IntoArgs) -> crate::Delivery {
                self.broadcast().emit(event, args)
            }

            /// Sends an event that all shall answer.
            pub fn emit_with_ack<T: serde::de::DeserializeOwned>(
                &self,
                event: impl AsRef<str>,
                args: impl crate::IntoArgs,
            ) -> crate::Answers<T> {
                self.broadcast().emit_with_ack(event, args)
            }

            /// All sockets.
            pub fn fetch_sockets(&self) -> impl Future<Output = Vec<crate::Socket>> + Send + use<> {
                self.broadcast().fetch_sockets()
            }

            /// Makes all sockets join a room.
            pub fn sockets_join(&self, room: impl AsRef<str>) {
                self.broadcast().sockets_join(room);
            }

            /// Makes all sockets leave a room.
            pub fn sockets_leave(&self, room: impl AsRef<str>) {
                self.broadcast().sockets_leave(room);
            }

            /// Disconnects all sockets.
            pub fn disconnect_sockets(&self, reason: impl AsRef<str>) {
                self.broadcast().disconnect_sockets(reason);
            }

            /// Disconnects all sockets with the code `revoked`: see [`Socket::revoke`](crate::Socket::revoke).
            pub fn revoke_sockets(&self) {
                self.broadcast().revoke_sockets();
            }
        }
    };
}
pub(crate) use broadcasts;

/// The rest of a long broadcast: sends it slice by slice when awaited, at once when dropped.
pub struct Delivery(Option<Box<Rest>>);

struct Rest {
    out: Outgoing<'static>,
    receivers: Vec<SharedOutlet>,
}

fn send_slice(out: &Outgoing<'_>, receivers: &mut Vec<SharedOutlet>) {
    let slice = if turn::is_open() { QUEUED_SLICE } else { SLICE };
    let rest = receivers.len().saturating_sub(slice);
    for outlet in receivers.drain(rest..) {
        outlet.deliver(out);
    }
}

impl Future for Delivery {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(rest) = &mut self.0 else { return Poll::Ready(()) };
        send_slice(&rest.out, &mut rest.receivers);
        if rest.receivers.is_empty() {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        let Some(rest) = &mut self.0 else { return };
        while !rest.receivers.is_empty() {
            send_slice(&rest.out, &mut rest.receivers);
        }
    }
}

/// The answers to a broadcast: a stream of socket ids and what each answered. Ends when all have, or after the time-out.
#[must_use = "the answers come when it is polled"]
pub struct Answers<T> {
    id: u64,
    waiting: HashMap<Arc<str>, Socket>,
    replies: mpsc::UnboundedReceiver<(Arc<str>, Reply)>,
    /// Known without asking the client: not sent, or timed out.
    failed: VecDeque<(Arc<str>, AckError)>,
    timeout: Option<Duration>,
    sleep: Option<Pin<Box<Sleep>>>,
    answer: PhantomData<fn() -> T>,
}

impl<T> Answers<T> {
    fn new(id: u64, replies: mpsc::UnboundedReceiver<(Arc<str>, Reply)>) -> Self {
        Self {
            id,
            waiting: HashMap::new(),
            replies,
            failed: VecDeque::new(),
            timeout: None,
            sleep: None,
            answer: PhantomData,
        }
    }

    fn ask(&mut self, socket: Socket, out: &Outgoing<'_>, sender: &mpsc::UnboundedSender<(Arc<str>, Reply)>) {
        let name = socket.inner().id.clone();
        let sent = socket
            .expect_ack(self.id, Waiter::Many(sender.clone(), name.clone()))
            .and_then(|()| socket.send(out).inspect_err(|_| socket.forget_ack(self.id)));
        match sent {
            Ok(()) => drop(self.waiting.insert(name, socket)),
            Err(error) => self.failed.push_back((name, error.into())),
        }
    }

    /// Who has not answered within this time of the first poll gets [`AckError::Timeout`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How many answers are to come.
    pub fn len(&self) -> usize {
        self.waiting.len() + self.failed.len()
    }

    /// Are none to come?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn give_up(&mut self) {
        for (name, socket) in self.waiting.drain() {
            socket.forget_ack(self.id);
            self.failed.push_back((name, AckError::Timeout));
        }
    }
}

impl<T: DeserializeOwned> Answers<T> {
    /// The next answer; none when all are there.
    pub async fn next(&mut self) -> Option<(String, Result<T, AckError>)> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<T: DeserializeOwned> Stream for Answers<T> {
    type Item = (String, Result<T, AckError>);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some((name, error)) = this.failed.pop_front() {
            return Poll::Ready(Some((name.to_string(), Err(error))));
        }
        if this.waiting.is_empty() {
            return Poll::Ready(None);
        }
        if let Poll::Ready(Some((name, reply))) = this.replies.poll_recv(cx) {
            this.waiting.remove(&name);
            let answer =
                reply.and_then(|payload| payload.read().map_err(|error| AckError::Data(error.to_string())));
            return Poll::Ready(Some((name.to_string(), answer)));
        }
        if let Some(timeout) = this.timeout.take() {
            this.sleep = Some(Box::pin(tokio::time::sleep(timeout)));
        }
        if this.sleep.as_mut().is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready()) {
            this.give_up();
            return self.poll_next(cx);
        }
        Poll::Pending
    }
}

impl<T> Drop for Answers<T> {
    fn drop(&mut self) {
        self.give_up();
    }
}
