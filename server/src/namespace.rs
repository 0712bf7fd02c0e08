//! Namespaces: separate rooms, handlers and middleware over the same sessions.

use std::sync::Arc;

use parking_lot::RwLock;

use crate::adapter::{Adapter, Local};
use crate::emitter::Broadcast;
use crate::error::Refusal;
use crate::handler::{self, Answer, Erased, Handler, IntoAck, IntoAdmission};
use std::future::Future;

/// A namespace as the server keeps it.
pub(crate) struct Space {
    pub(crate) name: Arc<str>,
    pub(crate) adapter: Box<dyn Adapter>,
    on_connect: RwLock<Option<Erased<Answer>>>,
    admission: RwLock<Vec<Erased<Result<(), Refusal>>>>,
    events: RwLock<Vec<Erased<Result<(), Refusal>>>>,
}

impl Space {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            adapter: Box::new(Local::default()),
            on_connect: RwLock::default(),
            admission: RwLock::default(),
            events: RwLock::default(),
        }
    }

    pub(crate) fn on_connect(&self) -> Option<Erased<Answer>> {
        self.on_connect.read().clone()
    }

    /// What a connect must pass.
    pub(crate) fn admission(&self) -> Vec<Erased<Result<(), Refusal>>> {
        self.admission.read().clone()
    }

    /// What each event must pass.
    pub(crate) fn event_middleware(&self) -> Vec<Erased<Result<(), Refusal>>> {
        self.events.read().clone()
    }
}

/// A namespace: a part of the application with its own connect, rooms and middleware. Also an extractor.
///
/// Clients connect to it by name; what is not made by [`Everwire::of`](crate::Everwire::of) before is refused as `Invalid namespace`.
///
/// ```
/// # use everwire::{Everwire, Socket};
/// let wire = Everwire::new();
/// let chat = wire.of("/chat");
/// chat.on_connect(|socket: Socket| async move { socket.join("lobby") });
/// chat.to("lobby").emit("news", "hello");
/// ```
#[derive(Clone)]
pub struct Namespace {
    space: Arc<Space>,
}

impl From<Arc<Space>> for Namespace {
    fn from(space: Arc<Space>) -> Self {
        Self { space }
    }
}

impl std::fmt::Debug for Namespace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Namespace").field(&self.name()).finish()
    }
}

impl Namespace {
    /// The name with its slash; `/` is the main namespace.
    pub fn name(&self) -> &str {
        &self.space.name
    }

    /// Sets the handler of new sockets, in place of a former one.
    ///
    /// It runs once per session and namespace, never for a resume, after the client was told that it is connected. The socket's events wait until it
    /// has ended, so no handler that it registers misses one; what shall run on belongs into a task of its own.
    pub fn on_connect<A, H>(&self, handler: H)
    where
        A: 'static,
        H: Handler<A>,
        <H::Future as Future>::Output: IntoAck,
    {
        *self.space.on_connect.write() = Some(handler::erase(handler));
    }

    /// Adds a middleware that each connect must pass, in order of their adding. Events wait for it.
    ///
    /// The socket is not connected yet: data can be set on it, but it can neither join rooms nor be emitted to. What the client gave as auth is in
    /// [`Handshake`](crate::Handshake), and is the one argument for `Data<T>`.
    ///
    /// ```
    /// # use everwire::{Data, Everwire, Refusal, Socket};
    /// # let wire = Everwire::new();
    /// #[derive(serde::Deserialize)]
    /// struct Auth {
    ///     token: String,
    /// }
    /// wire.of("/chat").use_middleware(|socket: Socket, Data(auth): Data<Auth>| async move {
    ///     if auth.token != "secret" {
    ///         return Err(Refusal::new("denied"));
    ///     }
    ///     socket.set_data(auth);
    ///     Ok(())
    /// });
    /// ```
    pub fn use_middleware<A, H>(&self, middleware: H) -> &Self
    where
        A: 'static,
        H: Handler<A>,
        <H::Future as Future>::Output: IntoAdmission,
    {
        self.space.admission.write().push(handler::erase_middleware(middleware));
        self
    }

    /// Adds a middleware that each event must pass before its handlers, in order of their adding. Refused, the client gets the error
    /// `handler_error`.
    ///
    /// ```
    /// # use everwire::{EventName, Everwire};
    /// # let wire = Everwire::new();
    /// wire.of("/").use_event_middleware(|event: EventName| async move {
    ///     if event.starts_with("admin:") { Err("not for you") } else { Ok(()) }
    /// });
    /// ```
    pub fn use_event_middleware<A, H>(&self, middleware: H) -> &Self
    where
        A: 'static,
        H: Handler<A>,
        <H::Future as Future>::Output: IntoAdmission,
    {
        self.space.events.write().push(handler::erase_middleware(middleware));
        self
    }

    /// A broadcast to all sockets of the namespace.
    pub fn broadcast(&self) -> Broadcast {
        Broadcast::new(self.space.clone(), None)
    }
}

crate::emitter::broadcasts!(Namespace);
