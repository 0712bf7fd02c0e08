//! Requests refused before any handler sees them.

use std::future::{Ready, ready};
use std::net::SocketAddr;

use bytes::Bytes;
use everwire_session::code::Code;
use futures_util::TryFutureExt;
use futures_util::future::{Either as EitherFuture, MapOk};
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderValue};
use http::{Method, Request, Response, StatusCode, Version};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use tower::ServiceExt;
use tower::util::Oneshot;

use crate::transport::http::answer::Refusal;
use crate::transport::sock_js::hixie;

/// The longest target of a request.
const MAX_URI: usize = 8 * 1024;

/// A service behind the checks that need the whole head. It is told where the request came from: the
/// peer's `SocketAddr` is among the request's extensions.
#[derive(Clone, Debug)]
pub(super) struct Checked<S> {
    pub(super) service: S,
    pub(super) peer: SocketAddr,
}

type Answered<B> = Response<Either<B, Full<Bytes>>>;

impl<S, B> hyper::service::Service<Request<Incoming>> for Checked<S>
where
    S: tower::Service<Request<Incoming>, Response = Response<B>> + Clone,
{
    type Response = Answered<B>;
    type Error = S::Error;
    type Future = EitherFuture<
        MapOk<Oneshot<S, Request<Incoming>>, fn(Response<B>) -> Answered<B>>,
        Ready<Result<Answered<B>, S::Error>>,
    >;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        match check(&request) {
            None => {
                request.extensions_mut().insert(self.peer);
                if hixie::is_asked_for(request.headers()) {
                    let target = hixie::Target(request.uri().clone());
                    request.extensions_mut().insert(target);
                }
                let wrap: fn(Response<B>) -> Answered<B> = |response| response.map(Either::Left);
                EitherFuture::Left(self.service.clone().oneshot(request).map_ok(wrap))
            }
            Some(refusal) => {
                EitherFuture::Right(ready(Ok(refusal.map(|body| Either::Right(Full::new(body))))))
            }
        }
    }
}

fn check<B>(request: &Request<B>) -> Option<Response<Bytes>> {
    let uri = request.uri();
    if uri.path_and_query().is_some_and(|target| target.as_str().len() > MAX_URI) {
        let mut refusal = bad_request("The target is too long.");
        *refusal.status_mut() = StatusCode::URI_TOO_LONG;
        return Some(refusal);
    }
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(_), Some(_)) => return Some(bad_request("Two hosts.")),
        (Some(host), None) => host.as_bytes(),
        // Only since HTTP/1.1 it must be there.
        (None, _) if request.version() < Version::HTTP_11 => return None,
        (None, _) => return Some(bad_request("No host.")),
    };
    // Proxies are spoken to like this, and this is none.
    let is_elsewhere =
        |authority: &http::uri::Authority| !authority.as_str().as_bytes().eq_ignore_ascii_case(host);
    if uri.authority().is_some_and(is_elsewhere) || request.method() == Method::CONNECT {
        return Some(bad_request("The target is on another host."));
    }
    None
}

/// Refuses in a way that ends the connection, since nobody knows where the next request begins.
pub(super) fn bad_request(message: &'static str) -> Response<Bytes> {
    close_after(Refusal::new(Code::BadRequest).message(message).answer())
}

pub(super) fn timeout() -> Response<Bytes> {
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
