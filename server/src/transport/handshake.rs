//! The WebSocket handshake (RFC 6455, section 4.2).
//!
//! ```text
//! GET /everwire/websocket HTTP/1.1           HTTP/1.1 101 Switching Protocols
//! Host: …                                    Upgrade: websocket
//! Upgrade: websocket                    ->   Connection: Upgrade
//! Connection: Upgrade                        Sec-WebSocket-Accept: base64(sha1(key + GUID))
//! Sec-WebSocket-Version: 13
//! Sec-WebSocket-Key: 16 bytes in base64
//! ```
//!
//! In HTTP/2 (RFC 8441) a stream is asked for, and neither keys nor tokens are needed:
//!
//! ```text
//! :method CONNECT  :protocol websocket       :status 200
//! :path /everwire/websocket             ->
//! sec-websocket-version: 13
//! ```

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use everwire_session::code::Code;
use http::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;
use http::{Extensions, Method, Request, Response, StatusCode, Version};
use hyper::ext::Protocol;
use sha1::{Digest, Sha1};

use super::http::answer::Refusal;
use super::upgrade::Upgrade;

const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Judges a request on the websocket URL, and answers a good one.
///
/// # Errors
/// As [`check`] says; `upgrade_required` too when the server in front of us cannot upgrade.
pub(crate) fn shake(parts: &mut Parts) -> Result<(Upgrade, Response<Bytes>), Refusal> {
    let response = if asks_for_websocket(&parts.extensions) {
        check_version(&parts.headers)?;
        Response::new(Bytes::new())
    } else {
        switch(check(&parts.method, parts.version, &parts.headers)?)
    };
    Ok((Upgrade::of(parts).ok_or(Code::UpgradeRequired)?, response))
}

/// Whether this is how HTTP/2 asks for a WebSocket.
pub(crate) fn is_extended<B>(request: &Request<B>) -> bool {
    request.method() == Method::CONNECT && asks_for_websocket(request.extensions())
}

fn asks_for_websocket(extensions: &Extensions) -> bool {
    extensions.get::<Protocol>().is_some_and(|protocol| protocol.as_ref() == b"websocket")
}

/// Judges a handshake of HTTP/1.1 and gives the value of `Sec-WebSocket-Accept`.
///
/// # Errors
/// `method` for anything but GET; `upgrade_required` when no WebSocket is asked for (which is also what is
/// left when a proxy takes the header away) or one of another version; else `bad_handshake`.
pub(crate) fn check(method: &Method, version: Version, headers: &HeaderMap) -> Result<HeaderValue, Refusal> {
    let bad = |message| Refusal::new(Code::BadHandshake).message(message);
    if method != Method::GET {
        return Err(Refusal::method("GET"));
    }
    if headers.contains_key("sec-websocket-key1") {
        return Err(bad("A draft of WebSocket from before RFC 6455."));
    }
    if !has_token(headers, &UPGRADE, "websocket") {
        return Err(Code::UpgradeRequired.into());
    }
    if version < Version::HTTP_11 {
        return Err(bad("WebSocket needs HTTP/1.1."));
    }
    if !has_token(headers, &CONNECTION, "upgrade") {
        return Err(bad("`Connection: upgrade` is missing."));
    }
    check_version(headers)?;
    match only(headers, &SEC_WEBSOCKET_KEY) {
        Some(key) if is_key(key.as_bytes()) => Ok(accept(key.as_bytes())),
        _ => Err(bad("`Sec-WebSocket-Key` is not 16 bytes in base64.")),
    }
}

fn check_version(headers: &HeaderMap) -> Result<(), Refusal> {
    if only(headers, &SEC_WEBSOCKET_VERSION).is_none_or(|version| version.as_bytes() != b"13") {
        return Err(Refusal::new(Code::UpgradeRequired).message("The version of WebSocket is 13."));
    }
    Ok(())
}

/// The answer to a good handshake.
fn switch(accept: HeaderValue) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    response
}

fn accept(key: &[u8]) -> HeaderValue {
    let hash = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    HeaderValue::from_str(&STANDARD.encode(hash)).expect("base64 is a header value")
}

/// 16 bytes are 22 characters and two of padding.
fn is_key(key: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == 24 && key.ends_with(b"==") && key[..22].iter().all(is_letter)
}

pub(super) fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let has = |value: &HeaderValue| {
        let mut tokens = value.as_bytes().split(|byte| *byte == b',');
        tokens.any(|part| part.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    };
    headers.get_all(name).iter().any(has)
}

pub(super) fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &[(&str, &str)] = &[
        ("host", "example.com"),
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    /// The good request with `changes`: a value of `-` takes a header away, one that begins with `+` adds a second.
    fn request(changes: &[(&str, &str)]) -> HeaderMap {
        let pairs = GOOD.iter().chain(changes);
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name: HeaderName = name.parse().unwrap();
            match (*value, value.strip_prefix('+')) {
                ("-", _) => drop(headers.remove(name)),
                (_, Some(value)) => drop(headers.append(name, value.parse().unwrap())),
                (value, None) => drop(headers.insert(name, value.parse().unwrap())),
            }
        }
        headers
    }

    fn judge(changes: &[(&str, &str)]) -> Result<HeaderValue, Code> {
        check(&Method::GET, Version::HTTP_11, &request(changes)).map_err(|refusal| refusal.code())
    }

    #[test]
    fn the_example_of_the_rfc_is_accepted() {
        let accept = judge(&[]).unwrap();
        assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        let response = switch(accept);
        assert_eq!(response.status(), 101);
        assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(response.headers()["upgrade"], "websocket");
        assert_eq!(response.headers()["connection"], "Upgrade");
    }

    #[test]
    fn requests_are_judged_by_each_header() {
        let good = None;
        let bad = Some(Code::BadHandshake);
        let upgrade = Some(Code::UpgradeRequired);
        let table: &[(&[(&str, &str)], Option<Code>)] = &[
            (&[("upgrade", "WebSocket")], good),
            (&[("upgrade", "h2c, websocket")], good),
            (&[("connection", "keep-alive, Upgrade")], good),
            (&[("connection", "keep-alive"), ("connection", "+upgrade")], good),
            (&[("upgrade", "-")], upgrade),
            (&[("upgrade", "-"), ("connection", "-")], upgrade),
            (&[("upgrade", "h2c")], upgrade),
            (&[("upgrade", "websockets")], upgrade),
            (&[("upgrade", "")], upgrade),
            (&[("connection", "-")], bad),
            (&[("connection", "close")], bad),
            (&[("connection", "upgraded")], bad),
            (&[("sec-websocket-version", "-")], upgrade),
            (&[("sec-websocket-version", "8")], upgrade),
            (&[("sec-websocket-version", "13, 8")], upgrade),
            (&[("sec-websocket-version", "+13")], upgrade),
            (&[("sec-websocket-key", "-")], bad),
            (&[("sec-websocket-key", "")], bad),
            (&[("sec-websocket-key", "c2hvcnQ=")], bad),
            (&[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZXg=")], bad),
            (&[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZ!==")], bad),
            (&[("sec-websocket-key", "+dGhlIHNhbXBsZSBub25jZQ==")], bad),
            (&[("sec-websocket-key1", "4 @1  46546xW%0l 1 5")], bad),
        ];
        for (changes, expected) in table {
            assert_eq!(judge(changes).err(), *expected, "{changes:?}");
        }
    }

    #[test]
    fn other_methods_and_older_versions_are_refused() {
        let post = check(&Method::POST, Version::HTTP_11, &request(&[]));
        assert_eq!(post.unwrap_err().code(), Code::Method);
        let old = check(&Method::GET, Version::HTTP_10, &request(&[]));
        assert_eq!(old.unwrap_err().code(), Code::BadHandshake);
    }

    #[test]
    fn another_version_is_told_the_right_one() {
        let refusal = check(&Method::GET, Version::HTTP_11, &request(&[("sec-websocket-version", "8")]));
        assert_eq!(refusal.unwrap_err().answer().headers()["sec-websocket-version"], "13");
    }
}
