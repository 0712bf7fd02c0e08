//! Extractors: what the arguments of a handler can be.

use std::fmt::Display;
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::ack::{Ack, ReplySlot};
use crate::error::Disconnect;
use crate::handshake::Handshake;
use crate::namespace::Namespace;
use crate::socket::Socket;
use everwire_session::payload::Payload;

/// What a handler is called for: an event, a connect, a disconnect. Extractors take their parts out of it.
pub struct Context {
    pub(crate) socket: Socket,
    pub(crate) event: EventName,
    pub(crate) payload: Payload,
    pub(crate) reply: Option<Arc<ReplySlot>>,
    pub(crate) disconnect: Option<Disconnect>,
}

impl Context {
    /// Of something that is no event from the client.
    pub(crate) fn local(socket: &Socket, event: &'static str, payload: Payload) -> Self {
        let event = EventName(Name::Known(event));
        Self { socket: socket.clone(), event, payload, reply: None, disconnect: None }
    }

    /// The socket that it happens to.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// The arguments.
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The event's name.
    pub fn event(&self) -> &str {
        &self.event
    }
}

/// Why an extractor refuses an event. The client gets it as an error; the session lives.
#[derive(Clone, Debug)]
pub struct Rejection {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Rejection {
    /// The client's fault: the error `bad_data`.
    pub fn data(message: impl Display) -> Self {
        Self { code: "bad_data", message: message.to_string() }
    }

    /// The server's fault: the error `handler_error`.
    pub fn server(message: impl Display) -> Self {
        Self { code: "handler_error", message: message.to_string() }
    }
}

/// An argument of a handler, taken out of the event.
///
/// ```
/// use everwire::extract::{Context, FromEvent, Rejection};
/// use everwire::{Everwire, Socket};
///
/// struct UserName(String);
///
/// impl FromEvent for UserName {
///     fn from_event(event: &Context) -> Result<Self, Rejection> {
///         match event.socket().data::<String>() {
///             Some(name) => Ok(Self(name.to_string())),
///             None => Err(Rejection::data("say who you are first")),
///         }
///     }
/// }
///
/// let wire = Everwire::new();
/// wire.on_connect(|socket: Socket| async move {
///     socket.on("who-am-i", |UserName(name): UserName| async move { name });
/// });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a handler",
    label = "not an extractor",
    note = "extractors are `Socket`, `Data<T>`, `Payload`, `Ack`, `State<T>`, `Namespace`, `Handshake`, `EventName`, `Disconnect`",
    note = "what the client sent is taken as `Data<T>`, where `T` is `serde::de::DeserializeOwned`"
)]
pub trait FromEvent: Sized {
    /// Takes it out.
    ///
    /// # Errors
    /// When it is not there or not of this type: the handler is not called.
    fn from_event(event: &Context) -> Result<Self, Rejection>;
}

/// The arguments of the event, deserialized.
///
/// **A tuple takes all the arguments, anything else the first one.** An array of fixed length counts as a tuple. Arguments beyond those are ignored; a missing one is read as nothing,
/// which an `Option` takes. [`bytes::Bytes`], at any depth, takes binary.
///
/// | client | handler |
/// | --- | --- |
/// | `emit("say", "hello")` | `Data(text): Data<String>` |
/// | `emit("add", 1, 2)` | `Data((a, b)): Data<(i64, i64)>` |
/// | `emit("sum", [1, 2, 3])` | `Data(list): Data<Vec<i64>>` |
/// | `emit("image", bytes, "cat.png")` | `Data((image, name)): Data<(Bytes, Option<String>)>` |
///
/// As the return value of a handler it is the answer, by the same rule ([`IntoAck`](crate::IntoAck)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Data<T>(pub T);

impl<T: DeserializeOwned> FromEvent for Data<T> {
    fn from_event(event: &Context) -> Result<Self, Rejection> {
        event.payload.read().map(Self).map_err(Rejection::data)
    }
}

/// State of the whole server, given to [`Everwire::with_state`](crate::Everwire::with_state) and cloned out of it.
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
/// use everwire::{Everwire, Socket, State};
///
/// let wire = Everwire::new().with_state(Arc::new(AtomicU64::new(0)));
/// wire.on_connect(|socket: Socket, State(visitors): State<Arc<AtomicU64>>| async move {
///     socket.emit("visitor", visitors.fetch_add(1, Ordering::Relaxed)).await
/// });
/// ```
#[derive(Clone, Copy, Debug)]
pub struct State<S>(pub S);

impl<S: Clone + Send + Sync + 'static> FromEvent for State<S> {
    fn from_event(event: &Context) -> Result<Self, Rejection> {
        event.socket.inner().link.hub.state().map(Self).ok_or_else(|| {
            tracing::error!(
                state = std::any::type_name::<S>(),
                "a handler takes a state that was never given"
            );
            Rejection::server("the server lacks a state")
        })
    }
}

/// The name of the event, for handlers of several: [`Socket::on_any`].
#[derive(Clone, Debug)]
pub struct EventName(pub(crate) Name);

#[derive(Clone, Debug)]
pub(crate) enum Name {
    /// As a handler of it was registered.
    Known(&'static str),
    /// As it came, UTF-8.
    Sent(Bytes),
}

impl Deref for EventName {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Name::Known(name) => name,
            Name::Sent(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
        }
    }
}

impl PartialEq for EventName {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for EventName {}

impl Display for EventName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self)
    }
}

macro_rules! infallible {
    ($($type:ty: $event:ident => $value:expr;)*) => {$(
        impl FromEvent for $type {
            fn from_event($event: &Context) -> Result<Self, Rejection> {
                Ok($value)
            }
        }
    )*};
}

infallible! {
    Ack: event => Ack::take(event.reply.as_ref());
    EventName: event => event.event.clone();
    Handshake: event => event.socket.handshake();
    Namespace: event => Namespace::from(event.socket.inner().space.clone());
    Payload: event => event.payload.clone();
    Socket: event => event.socket.clone();
}

impl FromEvent for Disconnect {
    fn from_event(event: &Context) -> Result<Self, Rejection> {
        event.disconnect.clone().ok_or_else(|| Rejection::server("`Disconnect` is for `on_disconnect` only"))
    }
}
