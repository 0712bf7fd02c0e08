//! Requests refused before any handler sees them.

use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;

use bytes::Bytes;
use everwire_session::code::Code;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderValue};
use http::{Method, Request, Response, StatusCode, Version};
use http_body::Body;
use http_body_util::Full;
use hyper::body::Incoming;
use tower::ServiceExt;

use super::answer::{Answer, Way};
use super::counts::{Why, count};
use super::seats::{Seat, Ticket};
use super::takeover::{self, Streamed, Takeover};
use super::{BoxError, MAX_HEADERS, Rules, forwarded, streams};
use crate::transport::handshake::is_extended;
use crate::transport::http::answer::Refusal;
use crate::transport::sock_js::hixie;

/// The longest target of a request.
const MAX_URI: usize = 8 * 1024;

/// Whom a request through a proxy comes from: among its extensions, where a proxy that is believed says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visitor(pub(crate) IpAddr);

/// A service behind the checks that need the whole head. It is told where the request came from: the peer's `SocketAddr` is among the
/// request's extensions, and the [`Seat`] for who takes the connection over.
#[derive(Clone, Debug)]
pub(super) struct Checked<S> {
    pub(super) rules: Arc<Rules>,
    pub(super) service: S,
    pub(super) peer: SocketAddr,
    pub(super) seat: Seat,
    /// Set in HTTP/1.1.
    pub(super) takeover: Option<Takeover>,
}

impl<S, B> hyper::service::Service<Request<Incoming>> for Checked<S>
where
    S: tower::Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Answer>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Answer>, S::Error>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let Self { rules, service, peer, seat, takeover } = self;
        let is_http2 = request.version() == Version::HTTP_2;
        let visitor = rules.visitor(*peer, &request);
        let guest = match rules.guest(visitor.as_ref()) {
            Some(ticket) if ticket.is_beyond() => {
                count(Why::Rate);
                Err(Refusal::from(Code::Rate).answer())
            }
            guest => check(&request).map_or(Ok(guest.map(Arc::new)), Err),
        };
        let guest = match guest {
            Ok(guest) => guest,
            Err(mut refusal) => {
                if is_http2 {
                    refusal.headers_mut().remove(CONNECTION);
                }
                let refusal =
                    refusal.map(|body| Answer::new(Full::new(body), Way::of_version(is_http2), None));
                return Box::pin(async { Ok(refusal) });
            }
        };
        let seat = guest.clone().map_or_else(|| seat.clone(), |guest| seat.clone().with_guest(guest));
        let (service, peer) = (service.clone(), *peer);
        // Before HTTP/1.1 there are no chunks.
        let takeover = takeover.clone().filter(|_| request.version() == Version::HTTP_11);
        let is_last = takeover::is_last(request.headers());
        Box::pin(async move {
            let answering = service.oneshot(labelled(request, peer, visitor, seat));
            let mut answering = pin!(answering);
            let mut response = poll_fn(|cx| streams::note(answering.as_mut().poll(cx))).await?;
            if !is_http2 && leaves_body(response.status()) {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            let way = match takeover {
                Some(takeover) if is_stream(&response) => {
                    let is_last = is_last || takeover::is_last(response.headers());
                    Way::Stream { takeover, is_last, begun: false }
                }
                _ => Way::of_version(is_http2),
            };
            Ok(response.map(|body| Answer::new(body, way, guest)))
        })
    }
}

/// The rest of the request is not read, so its connection will be closed: a proxy that is not told may give it the next request.
fn leaves_body(status: StatusCode) -> bool {
    matches!(status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT)
}

fn is_stream<B>(response: &Response<B>) -> bool {
    response.extensions().get::<Streamed>().is_some() && takeover::is_chunked(response.headers())
}

impl Rules {
    /// Whom a request through a proxy comes from.
    fn visitor<B>(&self, peer: SocketAddr, request: &Request<B>) -> Option<Visitor> {
        let is_proxied = self.proxies.contains(peer.ip());
        is_proxied.then(|| Visitor(forwarded::origin(peer.ip(), request.headers(), &self.proxies)))
    }

    /// Counts it for that one. Who comes directly has been counted at the door.
    fn guest(&self, visitor: Option<&Visitor>) -> Option<Ticket> {
        let (addresses, Visitor(address)) = self.addresses.as_ref().zip(visitor)?;
        Some(addresses.enter(*address))
    }
}

/// The request with what only this loop knows.
fn labelled<B>(
    mut request: Request<B>,
    peer: SocketAddr,
    visitor: Option<Visitor>,
    seat: Seat,
) -> Request<B> {
    let seat = match is_extended(&request).then(streams::left).flatten() {
        Some(left) => seat.with_left(left),
        None => seat,
    };
    if hixie::is_asked_for(request.headers()) {
        let target = hixie::Target(request.uri().clone());
        request.extensions_mut().insert(target);
    }
    request.extensions_mut().insert(peer);
    if let Some(visitor) = visitor {
        request.extensions_mut().insert(visitor);
    }
    request.extensions_mut().insert(seat);
    request
}

fn check<B>(request: &Request<B>) -> Option<Response<Bytes>> {
    let uri = request.uri();
    if uri.path_and_query().is_some_and(|target| target.as_str().len() > MAX_URI) {
        let mut refusal = refuse(Why::Target, "The target is too long.");
        *refusal.status_mut() = StatusCode::URI_TOO_LONG;
        return Some(refusal);
    }
    // HTTP/1.1 has been refused by hyper.
    if request.headers().len() > MAX_HEADERS {
        let mut refusal = refuse(Why::Head, "Too many fields.");
        *refusal.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Some(refusal);
    }
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(_), Some(_)) => return Some(bad_request("Two hosts.")),
        (Some(host), None) => host.as_bytes(),
        // Only since HTTP/1.1 it must be there.
        (None, _) if request.version() < Version::HTTP_11 => return None,
        // HTTP/2 has `:authority` instead.
        (None, _) if request.version() == Version::HTTP_2 && uri.authority().is_some() => b"",
        (None, _) => return Some(bad_request("No host.")),
    };
    // Proxies are spoken to like this, and this is none.
    let is_elsewhere = |authority: &http::uri::Authority| {
        !host.is_empty() && !authority.as_str().as_bytes().eq_ignore_ascii_case(host)
    };
    let is_connect = request.method() == Method::CONNECT && !is_extended(request);
    if uri.authority().is_some_and(is_elsewhere) || is_connect {
        return Some(bad_request("The target is on another host."));
    }
    None
}

/// Refuses in a way that ends the connection, since nobody knows where the next request begins.
pub(super) fn bad_request(message: &'static str) -> Response<Bytes> {
    refuse(Why::BadRequest, message)
}

fn refuse(why: Why, message: &'static str) -> Response<Bytes> {
    count(why);
    close_after(Refusal::new(Code::BadRequest).message(message).answer())
}

/// To who has too many connections.
pub(super) fn too_many() -> Response<Bytes> {
    count(Why::Rate);
    close_after(Refusal::new(Code::Rate).message("Too many connections from this address.").answer())
}

pub(super) fn timeout() -> Response<Bytes> {
    count(Why::Timeout);
    close_after(Refusal::new(Code::Timeout).answer())
}

fn close_after(mut response: Response<Bytes>) -> Response<Bytes> {
    let length = response.body().len();
    response.headers_mut().insert(CONTENT_LENGTH, length.into());
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The answer as it stands on the wire, for when hyper has given up already.
pub(super) fn to_bytes(response: &Response<Bytes>) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {}\r\n", response.status()).into_bytes();
    for (name, value) in response.headers() {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            out.extend_from_slice(part);
        }
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(response.body());
    out
}
