//! SockJS over HTTP (sockjs-protocol 0.3.3).
//!
//! ```text
//! GET /info   /iframe.html                     what the client asks first, and the page that it puts into an iframe
//! /{server}/{session}/websocket                xhr  xhr_send  xhr_streaming  eventsource  htmlfile  jsonp  jsonp_send
//! /websocket                                   a WebSocket without SockJS's frames
//! ```

pub(crate) mod hixie;
mod pages;
pub(crate) mod wrap;

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use everwire_session::code::Code;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ALLOW,
    CACHE_CONTROL, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, ORIGIN, RETRY_AFTER, SET_COOKIE, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;

pub(crate) use self::wrap::Framing;
use super::answers::Body;
use super::handshake;
use super::http::answer::pause;
use super::http::body::{Kind, Limits, collect};
use super::http::origin::Verdict;
use super::service::{query, request_info};
use super::upgrade::Upgrade;
use crate::config::Transport;
use crate::dialect::sock_js::{BadBody, SockJs, form_value, messages};
use crate::dialect::{Part, Speech};
use crate::engine::exchange::{Caller, Exchange};
use crate::engine::guest::GuestJob;
use crate::engine::live::{Job, Live};
use crate::engine::{Engine, ids};
use crate::serve::takeover::Streamed;

/// Answers that must not be kept.
const NO_CACHE: HeaderValue =
    HeaderValue::from_static("no-store, no-cache, no-transform, must-revalidate, max-age=0");

/// What may be around the messages of a body, beyond the limit of one.
const QUOTES: usize = 1024;

const TEXT: &str = "text/plain; charset=UTF-8";
const SCRIPT: &str = "application/javascript; charset=UTF-8";

/// Serves clients of SockJS: mount it where they look for it. They are sockets of one namespace; what they send is the event `message` with one string.
///
/// ```
/// use everwire::{Data, Everwire, Socket};
///
/// let wire = Everwire::new();
/// wire.of("/echo").on_connect(|socket: Socket| async move {
///     socket.on("message", |socket: Socket, Data(text): Data<String>| async move { socket.emit("message", text).await });
/// });
/// let app: axum::Router = axum::Router::new().nest_service("/echo", wire.sock_js("/echo"));
/// # let _ = app;
/// ```
#[derive(Clone)]
pub struct SockJsService {
    engine: Arc<Engine>,
    options: Arc<Options>,
}

#[derive(Clone)]
struct Options {
    /// Sessions of all mounts stand in one table.
    mount: String,
    namespace: Box<str>,
    events: bool,
    websocket: bool,
    cookie: bool,
    response_limit: usize,
    client_url: String,
}

impl SockJsService {
    pub(crate) fn new(engine: Arc<Engine>, namespace: &str) -> Self {
        let options = Options {
            mount: ids::random(),
            namespace: namespace.into(),
            events: false,
            websocket: true,
            cookie: false,
            response_limit: 128 << 10,
            client_url: "https://cdn.jsdelivr.net/npm/sockjs-client@1/dist/sockjs.min.js".into(),
        };
        Self { engine, options: Arc::new(options) }
    }

    fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(Arc::make_mut(&mut self.options));
        self
    }

    /// Looks for events in messages: `{"event":"say","args":["hello"]}` is the event `say`, and with an `"id"` it asks for an ack, which comes as
    /// `{"ack":id,"args":[…]}`. Off by default: then each message is the event `message`, whatever is in it. Down, every event but `message` is such an object in
    /// either case.
    #[must_use]
    pub fn events(self, events: bool) -> Self {
        self.with(|options| options.events = events)
    }

    /// Whether WebSocket is on. It is.
    #[must_use]
    pub fn websocket(self, websocket: bool) -> Self {
        self.with(|options| options.websocket = websocket)
    }

    /// Whether each answer sets the cookie `JSESSIONID`, by which some load balancers route. Off.
    #[must_use]
    pub fn cookie_needed(self, cookie: bool) -> Self {
        self.with(|options| options.cookie = cookie)
    }

    /// Bytes of one streaming answer before it ends and the client begins another. 128 KiB.
    #[must_use]
    pub fn response_limit(self, bytes: usize) -> Self {
        self.with(|options| options.response_limit = bytes)
    }

    /// Where the page in the iframe finds SockJS's own client: a URL, or a path of this server.
    #[must_use]
    pub fn client_url(self, url: &str) -> Self {
        self.with(|options| options.client_url = url.into())
    }
}

tower_service!(SockJsService, engine, serve);

async fn serve<B>(SockJsService { engine, options }: SockJsService, request: Request<B>) -> Response<Body>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
{
    let (parts, body) = request.into_parts();
    if engine.config.origins.judge(&parts.headers, None) == Verdict::Foreign {
        engine.hub.refused(Code::Origin);
        return plain(StatusCode::FORBIDDEN, TEXT, "Origin not allowed.");
    }
    Visit { engine, options, parts }.route(body).await
}

/// One request.
struct Visit {
    engine: Arc<Engine>,
    options: Arc<Options>,
    parts: Parts,
}

/// How a session's URL ends.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    EventSource,
    HtmlFile,
    Jsonp,
    JsonpSend,
    Websocket,
    Xhr,
    XhrSend,
    XhrStreaming,
}

impl Way {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "eventsource" => Self::EventSource,
            "htmlfile" => Self::HtmlFile,
            "jsonp" => Self::Jsonp,
            "jsonp_send" => Self::JsonpSend,
            "websocket" => Self::Websocket,
            "xhr" => Self::Xhr,
            "xhr_send" => Self::XhrSend,
            "xhr_streaming" => Self::XhrStreaming,
            _ => return None,
        })
    }

    fn method(self) -> Method {
        match self {
            Self::JsonpSend | Self::Xhr | Self::XhrSend | Self::XhrStreaming => Method::POST,
            Self::EventSource | Self::HtmlFile | Self::Jsonp | Self::Websocket => Method::GET,
        }
    }

    fn has_cors(self) -> bool {
        matches!(self, Self::EventSource | Self::Xhr | Self::XhrSend | Self::XhrStreaming)
    }
}

impl Visit {
    async fn route<B>(self, body: B) -> Response<Body>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
    {
        let path = self.parts.uri.path().to_owned();
        let method = self.parts.method.clone();
        match path.strip_prefix('/').unwrap_or(&path) {
            "" if method == Method::GET => plain(StatusCode::OK, TEXT, "Welcome to SockJS!\n"),
            "info" if method == Method::OPTIONS => self.preflight("OPTIONS, GET"),
            "info" if method == Method::GET => self.info(),
            "info" => wrong_method("OPTIONS, GET"),
            "websocket" => self.websocket(Speech::Raw),
            page if pages::is_iframe(page) && method == Method::GET => {
                pages::iframe(&self.parts.headers, &self.options.client_url)
            }
            page if pages::is_iframe(page) => wrong_method("GET"),
            session => match session.split('/').collect::<Vec<_>>()[..] {
                [server, session, name]
                    if [server, session].iter().all(|part| !part.is_empty() && !part.contains('.')) =>
                {
                    let Some(way) = Way::of(name) else { return not_found() };
                    let key = format!("sock_js {} {session}", self.options.mount);
                    self.session(way, key, body).await
                }
                _ => not_found(),
            },
        }
    }

    async fn session<B>(self, way: Way, key: String, body: B) -> Response<Body>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
    {
        if self.parts.method == Method::OPTIONS && way != Way::Websocket {
            return self.preflight("OPTIONS, POST");
        }
        if self.parts.method != way.method() {
            return wrong_method(if way.method() == Method::GET { "GET" } else { "OPTIONS, POST" });
        }
        if way == Way::Websocket {
            return self.websocket(Speech::SockJs);
        }
        let headers = self.parts.headers.clone();
        let cookie = self.options.cookie;
        let mut response = match way {
            Way::XhrSend | Way::JsonpSend => self.send(way, &key, body).await,
            _ => self.receive(way, &key).await,
        };
        response.headers_mut().insert(CACHE_CONTROL, NO_CACHE);
        if way.has_cors() {
            allow_origin(response.headers_mut(), &headers);
        }
        if cookie {
            response.headers_mut().insert(SET_COOKIE, session_cookie(&headers));
        }
        response
    }

    fn info(self) -> Response<Body> {
        let entropy = u32::from_le_bytes(ids::bytes());
        let Options { websocket, cookie, .. } = *self.options;
        let text = format!(
            r#"{{"websocket":{websocket},"origins":["*:*"],"cookie_needed":{cookie},"entropy":{entropy}}}"#
        );
        let mut response = plain(StatusCode::OK, "application/json; charset=UTF-8", text);
        response.headers_mut().insert(CACHE_CONTROL, NO_CACHE);
        allow_origin(response.headers_mut(), &self.parts.headers);
        response
    }

    fn preflight(self, methods: &'static str) -> Response<Body> {
        let mut response = Response::new(Body::full(Bytes::new()));
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        pages::keep_for_a_year(headers);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(pages::YEAR));
        allow_origin(headers, &self.parts.headers);
        if self.options.cookie {
            headers.insert(SET_COOKIE, session_cookie(&self.parts.headers));
        }
        response
    }

    fn begin(&self, key: &str, speech: Speech, first: GuestJob) -> Result<Arc<Live>, Code> {
        let now = self.engine.wheel.now();
        let Options { namespace, events, .. } = &*self.options;
        let most = self.engine.config.packets_per_body;
        let tongue = Box::new(SockJs::new(now, namespace, *events, speech == Speech::Raw, most));
        let opened = self.engine.open_guest(key, speech, tongue, request_info(&self.parts), first);
        opened.map_err(|(code, job)| {
            job.turn_away(code);
            self.engine.hub.refused(code);
            code
        })
    }

    async fn receive(self, way: Way, key: &str) -> Response<Body> {
        let callback = match way {
            Way::HtmlFile | Way::Jsonp => match callback(&self.parts) {
                Ok(callback) => callback,
                Err(why) => return plain(StatusCode::INTERNAL_SERVER_ERROR, TEXT, why),
            },
            _ => String::new(),
        };
        let (framing, limit) = match way {
            Way::EventSource => (Framing::Events, Some(self.options.response_limit)),
            Way::HtmlFile => (Framing::Scripts, Some(self.options.response_limit)),
            Way::XhrStreaming => (Framing::Lines, Some(self.options.response_limit)),
            _ => (Framing::Lines, None),
        };
        let transport = match way {
            Way::EventSource => Transport::EventSource,
            Way::HtmlFile => Transport::ForeverIframe,
            Way::Jsonp => Transport::Jsonp,
            Way::XhrStreaming => Transport::Streaming,
            _ => Transport::LongPolling,
        };
        let exchange = Exchange::new(self.engine.pipe(), false);
        let first = GuestJob::Get { exchange: exchange.clone(), transport, limit };
        let live = match self.begin(key, Speech::SockJs, first) {
            Ok(live) => live,
            // It has been counted.
            Err(code) => return refusal(code),
        };
        let caller = Caller::new(exchange, live);
        if limit.is_some() {
            let (kind, prelude) = framing.prelude(&callback);
            let mut response = with_type(Response::new(Body::framed(caller, framing, prelude)), kind);
            response.extensions_mut().insert(Streamed);
            return response;
        }
        let Ok(lines) = poll_fn(|cx| caller.exchange.poll_whole(cx)).await else { return not_found() };
        // A closed session says so again at the next poll; this one has room for one frame.
        let frame = crate::dialect::sock_js::frames(lines).into_iter().next().unwrap_or_default();
        match way {
            Way::Jsonp => plain(StatusCode::OK, SCRIPT, wrap::jsonp(&callback, &frame)),
            _ => plain(StatusCode::OK, SCRIPT, frame + "\n"),
        }
    }

    async fn send<B>(self, way: Way, key: &str, body: B) -> Response<Body>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
    {
        let Some(live) = self.engine.find_guest(key) else { return not_found() };
        let config = &self.engine.config;
        let headers = &self.parts.headers;
        let form = b"application/x-www-form-urlencoded";
        let is_form = way == Way::JsonpSend
            && headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(form));
        // A form's text takes up to three times as much.
        let bytes = config.max_payload * if is_form { 3 } else { 1 } + QUOTES;
        let limits = Limits { bytes, time: config.body, room: &self.engine.bodies };
        let body = match collect(headers, body, Kind::Any, limits).await {
            Ok(body) if is_form => form_value(&body).unwrap_or_default().into(),
            Ok(body) => body,
            Err(code) => return self.refuse(code),
        };
        if body.len() > config.max_payload + QUOTES {
            return self.refuse(Code::TooLarge);
        }
        let broken = |why| plain(StatusCode::INTERNAL_SERVER_ERROR, TEXT, why);
        let parts = match messages(&body, config.packets_per_body) {
            Ok(messages) => Ok(messages.into_iter().map(Part::text).collect()),
            Err(BadBody::Empty) => return broken("Payload expected."),
            Err(BadBody::Json) => return broken("Broken JSON encoding."),
            Err(BadBody::TooMany) => return self.refuse(Code::TooManyPackets),
        };
        let exchange = Exchange::new(self.engine.pipe(), false);
        live.submit(Job::Guest(GuestJob::Post { exchange: exchange.clone(), parts }));
        let caller = Caller::new(exchange, live);
        match poll_fn(|cx| caller.exchange.poll_whole(cx)).await {
            Err((Code::Rate, _)) => self.refuse(Code::Rate),
            Err(_) => not_found(),
            Ok(_) if way == Way::JsonpSend => plain(StatusCode::OK, TEXT, "ok"),
            Ok(_) => plain(StatusCode::NO_CONTENT, TEXT, ""),
        }
    }

    fn refuse(&self, code: Code) -> Response<Body> {
        self.engine.hub.refused(code);
        refusal(code)
    }

    fn websocket(mut self, speech: Speech) -> Response<Body> {
        if self.parts.method != Method::GET {
            return wrong_method("GET");
        }
        if !self.options.websocket {
            return not_found();
        }
        let Some((numbers, upgrade, response)) = self.shake_hands() else {
            return plain(StatusCode::BAD_REQUEST, TEXT, "Not a valid websocket request");
        };
        tokio::spawn(async move {
            let socket = match numbers {
                None => upgrade.socket(&self.engine).await,
                Some(numbers) => hixie::take_over(&self.engine, upgrade, &numbers).await,
            };
            let Some(socket) = socket else { return };
            // Each WebSocket is a session of its own, whatever its URL says.
            let key = format!("sock_js {} {}", self.options.mount, ids::random());
            let _ = self.begin(&key, speech, GuestJob::Socket(Some(Box::new(socket))));
        });
        response.map(Body::full)
    }

    /// The answer to a good handshake, and what the draft has still to prove, if it is the draft's.
    fn shake_hands(&mut self) -> Option<(Option<hixie::Numbers>, Upgrade, Response<Bytes>)> {
        if hixie::is_asked_for(&self.parts.headers) {
            let (numbers, response) = hixie::check(&self.parts)?;
            return Some((Some(numbers), Upgrade::of(&mut self.parts)?, response));
        }
        let (upgrade, response) = handshake::shake(&mut self.parts).ok()?;
        Some((None, upgrade, response))
    }
}

/// The name of a function that a page has, from the URL.
pub(crate) fn callback(parts: &Parts) -> Result<String, &'static str> {
    let callback = query(parts, "c").or_else(|| query(parts, "callback")).unwrap_or_default();
    if callback.is_empty() {
        return Err("\"callback\" parameter required");
    }
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if callback.len() > 128 || !callback.bytes().all(good) {
        Err("invalid \"callback\" parameter")
    } else {
        Ok(callback)
    }
}

/// SockJS's pages always send cookies.
fn allow_origin(headers: &mut HeaderMap, request: &HeaderMap) {
    let origin = request.get(ORIGIN).cloned().unwrap_or(HeaderValue::from_static("*"));
    if origin != "*" {
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(wanted) = request.get(ACCESS_CONTROL_REQUEST_HEADERS).filter(|wanted| !wanted.is_empty()) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
}

/// The cookie that the client has, or one for the load balancer to change.
fn session_cookie(request: &HeaderMap) -> HeaderValue {
    let cookies = request.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut values =
        cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().strip_prefix("JSESSIONID="));
    let value = values.next().unwrap_or("dummy");
    HeaderValue::from_str(&format!("JSESSIONID={value}; path=/"))
        .unwrap_or(HeaderValue::from_static("JSESSIONID=dummy; path=/"))
}

fn plain(status: StatusCode, kind: &'static str, text: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::full(text.into()));
    *response.status_mut() = status;
    with_type(response, kind)
}

fn with_type(mut response: Response<Body>, kind: &'static str) -> Response<Body> {
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    // Else Chromium holds a stream of text back, and old browsers guess at what an answer is.
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn wrong_method(allowed: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::full(Bytes::new()));
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// A body that is not even looked into, or a session too many.
fn refusal(code: Code) -> Response<Body> {
    let status = StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = plain(status, TEXT, code.message());
    if let Some(seconds) = pause(code) {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

fn not_found() -> Response<Body> {
    plain(StatusCode::NOT_FOUND, TEXT, "Not found.\n")
}
