//! The tower service: routes, origins, CORS. What happens on each path is the transport's own file.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use everwire_session::code::Code;
use http::header::{HOST, HeaderMap, HeaderValue, USER_AGENT};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode, Version};
use http_body::Body as HttpBody;

use super::answers::{Body, Reply, TEXT};
use super::http::answer::{self, Refusal};
use super::http::cors::Cors;
use super::http::origin::Verdict;
use super::{event_source, forever_iframe, handshake, jsonp, long_polling, send, streaming, websocket};
use crate::config::Transport;
use crate::engine::Engine;
use crate::handshake::RequestInfo;
use crate::serve::Visitor;

/// Headers of the opening request that a session keeps for its handlers. Nothing else of it stays in memory.
const KEPT: [&str; 6] = ["accept-language", "cookie", "forwarded", "host", "origin", "x-forwarded-for"];

/// Serves the sessions of one server: mount it where clients look for it, by default at `/everwire`.
///
/// ```
/// use everwire::Everwire;
///
/// let wire = Everwire::new();
/// let app: axum::Router = axum::Router::new().nest_service("/everwire", wire.service());
/// # let _ = app;
/// ```
#[derive(Clone)]
pub struct EverwireService {
    engine: Arc<Engine>,
}

/// One request, its body still to be read.
pub(crate) struct Call<B> {
    pub(crate) engine: Arc<Engine>,
    pub(crate) parts: Parts,
    pub(crate) body: B,
}

impl EverwireService {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }
}

tower_service!(EverwireService, engine, answer);

/// An answer on its way.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

/// HTTP/2 says the host in `:authority`, and asks for a WebSocket by CONNECT. The transports need not know.
pub(crate) fn in_words_of_http1<B>(request: &mut Request<B>) {
    if request.version() == Version::HTTP_2
        && !request.headers().contains_key(HOST)
        && let Some(host) = request.uri().authority().and_then(|host| host.as_str().parse().ok())
    {
        request.headers_mut().insert(HOST, host);
    }
    if handshake::is_extended(request) {
        *request.method_mut() = Method::GET;
    }
}

/// Counts a request until its answer has been given to its end.
pub(crate) struct OpenRequest(Arc<Engine>);

impl OpenRequest {
    pub(crate) fn new(engine: &Arc<Engine>) -> Self {
        engine.open_requests.fetch_add(1, Ordering::Relaxed);
        Self(engine.clone())
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.0.open_requests.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn answer<B>(EverwireService { engine }: EverwireService, request: Request<B>) -> Response<Body>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
{
    // What reads a request is large, and keeps hyper's buffer: both are given back while the answer hangs.
    let Routed { reply, origin, readable } = Box::pin(routed(engine.clone(), request)).await;
    let response = match reply {
        Ok(reply) => reply.response().await,
        Err(refusal) => Err(refusal),
    };
    let mut response = response.unwrap_or_else(|refusal| refuse(&engine, &refusal, readable));
    if let Some(origin) = &origin {
        cors(&engine).allow(response.headers_mut(), origin);
    }
    response
}

/// What is left of a request that has been read.
struct Routed {
    reply: Result<Reply, Refusal>,
    /// Whom CORS headers are for.
    origin: Option<HeaderValue>,
    readable: bool,
}

async fn routed<B>(engine: Arc<Engine>, request: Request<B>) -> Routed
where
    B: HttpBody<Data = Bytes> + Send + 'static,
{
    let (parts, body) = request.into_parts();
    let origin = match engine.config.origins.judge(&parts.headers, None) {
        Verdict::Allowed(origin) => Some(origin),
        Verdict::Absent => None,
        Verdict::Foreign => {
            return Routed { reply: Err(Code::Origin.into()), origin: None, readable: true };
        }
    };
    let readable = query(&parts, "status").is_none_or(|status| status != "200");
    let cors = cors(&engine);
    let reply = route(Call { engine, parts, body }, &cors, origin.as_ref()).await;
    Routed { reply, origin, readable }
}

fn cors(engine: &Engine) -> Cors {
    Cors { credentials: engine.config.credentials, ..Cors::default() }
}

/// Some clients see nothing of an answer whose status is not 200, and say so: they get a packet.
fn refuse(engine: &Engine, refusal: &Refusal, readable: bool) -> Response<Body> {
    engine.hub.refused(refusal.code());
    if readable {
        refusal.answer().map(Body::full)
    } else {
        answer::answer(StatusCode::OK, TEXT, format!("r{}\n", refusal.json())).map(Body::full)
    }
}

async fn route<B>(call: Call<B>, cors: &Cors, origin: Option<&HeaderValue>) -> Result<Reply, Refusal>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
{
    let name = call.parts.uri.path().trim_start_matches('/').to_owned();
    let transport = Transport::ALL.into_iter().find(|transport| transport.name() == name);
    let methods = match (name.as_str(), transport) {
        ("send", _) | (_, Some(Transport::LongPolling | Transport::Streaming)) => "POST, OPTIONS",
        (_, Some(Transport::Websocket)) => "GET, OPTIONS",
        (_, Some(_)) => "GET, POST, OPTIONS",
        (_, None) => return Err(Code::NotFound.into()),
    };
    if transport.is_some_and(|transport| !call.engine.config.transports.contains(&transport)) {
        return Err(Code::Transport.into());
    }
    let method = call.parts.method.clone();
    if method == Method::OPTIONS {
        return Ok(cors.preflight(&call.parts.headers, origin, methods).map(Body::full).into());
    }
    if !methods.split(", ").any(|allowed| allowed == method.as_str()) {
        return Err(Refusal::method(methods));
    }
    if method == Method::GET {
        let Call { engine, parts, .. } = call;
        let call = Call { engine, parts, body: () };
        let response = match transport {
            Some(Transport::EventSource) => event_source::stream(&call),
            Some(Transport::ForeverIframe) => forever_iframe::stream(&call)?,
            Some(Transport::Jsonp) => jsonp::script(&call).await?,
            _ => websocket::upgrade(call)?,
        };
        return Ok(response.into());
    }
    Ok(match transport {
        Some(Transport::Websocket) | None => send::post(call).await?.into(),
        Some(Transport::EventSource) => event_source::open(call).await?.into(),
        Some(Transport::ForeverIframe) => forever_iframe::open(call).await?.into(),
        Some(Transport::Jsonp) => jsonp::form(call).await?.into(),
        Some(Transport::LongPolling) => long_polling::post(call).await?.into(),
        Some(Transport::Streaming) => streaming::post(call).await?.into(),
    })
}

/// What a session keeps of the request that opens it: copies, since the request's own memory is 16 KiB of hyper's buffer.
pub(crate) fn request_info(parts: &Parts) -> RequestInfo {
    let remote = parts.extensions.get::<SocketAddr>().copied();
    let visitor = parts.extensions.get::<Visitor>().map(|Visitor(address)| *address);
    let address = visitor.or(remote.map(|remote| remote.ip()));
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let kept = KEPT.iter().copied().chain([USER_AGENT.as_str()]);
    RequestInfo::new(
        remote,
        address,
        target,
        kept.filter_map(|name| Some((name, text(&parts.headers, name)?))),
    )
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// A value in the query, percent-decoded. The first one counts.
pub(crate) fn query(parts: &Parts, key: &str) -> Option<String> {
    let pairs = parts.uri.query()?.split('&');
    let (_, value) =
        pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).find(|(name, _)| *name == key)?;
    percent_decode(value.as_bytes())
}

/// Decodes `%XX` and `+`. `None`: no UTF-8, or a broken escape.
pub(crate) fn percent_decode(text: &[u8]) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [*bytes.next()?, *bytes.next()?];
                let digit = |byte: u8| (byte as char).to_digit(16);
                (digit(digits[0])? * 16 + digit(digits[1])?) as u8
            }
            byte => *byte,
        });
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_decoding() {
        for (text, decoded) in [
            ("a+b%20c", Some("a b c")),
            ("%E2%82%AC", Some("€")),
            ("%", None),
            ("%4", None),
            ("%zz", None),
            ("%ff", None),
        ] {
            assert_eq!(percent_decode(text.as_bytes()).as_deref(), decoded, "{text}");
        }
    }
}
