//! Namespaces: separate rooms, handlers and middleware over the same sessions.

mod family;
pub(crate) mod pattern;
mod spaces;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::RwLock;

use crate::adapter::{Adapter, Local};
use crate::emitter::Broadcast;
use crate::error::Refusal;
use crate::handler::{Answer, Erased};
use crate::registry::Tables;

use self::family::Family;
pub use self::family::{Names, Namespaces};
pub(crate) use self::spaces::Spaces;

/// A namespace as the server keeps it.
pub(crate) struct Space {
    pub(crate) name: Arc<str>,
    pub(crate) adapter: Box<dyn Adapter>,
    own: Handlers,
    lent: Option<Lent>,
}

/// Of a namespace that is there because a client is in it.
struct Lent {
    family: Arc<Family>,
    spaces: Weak<Spaces>,
    /// It has handlers of its own, and stays.
    kept: AtomicBool,
}

/// What connects and events meet.
#[derive(Default)]
pub(crate) struct Handlers {
    on_connect: RwLock<Option<Erased<Answer>>>,
    admission: RwLock<Vec<Erased<Result<(), Refusal>>>>,
    events: RwLock<Vec<Erased<Result<(), Refusal>>>>,
    /// Are there any of these? Most servers have none, and the lock would be taken for each event.
    has_events: AtomicBool,
    /// What its sockets have registered.
    tables: Tables,
}

impl Handlers {
    fn add_event_middleware(&self, middleware: Erased<Result<(), Refusal>>) {
        self.events.write().push(middleware);
        self.has_events.store(true, Ordering::Release);
    }
}

impl Space {
    fn new(name: &str, lent: Option<(Arc<Family>, Weak<Spaces>)>) -> Self {
        Self {
            name: name.into(),
            adapter: Box::new(Local::default()),
            own: Handlers::default(),
            lent: lent.map(|(family, spaces)| Lent { family, spaces, kept: AtomicBool::new(false) }),
        }
    }

    pub(crate) fn on_connect(&self) -> Option<Erased<Answer>> {
        self.handlers().on_connect.read().clone()
    }

    pub(crate) fn tables(&self) -> &Tables {
        &self.handlers().tables
    }

    /// What a connect must pass.
    pub(crate) fn admission(&self) -> Vec<Erased<Result<(), Refusal>>> {
        self.handlers().admission.read().clone()
    }

    /// What each event must pass.
    pub(crate) fn event_middleware(&self) -> Vec<Erased<Result<(), Refusal>>> {
        let handlers = self.handlers();
        if handlers.has_events.load(Ordering::Acquire) { handlers.events.read().clone() } else { Vec::new() }
    }

    fn is_of(&self, family: &Arc<Family>) -> bool {
        self.family().is_some_and(|own| Arc::ptr_eq(own, family))
    }

    fn family(&self) -> Option<&Arc<Family>> {
        self.lent.as_ref().filter(|lent| !lent.kept.load(Ordering::Acquire)).map(|lent| &lent.family)
    }

    fn handlers(&self) -> &Handlers {
        self.family().map_or(&self.own, |family| &family.handlers)
    }

    /// Its own handlers, which from now on are in place of its family's.
    fn own_handlers(self: &Arc<Self>) -> &Handlers {
        if let Some(lent) = &self.lent
            && !lent.kept.swap(true, Ordering::AcqRel)
            && let Some(spaces) = lent.spaces.upgrade()
        {
            spaces.keep(self);
        }
        &self.own
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        if let Some(spaces) = self.lent.as_ref().and_then(|lent| lent.spaces.upgrade()) {
            spaces.forget(&self.name);
        }
    }
}

/// A namespace: a part of the application with its own connect, rooms and middleware. Also an extractor.
///
/// Clients connect to it by name; what is neither made by [`Everwire::of`](crate::Everwire::of) before nor matched by an [`Everwire::of_matching`](crate::Everwire::of_matching) is refused as
/// `Invalid namespace`.
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

    /// What stands in the place of a parameter of the pattern, if the namespace is one of [`Everwire::of_matching`](crate::Everwire::of_matching).
    ///
    /// ```
    /// # use everwire::{Everwire, Socket};
    /// # let wire = Everwire::new();
    /// wire.of_matching("/chat/{room}").on_connect(|socket: Socket| async move {
    ///     let chat = socket.namespace();
    ///     socket.emit("welcome", chat.param("room")).await
    /// });
    /// ```
    pub fn param(&self, name: &str) -> Option<&str> {
        self.space.lent.as_ref()?.family.param(&self.space.name, name)
    }

    /// A broadcast to all sockets of the namespace.
    pub fn broadcast(&self) -> Broadcast {
        Broadcast::new(self.space.clone(), None)
    }

    fn handlers(&self) -> &Handlers {
        self.space.own_handlers()
    }
}

crate::emitter::broadcasts!(Namespace);
/// The methods that set handlers, on what has `handlers()`.
macro_rules! handled {
    ($type:ty) => {
        impl $type {
            /// Sets the handler of new sockets, in place of a former one.
            ///
            /// It runs once per session and namespace, never for a resume, after the client was told that it is connected. The socket's events wait until it
            /// has ended, so no handler that it registers misses one; what shall run on belongs into a task of its own.
            pub fn on_connect<A, H>(&self, handler: H)
            where
                A: 'static,
                H: $crate::Handler<A>,
                <H::Future as Future>::Output: $crate::IntoAck,
            {
                *self.handlers().on_connect.write() = Some($crate::handler::erase(handler));
            }

            /// Adds a middleware that each connect must pass, in order of their adding. Events wait for it.
            ///
            /// The socket is not connected yet: data can be set on it, but it can neither join rooms nor be emitted to. What the client gave as auth is in
            /// [`Handshake`](crate::Handshake), and is the one argument for `Data<T>`. If it has not decided within [`Config::handshake`](crate::Config::handshake), it has refused.
            ///
            /// It runs again when a client that is connected gives fresh auth, which the socket's own handle shows only here until it is accepted; a refusal is then the
            /// socket's end. See [`Socket::expires_in`](crate::Socket::expires_in).
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
                H: $crate::Handler<A>,
                <H::Future as Future>::Output: $crate::IntoAdmission,
            {
                self.handlers().admission.write().push($crate::handler::erase_middleware(middleware));
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
                H: $crate::Handler<A>,
                <H::Future as Future>::Output: $crate::IntoAdmission,
            {
                self.handlers().add_event_middleware($crate::handler::erase_middleware(middleware));
                self
            }
        }
    };
}
use handled;

handled!(Namespace);
