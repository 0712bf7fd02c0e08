//! Engine.IO over HTTP: what Socket.IO's clients talk to, and those of Engine.IO alone.
//!
//! ```text
//! GET  /socket.io/?EIO=4&transport=polling             opens: 200 0{"sid":…}
//! GET  /socket.io/?EIO=4&transport=polling&sid=…       waits: 200 4…␞4…
//! POST /socket.io/?EIO=4&transport=polling&sid=…       200 ok
//! GET  /socket.io/?EIO=4&transport=websocket[&sid=…]   101
//! ```

mod trouble;
mod visit;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderValue;
use http::{Method, Request, Response};
use http_body::Body as HttpBody;

use self::trouble::Trouble;
use self::visit::Visit;
use super::answers::Body;
use super::http::cors::Cors;
use super::http::origin::Verdict;
use crate::dialect::engine_io::Plain;
use crate::engine::Engine;

/// Serves clients of Socket.IO, 2.x to 4.x: mount it at `/socket.io`, where they look for it.
///
/// They reach the same handlers, rooms and namespaces as native clients. Their protocol has no resume: what they miss while they
/// are away is lost, as with their own server.
///
/// ```
/// use everwire::Everwire;
///
/// let wire = Everwire::new();
/// let app: axum::Router = axum::Router::new()
///     .nest_service("/everwire", wire.service())
///     .nest_service("/socket.io", wire.socket_io());
/// # let _ = app;
/// ```
#[derive(Clone)]
pub struct SocketIoService(Mount);

/// Serves clients of Engine.IO that do without Socket.IO: mount it at `/engine.io`, where they look for it. They are sockets of one namespace, and what
/// they send is the event `message` with one string or one binary value.
///
/// ```
/// use everwire::{Everwire, Payload, Socket};
///
/// let wire = Everwire::new();
/// wire.of("/echo").on_connect(|socket: Socket| async move {
///     socket.on("message", |socket: Socket, message: Payload| async move { socket.emit("message", message).await });
/// });
/// let app: axum::Router = axum::Router::new().nest_service("/engine.io", wire.engine_io("/echo"));
/// # let _ = app;
/// ```
#[derive(Clone)]
pub struct EngineIoService(Mount);

#[derive(Clone)]
struct Mount {
    engine: Arc<Engine>,
    options: Arc<Options>,
}

#[derive(Clone)]
struct Options {
    credentials: bool,
    cookie: Option<HeaderValue>,
    websocket: bool,
    polling: bool,
    /// What messages are, if not Socket.IO's packets.
    plain: Option<Plain>,
    /// How long sessions of Socket.IO wait for clients that are gone.
    recovery: Option<Duration>,
    /// Its packets are MessagePack.
    msgpack: bool,
}

impl Mount {
    fn new(engine: Arc<Engine>, plain: Option<Plain>) -> Self {
        let credentials = engine.config.credentials;
        let options = Options {
            credentials,
            cookie: None,
            websocket: true,
            polling: true,
            plain,
            recovery: None,
            msgpack: false,
        };
        Self { engine, options: Arc::new(options) }
    }

    fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(Arc::make_mut(&mut self.options));
        self
    }
}

impl SocketIoService {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self(Mount::new(engine, None))
    }

    /// Speaks as clients do that are given socket.io-msgpack-parser as their `parser`, in place of JSON: mount it beside the other for those. Clients of
    /// Socket.IO 2 are spoken to in JSON. Dates are refused, and an `ArrayBuffer` of one zero byte arrives as `null`, since those clients write `undefined` so.
    ///
    /// ```
    /// # use everwire::Everwire;
    /// # let wire = Everwire::new();
    /// let app: axum::Router = axum::Router::new()
    ///     .nest_service("/socket.io", wire.socket_io())
    ///     .nest_service("/packed", wire.socket_io().msgpack(true));
    /// # let _ = app;
    /// ```
    #[must_use]
    pub fn msgpack(self, msgpack: bool) -> Self {
        Self(self.0.with(|options| options.msgpack = msgpack))
    }

    /// Lets clients of Socket.IO 4 come back to their sockets: Socket.IO's connection state recovery. Off by default.
    ///
    /// When a client is gone without having said goodbye, its sockets stay as they are for so long, with their ids, data and rooms, and what is emitted to
    /// them waits in the session's queue. A client that comes back gets what it has missed, and its `socket.recovered` is true; no middleware and no
    /// `on_connect` runs again. Not covered is, as in Socket.IO, what the client sends while it is away, and acks that were asked for before.
    ///
    /// What was sent lately is kept too, in at most a quarter of [`Config::queue_bytes`](crate::Config) for each session. Each event has one argument more, by
    /// which the client says where it stands.
    ///
    /// ```
    /// # use everwire::Everwire;
    /// # use std::time::Duration;
    /// let service = Everwire::new().socket_io().recovery(Duration::from_secs(120));
    /// # let _ = service;
    /// ```
    #[must_use]
    pub fn recovery(self, time: Duration) -> Self {
        Self(self.0.with(|options| options.recovery = Some(time)))
    }
}

impl EngineIoService {
    pub(crate) fn new(engine: Arc<Engine>, namespace: &str) -> Self {
        let plain = Plain { namespace: namespace.into(), events: false };
        Self(Mount::new(engine, Some(plain)))
    }

    /// Looks for events in messages: `{"event":"say","args":["hello"]}` is the event `say`, and with an `"id"` it asks for an ack, which comes as
    /// `{"ack":id,"args":[…]}`. Off by default: then each message is the event `message`, whatever is in it. Down, every event but a `message` of one
    /// string or binary value is such an object in either case.
    #[must_use]
    pub fn events(self, events: bool) -> Self {
        Self(self.0.with(|options| options.plain.iter_mut().for_each(|plain| plain.events = events)))
    }
}

/// What both have.
macro_rules! service {
    ($service:ident) => {
        impl $service {
            /// Lets pages of allowed origins send cookies along, whatever [`Config::credentials`](crate::Config) says. Clients of Socket.IO 2 need it
            /// to poll from another origin.
            #[must_use]
            pub fn credentials(self, credentials: bool) -> Self {
                Self(self.0.with(|options| options.credentials = credentials))
            }

            /// Sets a cookie with the session's id at its opening, for load balancers that route by one: its name, and what else it shall say
            /// (`"Path=/; SameSite=Lax; HttpOnly"`). The id is also the session's secret.
            ///
            /// # Panics
            /// When name or attributes cannot stand in a header.
            #[must_use]
            pub fn cookie(self, name: &str, attributes: &str) -> Self {
                let value = HeaderValue::from_str(&format!("{name}={{}}; {attributes}"))
                    .expect("a name and attributes of a cookie");
                Self(self.0.with(|options| options.cookie = Some(value)))
            }

            /// Switches polling or WebSocket off. Both are on.
            #[must_use]
            pub fn transports(self, polling: bool, websocket: bool) -> Self {
                Self(self.0.with(|options| (options.polling, options.websocket) = (polling, websocket)))
            }
        }

        tower_service!($service, 0.engine, |service: Self, request| serve(service.0, request));
    };
}

service!(SocketIoService);
service!(EngineIoService);

async fn serve<B>(Mount { engine, options }: Mount, request: Request<B>) -> Response<Body>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
{
    let (parts, body) = request.into_parts();
    let cors = Cors { credentials: options.credentials, ..Cors::default() };
    let origin = match engine.config.origins.judge(&parts.headers, None) {
        Verdict::Foreign => return refuse(&engine, Trouble::Forbidden).map(Body::full),
        Verdict::Allowed(origin) => Some(origin),
        Verdict::Absent => None,
    };
    if parts.method == Method::OPTIONS {
        let methods = "GET, POST, OPTIONS";
        return cors.preflight(&parts.headers, origin.as_ref(), methods).map(Body::full);
    }
    let answered = match Visit::of(engine.clone(), options, parts) {
        Ok(visit) => visit.answer(body).await,
        Err(trouble) => Err(trouble),
    };
    let mut response = answered.unwrap_or_else(|trouble| refuse(&engine, trouble));
    if let Some(origin) = &origin {
        cors.allow(response.headers_mut(), origin);
    }
    response.map(Body::full)
}

fn refuse(engine: &Engine, trouble: Trouble) -> Response<Bytes> {
    engine.hub.refused(trouble.code());
    trouble.answer()
}
