//! WebSocket before RFC 6455: the draft hixie-76, which the browsers of 2010 and 2011 speak. Text only.
//!
//! ```text
//! GET /echo/0/abc/websocket HTTP/1.1                   HTTP/1.1 101
//! Upgrade: WebSocket                                   Upgrade: WebSocket
//! Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5      ->     Sec-WebSocket-Origin: the page's
//! Sec-WebSocket-Key2: 12998 5 Y3 1  .P00               Sec-WebSocket-Location: ws://host/echo/0/abc/websocket
//!
//! 8 bytes                                       ->     md5(number of key 1, number of key 2, the 8 bytes)
//! 00 text FF                                   <->     00 text FF
//! FF 00, the end                               <->     FF 00
//! ```
//!
//! The head is answered before the 8 bytes have come: some proxies pass nothing behind it until they have seen a 101.
//!
//! What follows is translated to frames of RFC 6455 and back, so that sessions need not know.

pub(crate) mod reading;
mod writing;

use std::io;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, UPGRADE};
use http::request::Parts;
use http::{Response, StatusCode, Uri};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use md5::{Digest, Md5};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use self::reading::Reading;
use self::writing::Writing;
use super::super::handshake::{has_token, only};
use super::super::upgrade::{Taken, Upgrade};
use crate::engine::Engine;
use crate::engine::socket::{Reader, Source, WebSocket};
use crate::engine::writer::{Sink, Writer};

const KEYS: [HeaderName; 2] =
    [HeaderName::from_static("sec-websocket-key1"), HeaderName::from_static("sec-websocket-key2")];
const THEIR_ORIGIN: HeaderName = HeaderName::from_static("sec-websocket-origin");
const LOCATION: HeaderName = HeaderName::from_static("sec-websocket-location");

/// The target of a request as it came, for who is nested sees the rest of it only. [`crate::serve()`] leaves it here, but only for a handshake of this
/// draft.
#[derive(Clone, Debug)]
pub(crate) struct Target(pub(crate) Uri);

/// The numbers that the client has hidden in its keys.
#[derive(Debug, PartialEq)]
pub(crate) struct Numbers([u32; 2]);

/// Does a client of this draft ask?
pub(crate) fn is_asked_for(headers: &HeaderMap) -> bool {
    headers.contains_key(&KEYS[0])
}

/// Judges a handshake, and answers its head. None: it is no good one.
pub(crate) fn check(parts: &Parts) -> Option<(Numbers, Response<Bytes>)> {
    let headers = &parts.headers;
    if !has_token(headers, &UPGRADE, "websocket") || !has_token(headers, &CONNECTION, "upgrade") {
        return None;
    }
    let [first, second] = KEYS.map(|key| only(headers, &key).and_then(|key| number(key.as_bytes())));
    let numbers = Numbers([first?, second?]);
    let origin = only(headers, &ORIGIN)?;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let answer = response.headers_mut();
    answer.insert(UPGRADE, HeaderValue::from_static("WebSocket"));
    answer.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    answer.insert(THEIR_ORIGIN, origin.clone());
    answer.insert(LOCATION, location(parts, origin)?);
    Some((numbers, response))
}

/// The URL that the client has called, which it compares.
fn location(parts: &Parts, origin: &HeaderValue) -> Option<HeaderValue> {
    let headers = &parts.headers;
    let target = parts.extensions.get::<Target>().map_or(&parts.uri, |Target(uri)| uri);
    // Whoever ends TLS in front of us says so; and a page that came by it may call nothing else.
    let forwarded = headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    let scheme = if forwarded || origin.as_bytes().starts_with(b"https:") { "wss" } else { "ws" };
    let host = only(headers, &HOST)?.to_str().ok()?;
    let url = format!("{scheme}://{host}{}", target.path_and_query()?);
    HeaderValue::from_str(&url).ok()
}

/// The digits of a key, as a number, through the number of its spaces.
fn number(key: &[u8]) -> Option<u32> {
    let spaces = key.iter().filter(|byte| **byte == b' ').count() as u64;
    let digits: String =
        key.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| char::from(*byte)).collect();
    let number = digits.parse::<u64>().ok()?;
    if spaces == 0 || !number.is_multiple_of(spaces) {
        return None;
    }
    u32::try_from(number / spaces).ok()
}

impl Numbers {
    /// What proves to the client that its handshake was understood.
    fn proof(&self, nonce: [u8; 8]) -> [u8; 16] {
        let [first, second] = self.0.map(u32::to_be_bytes);
        Md5::new().chain_update(first).chain_update(second).chain_update(nonce).finalize().into()
    }
}

/// Ends the handshake, and takes the connection. None: the rest of it never came.
pub(super) async fn take_over(engine: &Engine, upgrade: Upgrade, numbers: &Numbers) -> Option<WebSocket> {
    let Taken { upgraded, seat, .. } = upgrade.taken().await?;
    let mut io = TokioIo::new(upgraded);
    let proving = tokio::time::timeout(engine.config.handshake, prove(&mut io, numbers));
    proving.await.ok()?.ok()?;
    let (read, write) = tokio::io::split(io);
    let max = engine.config.max_payload;
    let reader = Reader::new(Source::Other(Box::new(Reading::new(read, max))), BytesMut::new(), max, seat);
    Some(WebSocket {
        reader,
        writer: Writer::new(engine.pipe(), Sink::Driver(Box::new(Writing::new(write)))),
    })
}

async fn prove(io: &mut TokioIo<Upgraded>, numbers: &Numbers) -> io::Result<()> {
    let mut nonce = [0; 8];
    io.read_exact(&mut nonce).await?;
    io.write_all(&numbers.proof(nonce)).await?;
    io.flush().await
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn request(changes: &[(&'static str, &'static str)]) -> Parts {
        let mut parts = Request::get("/0/abc/websocket?t=1").body(()).unwrap().into_parts().0;
        let good = [
            ("host", "example.com:81"),
            ("connection", "Upgrade"),
            ("upgrade", "WebSocket"),
            ("origin", "http://page.example"),
            ("sec-websocket-key1", "18x 6]8vM;54 *(5:  {   U1]8  z [  8"),
            ("sec-websocket-key2", "1_ tx7X d  <  nw  334J702) 7]o}` 0"),
        ];
        for (name, value) in good.iter().chain(changes) {
            match *value {
                "-" => parts.headers.remove(*name),
                _ => parts.headers.insert(*name, HeaderValue::from_static(value)),
            };
        }
        parts
    }

    #[test]
    fn the_draft_s_own_example() {
        let (numbers, response) = check(&request(&[])).unwrap();
        assert_eq!(numbers, Numbers([155_712_099, 173_347_027]));
        assert_eq!(&numbers.proof(*b"Tm[K T2u"), b"fQJ,fN/4F4!~K~MH");
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(response.headers()["sec-websocket-origin"], "http://page.example");
        assert_eq!(response.headers()["sec-websocket-location"], "ws://example.com:81/0/abc/websocket?t=1");
    }

    #[test]
    fn the_location_is_what_the_client_has_called() {
        let mut parts = request(&[("origin", "https://page.example")]);
        parts.extensions.insert(Target(Uri::from_static("/echo/0/abc/websocket")));
        let (_, response) = check(&parts).unwrap();
        assert_eq!(response.headers()["sec-websocket-location"], "wss://example.com:81/echo/0/abc/websocket");
    }

    #[test]
    fn bad_handshakes() {
        for change in [
            ("upgrade", "h2c"),
            ("connection", "close"),
            ("origin", "-"),
            ("host", "-"),
            ("sec-websocket-key2", "-"),
            ("sec-websocket-key1", "12345"),
            ("sec-websocket-key1", "  "),
            ("sec-websocket-key1", "7  "),
            ("sec-websocket-key1", "4294967296 "),
            ("sec-websocket-key1", "99999999999999999999999 "),
        ] {
            assert!(check(&request(&[change])).is_none(), "{change:?}");
        }
    }
}
