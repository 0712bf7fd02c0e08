//! Engine.IO over HTTP: what Socket.IO's clients talk to.
//!
//! ```text
//! GET  /socket.io/?EIO=4&transport=polling             opens: 200 0{"sid":…}
//! GET  /socket.io/?EIO=4&transport=polling&sid=…       waits: 200 4…␞4…
//! POST /socket.io/?EIO=4&transport=polling&sid=…       200 ok
//! GET  /socket.io/?EIO=4&transport=websocket[&sid=…]   101
//! ```

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use everwire_session::code::Code;
use http::header::{CONTENT_TYPE, HeaderValue, SET_COOKIE};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use hyper::upgrade::OnUpgrade;

use super::answers::Body;
use super::handshake;
use super::http::answer::answer;
use super::http::body::{Kind, Limits, collect};
use super::http::cors::Cors;
use super::http::origin::Verdict;
use super::service::{OpenRequest, query, request_info};
use super::websocket::take_over;
use crate::config::Transport;
use crate::dialect::Speech;
use crate::dialect::engine_io::{EngineIo, Revision, Terms, decode, encode};
use crate::engine::exchange::{Caller, Exchange};
use crate::engine::guest::GuestJob;
use crate::engine::live::{Job, Live};
use crate::engine::{Engine, ids};

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
pub struct SocketIoService {
    engine: Arc<Engine>,
    options: Arc<Options>,
}

#[derive(Clone)]
struct Options {
    credentials: bool,
    cookie: Option<HeaderValue>,
    websocket: bool,
    polling: bool,
}

impl SocketIoService {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        let credentials = engine.config.credentials;
        Self {
            engine,
            options: Arc::new(Options { credentials, cookie: None, websocket: true, polling: true }),
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(Arc::make_mut(&mut self.options));
        self
    }

    /// Lets pages of allowed origins send cookies along, whatever [`Config::credentials`](crate::Config) says. Clients of Socket.IO 2 need it to poll
    /// from another origin.
    #[must_use]
    pub fn credentials(self, credentials: bool) -> Self {
        self.with(|options| options.credentials = credentials)
    }

    /// Sets a cookie with the session's id at its opening, for load balancers that route by one: its name, and what else it shall say
    /// (`"Path=/; SameSite=Lax; HttpOnly"`).
    ///
    /// # Panics
    /// When name or attributes cannot stand in a header.
    #[must_use]
    pub fn cookie(self, name: &str, attributes: &str) -> Self {
        let value = HeaderValue::from_str(&format!("{name}={{}}; {attributes}"))
            .expect("a name and attributes of a cookie");
        self.with(|options| options.cookie = Some(value))
    }

    /// Switches polling or WebSocket off. Both are on.
    #[must_use]
    pub fn transports(self, polling: bool, websocket: bool) -> Self {
        self.with(|options| (options.polling, options.websocket) = (polling, websocket))
    }
}

impl<B> tower::Service<Request<B>> for SocketIoService
where
    B: HttpBody<Data = Bytes> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Self { engine, options } = self.clone();
        Box::pin(async move { Ok(serve(engine, &options, request).await) })
    }
}

/// Engine.IO's errors: code and message of the JSON that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    Transport,
    UnknownSid,
    Method,
    BadRequest,
    Forbidden,
    Version,
    TooLarge,
}

impl Trouble {
    fn answer(self) -> Response<Bytes> {
        let (code, message, status) = match self {
            Self::Transport => (0, "Transport unknown", StatusCode::BAD_REQUEST),
            Self::UnknownSid => (1, "Session ID unknown", StatusCode::BAD_REQUEST),
            Self::Method => (2, "Bad handshake method", StatusCode::BAD_REQUEST),
            Self::BadRequest => (3, "Bad request", StatusCode::BAD_REQUEST),
            Self::Forbidden => (4, "Forbidden", StatusCode::FORBIDDEN),
            Self::Version => (5, "Unsupported protocol version", StatusCode::BAD_REQUEST),
            Self::TooLarge => (3, "Payload too large", StatusCode::PAYLOAD_TOO_LARGE),
        };
        answer(status, "application/json", format!("{{\"code\":{code},\"message\":\"{message}\"}}"))
    }
}

impl From<Code> for Trouble {
    fn from(code: Code) -> Self {
        match code {
            Code::UnknownSession => Self::UnknownSid,
            Code::TooLarge => Self::TooLarge,
            _ => Self::BadRequest,
        }
    }
}

async fn serve<B>(engine: Arc<Engine>, options: &Options, request: Request<B>) -> Response<Body>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
{
    let open = OpenRequest::new(&engine);
    let (parts, body) = request.into_parts();
    let cors = Cors { credentials: options.credentials, ..Cors::default() };
    let origin = match engine.config.origins.judge(&parts.headers, None) {
        Verdict::Foreign => return Trouble::Forbidden.answer().map(|bytes| Body::full(bytes).counted(open)),
        Verdict::Allowed(origin) => Some(origin),
        Verdict::Absent => None,
    };
    if parts.method == Method::OPTIONS {
        let methods = "GET, POST, OPTIONS";
        return cors
            .preflight(&parts.headers, origin.as_ref(), methods)
            .map(|bytes| Body::full(bytes).counted(open));
    }
    let mut response = match Visit::of(engine, options, parts) {
        Ok(visit) => visit.answer(body).await.unwrap_or_else(Trouble::answer),
        Err(trouble) => trouble.answer(),
    };
    if let Some(origin) = &origin {
        cors.allow(response.headers_mut(), origin);
    }
    response.map(|bytes| Body::full(bytes).counted(open))
}

/// One request, its query read.
struct Visit<'a> {
    engine: Arc<Engine>,
    options: &'a Options,
    parts: Parts,
    revision: Revision,
    websocket: bool,
    /// The session that it names.
    live: Option<Arc<Live>>,
}

impl<'a> Visit<'a> {
    fn of(engine: Arc<Engine>, options: &'a Options, parts: Parts) -> Result<Self, Trouble> {
        let websocket = match query(&parts, "transport").as_deref() {
            Some("polling") if options.polling => false,
            Some("websocket") if options.websocket => true,
            _ => return Err(Trouble::Transport),
        };
        let live = match query(&parts, "sid").filter(|sid| !sid.is_empty()) {
            Some(sid) => Some(engine.find_guest(&guest_key(&sid)).ok_or(Trouble::UnknownSid)?),
            None => None,
        };
        let revision = match query(&parts, "EIO").as_deref() {
            Some("3") => Revision::Three,
            Some("4") => Revision::Four,
            _ => return Err(Trouble::Version),
        };
        if live.as_ref().is_some_and(|live| live.speech() != speech(revision)) {
            return Err(Trouble::BadRequest);
        }
        Ok(Self { engine, options, parts, revision, websocket, live })
    }

    async fn answer<B>(self, body: B) -> Result<Response<Bytes>, Trouble>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
    {
        let method = self.parts.method.clone();
        match (self.live.clone(), self.websocket) {
            (None, _) if method != Method::GET => Err(Trouble::Method),
            (live, true) => self.upgrade(live),
            (None, false) => self.open().await,
            (Some(live), false) if method == Method::GET => {
                let (job, exchange) = self.get();
                live.submit(Job::Guest(job));
                self.whole(Caller::new(exchange, live)).await
            }
            (Some(live), false) if method == Method::POST => self.post(live, body).await,
            _ => Err(Trouble::BadRequest),
        }
    }

    fn get(&self) -> (GuestJob, Arc<Exchange>) {
        let exchange = Exchange::new(self.engine.pipe(), false);
        (
            GuestJob::Get { exchange: exchange.clone(), transport: Transport::LongPolling, limit: None },
            exchange,
        )
    }

    /// Begins a session.
    fn begin(&self, first: GuestJob) -> Result<(String, Arc<Live>), Trouble> {
        let sid = ids::random();
        let config = &self.engine.config;
        let terms = Terms {
            revision: self.revision,
            sid: sid.clone(),
            ping: config.ping,
            timeout: config.timeout,
            max: config.max_payload,
            upgrades: self.options.websocket,
        };
        let tongue = Box::new(EngineIo::new(self.engine.wheel.now(), terms));
        let request = request_info(&self.parts);
        let opened = self.engine.open_guest(&guest_key(&sid), speech(self.revision), tongue, request, first);
        let live = opened.map_err(|(_, job)| {
            job.refuse();
            Trouble::BadRequest
        })?;
        Ok((sid, live))
    }

    async fn open(self) -> Result<Response<Bytes>, Trouble> {
        let (job, exchange) = self.get();
        let (sid, live) = self.begin(job)?;
        let mut response = self.whole(Caller::new(exchange, live)).await?;
        if let Some(cookie) = self.options.cookie.as_ref().and_then(|cookie| cookie.to_str().ok())
            && let Ok(cookie) = HeaderValue::from_str(&cookie.replacen("{}", &sid, 1))
        {
            response.headers_mut().insert(SET_COOKIE, cookie);
        }
        Ok(response)
    }

    /// Waits until there is something to say, and says it.
    async fn whole(&self, caller: Caller) -> Result<Response<Bytes>, Trouble> {
        let lines =
            poll_fn(|cx| caller.exchange.poll_whole(cx)).await.map_err(|(code, _)| Trouble::from(code))?;
        let payload = encode(self.revision, query(&self.parts, "b64").is_some(), lines);
        let kind = if payload.text { "text/plain; charset=UTF-8" } else { "application/octet-stream" };
        Ok(answer(StatusCode::OK, kind, payload.bytes))
    }

    async fn post<B>(self, live: Arc<Live>, body: B) -> Result<Response<Bytes>, Trouble>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
    {
        let config = &self.engine.config;
        // Base64 is a third longer than what it carries.
        let limits = Limits { bytes: config.max_payload / 3 * 4 + 1024, time: config.body };
        let bytes = collect(&self.parts.headers, body, Kind::Any, limits).await?;
        let kind = self.parts.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        let parts =
            match decode(self.revision, &bytes, kind == b"application/octet-stream", config.packets_per_body)
            {
                Ok(parts)
                    if parts.iter().map(crate::dialect::Part::len).sum::<usize>() > config.max_payload =>
                {
                    return Err(Trouble::TooLarge);
                }
                parts => parts,
            };
        let exchange = Exchange::new(self.engine.pipe(), false);
        live.submit(Job::Guest(GuestJob::Post { exchange: exchange.clone(), parts }));
        let caller = Caller::new(exchange, live);
        poll_fn(|cx| caller.exchange.poll_whole(cx)).await.map_err(|(code, _)| Trouble::from(code))?;
        // As the text is called by their own server; nothing shows it.
        Ok(answer(StatusCode::OK, "text/html", "ok"))
    }

    fn upgrade(mut self, live: Option<Arc<Live>>) -> Result<Response<Bytes>, Trouble> {
        let Parts { method, version, headers, .. } = &self.parts;
        let accept = handshake::check(method, *version, headers).map_err(|_| Trouble::BadRequest)?;
        let upgrade = self.parts.extensions.remove::<OnUpgrade>().ok_or(Trouble::BadRequest)?;
        if let Some(live) = live {
            let engine = self.engine;
            live.submit(Job::Guest(GuestJob::Expect));
            tokio::spawn(async move {
                let socket = upgrade.await.ok().map(|upgraded| Box::new(take_over(&engine, upgraded)));
                live.submit(Job::Guest(GuestJob::Socket(socket)));
            });
        } else {
            let visit = Visit { options: &OPTIONS_OF_A_SOCKET, ..self };
            tokio::spawn(async move {
                if let Ok(upgraded) = upgrade.await {
                    let socket = Box::new(take_over(&visit.engine, upgraded));
                    let _ = visit.begin(GuestJob::Socket(Some(socket)));
                }
            });
        }
        Ok(handshake::switch(accept))
    }
}

/// What a session that begins with a WebSocket needs of the options: nothing.
static OPTIONS_OF_A_SOCKET: Options =
    Options { credentials: false, cookie: None, websocket: true, polling: true };

/// Sessions of all dialects stand in one table.
fn guest_key(sid: &str) -> String {
    format!("engine.io {sid}")
}

fn speech(revision: Revision) -> Speech {
    match revision {
        Revision::Three => Speech::SocketIo3,
        Revision::Four => Speech::SocketIo4,
    }
}
