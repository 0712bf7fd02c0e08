//! The public handle of a server.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use everwire_session::packet::MAIN;

use crate::config::Config;
use crate::emitter::{Broadcast, broadcasts};
use crate::engine::Engine;
use crate::handler::{Handler, IntoAck};
use crate::hooks::{Guarded, Hooks};
use crate::hub::Hub;
use crate::namespace::{Names, Namespace, Namespaces};
use crate::stats::Stats;
use crate::transport::engine_io::{EngineIoService, SocketIoService};
use crate::transport::service::EverwireService;
use crate::transport::sock_js::SockJsService;

/// A server: its namespaces, state and sessions. Cheap to clone; every clone is the same server.
///
/// What it emits itself goes to the main namespace, `/`.
///
/// ```
/// use everwire::{Data, Everwire, Socket};
///
/// let wire = Everwire::new();
/// wire.on_connect(|socket: Socket| async move {
///     socket.on("say", |socket: Socket, Data(text): Data<String>| async move {
///         socket.broadcast().emit("said", &text).await;
///     });
/// });
/// wire.emit("news", "to all, from outside any handler");
/// wire.of("/chat").to("room").emit("news", "to a room of another namespace");
/// ```
#[derive(Clone)]
pub struct Everwire {
    pub(crate) hub: Arc<Hub>,
    engine: Arc<Engine>,
}

impl Default for Everwire {
    fn default() -> Self {
        Self::new()
    }
}

impl Everwire {
    /// A server with nothing but the main namespace.
    pub fn new() -> Self {
        Self::with_config(Config::default())
    }

    /// The same with other times, limits or origins than the default ones.
    ///
    /// # Panics
    /// When the config makes no sense, as [`Config::check`] says.
    #[track_caller]
    pub fn with_config(config: Config) -> Self {
        if let Err(error) = config.check() {
            panic!("{error}");
        }
        let hub = Hub::new(&config);
        Self { engine: Engine::new(config, hub.clone()), hub }
    }

    /// The tower service that clients talk to: nest it in an axum `Router`, or give it to [`serve`](crate::serve).
    pub fn service(&self) -> EverwireService {
        EverwireService::new(self.engine.clone())
    }

    /// The tower service that clients of Socket.IO talk to: nest it at `/socket.io`. Handlers, rooms and namespaces are the same for all clients.
    pub fn socket_io(&self) -> SocketIoService {
        SocketIoService::new(self.engine.clone())
    }

    /// A tower service that clients of Engine.IO without Socket.IO talk to, as sockets of one namespace: nest it at `/engine.io`.
    pub fn engine_io(&self, namespace: impl AsRef<str>) -> EngineIoService {
        EngineIoService::new(self.engine.clone(), self.of(namespace).name())
    }

    /// A tower service that clients of SockJS talk to, as sockets of one namespace: nest it where they look for it.
    pub fn sock_js(&self, namespace: impl AsRef<str>) -> SockJsService {
        SockJsService::new(self.engine.clone(), self.of(namespace).name())
    }

    /// What the server holds at this moment.
    pub fn stats(&self) -> Stats {
        self.engine.stats()
    }

    /// Tells every client that the server goes down, and waits until they know, at most 5 s. New sessions are refused from now on.
    ///
    /// Each client is told another time to come back, spread over `spread`, so that a restart is no storm. What was emitted before is
    /// flushed first.
    pub async fn shutdown(&self, spread: Duration) {
        self.engine.shutdown(spread);
        while self.engine.live_sessions() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Gives a state to handlers that take [`State<S>`](crate::State): one of each type.
    pub fn with_state<S: Clone + Send + Sync + 'static>(self, state: S) -> Self {
        self.hub.set_state(state);
        self
    }

    /// Sets the observer of sessions, in place of a former one.
    pub fn with_hooks(self, hooks: impl Hooks) -> Self {
        self.hub.set_hooks(Arc::new(Guarded(hooks)));
        self
    }

    /// Sets the handler of new sockets of the main namespace. See [`Namespace::on_connect`].
    pub fn on_connect<A, H>(&self, handler: H)
    where
        A: 'static,
        H: Handler<A>,
        <H::Future as Future>::Output: IntoAck,
    {
        self.of(MAIN).on_connect(handler);
    }

    /// The namespace of this name, made if there is none. A name begins with `/` and has at most 128 bytes, no comma and no control characters; a missing `/` is put in front.
    ///
    /// ```
    /// # use everwire::Everwire;
    /// let wire = Everwire::new();
    /// assert_eq!(wire.of("/chat").name(), "/chat");
    /// ```
    pub fn of(&self, name: impl AsRef<str>) -> Namespace {
        self.hub.spaces.open(&with_slash(name.as_ref())).into()
    }

    /// The namespaces of all names that match a pattern or a function. Each comes into being when the first client connects to it, with rooms and sockets of its
    /// own, and is gone with the last: a client can make no more of them than it may be connected to, which is 100.
    ///
    /// A name of its own, by [`of`](Self::of), has precedence: setting a handler or middleware on that namespace detaches it from these, and keeps it. Of several patterns
    /// that match, the one that was made first counts. Who may connect to which name is decided by [`Namespaces::use_middleware`].
    ///
    /// ```
    /// # use everwire::{Data, Everwire, Namespace, Refusal, Socket};
    /// let wire = Everwire::new();
    /// let chats = wire.of_matching("/chat/{room}");
    /// chats.use_middleware(|chat: Namespace, Data(rooms): Data<Vec<String>>| async move {
    ///     let room = chat.param("room").unwrap_or_default();
    ///     if rooms.iter().any(|own| own == room) { Ok(()) } else { Err(Refusal::new("not your room")) }
    /// });
    /// chats.on_connect(|socket: Socket| async move {
    ///     socket.on("say", |socket: Socket, Data(text): Data<String>| async move {
    ///         socket.broadcast().emit("said", &text).await;
    ///     });
    /// });
    /// wire.of("/chat/7").emit("news", "to those who are in room 7, if there are any");
    /// ```
    ///
    /// # Panics
    /// When the pattern makes no sense; [`Names`] says how one is written.
    #[track_caller]
    pub fn of_matching(&self, names: impl Names) -> Namespaces {
        Namespaces::new(self.hub.spaces.family(names.into_rule()), &self.hub.spaces)
    }

    /// A broadcast to all sockets of the main namespace.
    pub fn broadcast(&self) -> Broadcast {
        self.of(MAIN).broadcast()
    }
}

fn with_slash(name: &str) -> Cow<'_, str> {
    if name.starts_with('/') { name.into() } else { format!("/{name}").into() }
}

broadcasts!(Everwire);
