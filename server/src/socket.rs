//! The user's handle to one client in one namespace.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use bytes::Bytes;
use everwire_session::code::Code;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::ack::{AckFuture, PendingAcks, Waiter};
use crate::adapter::Seat;
use crate::emit::Emit;
use crate::emitter::Broadcast;
use crate::engine::ids;
use crate::error::{Disconnect, EmitError, RoomError};
use crate::handler::{self, Handler, IntoAck};
use crate::handshake::Handshake;
use crate::hub::{is_event_name, next_ack_id};
use crate::link::Link;
use crate::namespace::{Namespace, Space};
use crate::outgoing::Outgoing;
use crate::outlet::{SendError, SharedOutlet};
use crate::registry::Registry;
use crate::term::{Due, Term};
use everwire_session::payload::{FromArgs, IntoArgs};

mod auth;
mod ways;

pub use ways::{Latest, Volatile};

const CONNECTING: u8 = 0;
const OPEN: u8 = 1;
const LEFT: u8 = 2;
/// No socket has this seat: a slab of that size does not fit into memory.
const NO_SEAT: Seat = Seat::MAX;

/// A client in a namespace: `on` what it sends, `emit` to it, `join` it to rooms. Cheap to clone, usable from everywhere. Also an extractor.
///
/// It lives as long as the session, over every change of transport and every interruption that the session survives.
/// Its events are handled in order and one at a time; a handler that waits makes only its own client's events wait, but not the acks that it may be waiting for.
///
/// ```
/// use everwire::{Data, Everwire, Socket};
///
/// let wire = Everwire::new();
/// wire.on_connect(|socket: Socket| async move {
///     socket.on("say", |socket: Socket, Data(text): Data<String>| async move {
///         socket.to("lobby").emit("said", &text).await;
///     });
///     socket.on("add", |Data((a, b)): Data<(i64, i64)>| async move { a + b });
///     socket.join("lobby")
/// });
/// ```
#[derive(Clone)]
pub struct Socket {
    inner: Arc<SocketInner>,
    /// Auth that a middleware is judging: its handle shows this one, those of all others what was accepted.
    judged: Option<Arc<Bytes>>,
}

pub(crate) struct SocketInner {
    pub(crate) id: Arc<str>,
    pub(crate) space: Arc<Space>,
    pub(crate) link: Arc<Link>,
    /// What was accepted, JSON text; empty if the client gave none.
    auth: Mutex<Bytes>,
    pub(crate) registry: Registry,
    state: AtomicU8,
    recovered: AtomicBool,
    seat: AtomicU64,
    pending: PendingAcks,
    data: Mutex<Vec<(TypeId, Arc<dyn Any + Send + Sync>)>>,
    /// Has the auth an end? Then it is in `term`.
    ends: AtomicBool,
    term: Mutex<Option<Box<Term>>>,
    /// The server disconnected it; its session's task has not seen that yet.
    kicked: Mutex<Option<Box<Disconnect>>>,
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket")
            .field("id", &self.inner.id)
            .field("namespace", &self.inner.space.name)
            .finish()
    }
}

/// Two handles are equal if they are the same socket.
impl PartialEq for Socket {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl Eq for Socket {}

/// What it is.
impl Socket {
    /// Its id: public, unique, and new with each session.
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// Its namespace.
    pub fn namespace(&self) -> Namespace {
        self.inner.space.clone().into()
    }

    /// The public id of its session, which is the same for all namespaces of one client.
    pub fn session_id(&self) -> &str {
        self.inner.link.outlet.session_id()
    }

    /// The transport in use; none while the session is suspended.
    pub fn transport(&self) -> Option<&'static str> {
        self.inner.link.outlet.transport()
    }

    /// Is it neither disconnected nor still before its middleware? A suspended session is connected: what is emitted waits for its return.
    pub fn is_connected(&self) -> bool {
        self.inner.state.load(Ordering::Acquire) == OPEN
    }

    /// Has its client lost its connection and come back to it? Everwire's clients do so by themselves, Socket.IO's if
    /// [`SocketIoService::recovery`](crate::SocketIoService::recovery) is on. It is the same socket, so no connect handler runs again: what is to be done at a return belongs into
    /// a handler of the local event `resumed`.
    ///
    /// ```
    /// # use everwire::{Everwire, Socket};
    /// # let wire = Everwire::new();
    /// # wire.on_connect(|socket: Socket| async move {
    /// socket.on_disconnect(|socket: Socket| async move {
    ///     println!("{} had {}", socket.id(), if socket.recovered() { "cuts" } else { "no cut" });
    /// });
    /// # });
    /// ```
    pub fn recovered(&self) -> bool {
        self.inner.recovered.load(Ordering::Acquire)
    }

    /// Auth, and what was kept of the opening request. In a middleware the auth is the one to be judged, everywhere else the last that was accepted.
    pub fn handshake(&self) -> Handshake {
        Handshake { socket: self.clone(), auth: self.auth() }
    }

    /// What was set for this type on this socket.
    ///
    /// ```
    /// # use everwire::{Everwire, Socket};
    /// # use std::sync::Mutex;
    /// # let wire = Everwire::new();
    /// wire.on_connect(|socket: Socket| async move {
    ///     socket.set_data(Mutex::new(Vec::<i64>::new()));
    ///     let list = socket.data::<Mutex<Vec<i64>>>().expect("it was just set");
    ///     list.lock().unwrap().push(1);
    /// });
    /// ```
    pub fn data<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let data = self.inner.data.lock();
        let (_, value) = data.iter().find(|(id, _)| *id == TypeId::of::<T>())?;
        value.clone().downcast().ok()
    }

    /// Keeps a value with the socket, one for each type, in place of a former one.
    pub fn set_data<T: Send + Sync + 'static>(&self, value: T) {
        let (id, value) = (TypeId::of::<T>(), Arc::new(value) as Arc<dyn Any + Send + Sync>);
        let mut data = self.inner.data.lock();
        let former = match data.iter_mut().find(|(key, _)| *key == id) {
            Some((_, slot)) => Some(std::mem::replace(slot, value)),
            None => {
                // Most sockets have one, and room for four would be kept for each.
                data.reserve_exact(1);
                data.push((id, value));
                None
            }
        };
        drop(data);
        // Its destructor is the user's: not under the lock.
        drop(former);
    }
}

/// What it receives.
impl Socket {
    /// Handles an event. Several handlers of one event run in the order of their registering, and the first answer counts.
    ///
    /// The names `suspended`, `resumed` and `transport` (with the transport's name), `disconnect` (with [`Disconnect`]) and `error` (with what the client
    /// reports) are local events.
    pub fn on<A, H>(&self, event: impl Into<Cow<'static, str>>, handler: H)
    where
        A: 'static,
        H: Handler<A>,
        <H::Future as Future>::Output: IntoAck,
    {
        self.inner.registry.add(event.into(), handler::erase(handler), false);
    }

    /// Handles an event once.
    pub fn once<A, H>(&self, event: impl Into<Cow<'static, str>>, handler: H)
    where
        A: 'static,
        H: Handler<A>,
        <H::Future as Future>::Output: IntoAck,
    {
        self.inner.registry.add(event.into(), handler::erase(handler), true);
    }

    /// Removes the handlers of an event.
    pub fn off(&self, event: impl AsRef<str>) {
        self.inner.registry.remove(event.as_ref());
    }

    /// Sees every event before its own handlers. Errors are reported to the client; other return values are not used.
    ///
    /// ```
    /// # use everwire::{EventName, Everwire, Payload, Socket};
    /// # let wire = Everwire::new();
    /// # wire.on_connect(|socket: Socket| async move {
    /// socket.on_any(|event: EventName, args: Payload| async move {
    ///     println!("{event} with {} arguments", args.len());
    /// });
    /// # });
    /// ```
    pub fn on_any<A, H>(&self, handler: H)
    where
        A: 'static,
        H: Handler<A>,
        <H::Future as Future>::Output: IntoAck,
    {
        self.inner.registry.add_any(handler::erase(handler));
    }

    /// Removes what [`on_any`](Self::on_any) added.
    pub fn off_any(&self) {
        self.inner.registry.remove_any();
    }

    /// Handles the end of the socket, while its rooms are still joined. What the client sent before is handled first.
    ///
    /// ```
    /// # use everwire::{Disconnect, Everwire, Socket};
    /// # let wire = Everwire::new();
    /// # wire.on_connect(|socket: Socket| async move {
    /// socket.on_disconnect(|socket: Socket, end: Disconnect| async move {
    ///     for room in socket.rooms() {
    ///         socket.to(room).emit("left", (socket.id(), end.code.as_str())).await;
    ///     }
    /// });
    /// # });
    /// ```
    pub fn on_disconnect<A, H>(&self, handler: H)
    where
        A: 'static,
        H: Handler<A>,
        <H::Future as Future>::Output: IntoAck,
    {
        self.on("disconnect", handler);
    }
}

/// What is sent to it.
impl Socket {
    /// Sends an event to this client. See [`Emit`] for what happens when its queue is full, and [`IntoArgs`] for what the arguments can be.
    ///
    /// ```
    /// # use everwire::{EmitError, Socket};
    /// # async fn some(socket: Socket) -> Result<(), EmitError> {
    /// socket.emit("hello", "world");
    /// for tick in 0..1_000_000 {
    ///     socket.emit("tick", tick).await?; // as fast as the client reads
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn emit(&self, event: impl AsRef<str>, args: impl IntoArgs) -> Emit {
        Emit::new(self, self.outgoing(event.as_ref(), args, None))
    }

    /// Sends an event if there is room in the queue.
    ///
    /// # Errors
    /// [`EmitError::Full`] if there is none: nothing was sent. The others as for [`emit`](Self::emit).
    pub fn try_emit(&self, event: impl AsRef<str>, args: impl IntoArgs) -> Result<(), EmitError> {
        Ok(self.try_send(&self.outgoing(event.as_ref(), args, None)?)?)
    }

    /// Sends an event that the client shall answer.
    ///
    /// ```
    /// # use everwire::{AckError, Socket};
    /// # use std::time::Duration;
    /// # async fn some(socket: Socket) -> Result<(), AckError> {
    /// let sum: i64 = socket.emit_with_ack("add", (1, 2)).timeout(Duration::from_secs(2)).await?;
    /// # let _ = sum;
    /// # Ok(())
    /// # }
    /// ```
    pub fn emit_with_ack<T: FromArgs>(&self, event: impl AsRef<str>, args: impl IntoArgs) -> AckFuture<T> {
        let id = next_ack_id();
        let (sender, receiver) = oneshot::channel();
        let event = event.as_ref();
        let out = self
            .outgoing(event, args, Some(id))
            .and_then(|out| self.expect_ack(id, Waiter::One(sender)).map(|()| out));
        AckFuture::new(self.clone(), id, receiver, Emit::new(self, out))
    }

    /// What is emitted through it is sent only if the client can take it now, and is never kept. For what is soon outdated.
    ///
    /// ```
    /// # fn some(socket: everwire::Socket) {
    /// socket.volatile().emit("typing", "Ada");
    /// # }
    /// ```
    pub fn volatile(&self) -> Volatile {
        Volatile { socket: self.clone() }
    }

    /// Of what is emitted under this key the client gets the latest: while a former one waits in its queue, unsent, the next takes its place, and is there before what
    /// was emitted between the two. For the newest state of something, which a client that was away is to have, but not all that was before.
    ///
    /// ```
    /// # async fn some(socket: everwire::Socket) -> Result<(), everwire::EmitError> {
    /// socket.latest("price:7").emit("price", (7, 101.5)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn latest(&self, key: impl Into<Box<str>>) -> Latest {
        Latest { socket: self.clone(), key: key.into() }
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
        Ok(Outgoing::event(self.namespace_name(), id, event, args.into_payload()?))
    }

    /// Ends the namespace for this client, with a reason for it; everything emitted before arrives. What the client sent and is not handled yet is dropped. Its
    /// `disconnect` has the code `server_disconnect`, and it does not come back by itself.
    pub fn disconnect(&self, reason: impl AsRef<str>) {
        if !self.part() {
            return;
        }
        let reason = Some(reason.as_ref()).filter(|reason| !reason.is_empty());
        // If the session is over there is nobody to tell.
        let _ = self.outlet().send(&Outgoing::left(self.namespace_name(), Code::ServerDisconnect, reason));
        self.kick(Disconnect::new(Code::ServerDisconnect, reason.map(Into::into), 0));
    }
}

/// Rooms and broadcasts.
impl Socket {
    /// Joins a room, which exists as long as someone is in it.
    ///
    /// # Errors
    /// When the name is longer than 256 bytes, the socket is in 1,000 rooms, or is not connected.
    pub fn join(&self, room: impl AsRef<str>) -> Result<(), RoomError> {
        let joined = self.inner.space.adapter.join(self.seat().ok_or(RoomError::Closed)?, room.as_ref());
        if joined == Err(RoomError::TooMany) {
            self.inner.link.hub.counters.rejected("room_limit");
        }
        joined
    }

    /// Leaves a room.
    pub fn leave(&self, room: impl AsRef<str>) {
        if let Some(seat) = self.seat() {
            self.inner.space.adapter.leave(seat, room.as_ref());
        }
    }

    /// The rooms that it is in.
    pub fn rooms(&self) -> Vec<String> {
        self.seat().map_or_else(Vec::new, |seat| self.inner.space.adapter.rooms(seat))
    }

    /// A broadcast to all others of the namespace.
    pub fn broadcast(&self) -> Broadcast {
        Broadcast::new(self.inner.space.clone(), self.seat())
    }

    /// A broadcast to the others in a room. The socket itself need not be in it.
    pub fn to(&self, room: impl AsRef<str>) -> Broadcast {
        self.broadcast().to(room)
    }

    /// A broadcast to all others but those in a room.
    pub fn except(&self, room: impl AsRef<str>) -> Broadcast {
        self.broadcast().except(room)
    }

    fn seat(&self) -> Option<Seat> {
        Some(self.inner.seat.load(Ordering::Acquire)).filter(|seat| *seat != NO_SEAT)
    }
}

/// For the session's task.
impl Socket {
    pub(crate) fn new(space: Arc<Space>, link: Arc<Link>) -> Result<Self, getrandom::Error> {
        let id = ids::try_random()?;
        let inner = Arc::new(SocketInner {
            id: id.into(),
            space,
            link,
            auth: Mutex::default(),
            registry: Registry::default(),
            state: AtomicU8::new(CONNECTING),
            recovered: AtomicBool::new(false),
            seat: AtomicU64::new(NO_SEAT),
            pending: PendingAcks::default(),
            data: Mutex::default(),
            ends: AtomicBool::new(false),
            term: Mutex::default(),
            kicked: Mutex::default(),
        });
        Ok(Self { inner, judged: None })
    }

    pub(crate) fn inner(&self) -> &SocketInner {
        &self.inner
    }

    pub(crate) fn namespace_name(&self) -> &Arc<str> {
        &self.inner.space.name
    }

    pub(crate) fn outlet(&self) -> &SharedOutlet {
        &self.inner.link.outlet
    }

    pub(crate) fn send(&self, out: &Outgoing<'_>) -> Result<(), EmitError> {
        if !self.is_connected() {
            return Err(EmitError::Closed);
        }
        Ok(self.outlet().send(out)?)
    }

    /// Sends if there is room in the queue. [`SendError::Busy`]: nothing was sent.
    pub(crate) fn try_send(&self, out: &Outgoing<'_>) -> Result<(), SendError> {
        if !self.is_connected() {
            return Err(SendError::Closed);
        }
        self.outlet().try_send(out)
    }

    pub(crate) fn expect_ack(&self, id: u64, waiter: Waiter) -> Result<(), EmitError> {
        self.inner.pending.insert(&self.inner.link, id, waiter)
    }

    pub(crate) fn forget_ack(&self, id: u64) {
        self.inner.pending.forget(&self.inner.link, id);
    }

    pub(crate) fn resolve_ack(&self, id: u64, reply: crate::ack::Reply) {
        self.inner.pending.resolve(&self.inner.link, id, reply);
    }

    /// The auth that this handle shows.
    pub(crate) fn auth(&self) -> Bytes {
        self.judged.as_deref().cloned().unwrap_or_else(|| self.inner.auth.lock().clone())
    }

    /// A handle for those who judge this auth.
    pub(crate) fn judging(&self, auth: Bytes) -> Self {
        Self { inner: self.inner.clone(), judged: Some(Arc::new(auth)) }
    }

    /// The middleware has let this auth pass.
    pub(crate) fn accept(&self, auth: Bytes) {
        *self.inner.auth.lock() = auth;
        if let Some(term) = &mut *self.inner.term.lock() {
            term.renew();
        }
    }

    /// When [`look`](Self::look) has something to see.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        if !self.inner.ends.load(Ordering::Acquire) {
            return None;
        }
        self.inner.term.lock().as_ref()?.next()
    }

    /// Has its auth ended?
    pub(crate) fn is_expired(&self, now: Instant) -> bool {
        self.inner.term.lock().as_ref().is_some_and(|term| term.is_over(now))
    }

    /// Asks for fresh auth, or ends it, if it is time for that.
    pub(crate) fn look(&self, now: Instant) {
        let due = self.inner.term.lock().as_mut().and_then(|term| term.due(now));
        match due {
            Some(Due::Ask(within)) => self.query(within),
            Some(Due::End) => self.dismiss(Code::AuthExpired),
            None => {}
        }
    }

    /// The middleware has let it in, or has let fresh auth pass: it is told so again.
    pub(crate) fn greet(&self) {
        let _ = self.outlet().send(&Outgoing::opened(self.namespace_name(), &self.inner.id));
    }

    pub(crate) fn open(&self) {
        let inner = &self.inner;
        // In this order nothing reaches the client before it knows that it is connected.
        self.greet();
        inner.seat.store(inner.space.adapter.add(self.clone()), Ordering::Release);
        inner.state.store(OPEN, Ordering::Release);
    }

    /// Its client is back.
    pub(crate) fn recover(&self) {
        self.inner.recovered.store(true, Ordering::Release);
    }

    pub(crate) fn has_left(&self) -> bool {
        self.inner.state.load(Ordering::Acquire) == LEFT
    }

    /// Why the server has put it out, if it has.
    pub(crate) fn kick_code(&self) -> Option<Code> {
        if !self.has_left() {
            return None;
        }
        self.inner.kicked.lock().as_ref().map(|end| end.code)
    }

    pub(crate) fn take_kick(&self) -> Option<Disconnect> {
        self.inner.kicked.lock().take().map(|end| *end)
    }

    /// Nothing goes to it any more; its rooms stay for the handlers of its end.
    pub(crate) fn shut(&self) {
        self.inner.state.store(LEFT, Ordering::Release);
        if let Some(seat) = self.seat() {
            self.inner.space.adapter.mute(seat);
        }
        self.inner.pending.close(&self.inner.link);
    }

    /// Leaves the rooms and lets the handlers go, which may hold this socket themselves.
    pub(crate) fn release(&self) {
        self.shut();
        let seat = self.inner.seat.swap(NO_SEAT, Ordering::AcqRel);
        if seat != NO_SEAT {
            self.inner.space.adapter.remove(seat);
        }
        self.inner.registry.clear();
    }
}
