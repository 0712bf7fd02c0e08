//! Heads of requests: what is looked at before hyper sees it, and the fields that are ours.

use http::header::{HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use http::{Method, Request, Version};

use crate::config::Transport;
use crate::serve::head::Scanner;
use crate::transport::handshake;
use crate::transport::http::origin::{OriginPolicy, Verdict};
use crate::transport::service::{percent_decode, query};
use crate::transport::sock_js::{callback, hixie};

/// The first byte says how the bytes are cut; lines are a pattern of origins, an origin, a host, a target, then header fields.
pub fn heads(data: &[u8]) {
    let Some((cut, bytes)) = data.split_first() else { return };
    assert_eq!(scanned([bytes]), scanned(bytes.chunks(usize::from(*cut).max(1))));
    let _ = percent_decode(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut lines = text.lines();
    let mut next = || lines.next().unwrap_or_default();
    let (pattern, origin, host, target) = (next(), next(), next(), next());
    origins(pattern, origin, host);
    let mut request = Request::builder().method(Method::GET).uri(target);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let field = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value.trim()));
        if let (Ok(name), Ok(value)) = field {
            request = request.header(name, value);
        }
    }
    let Ok(request) = request.body(()) else { return };
    let (parts, ()) = request.into_parts();
    for transport in Transport::ALL {
        let _ = query(&parts, transport.name());
    }
    if let Ok(name) = callback(&parts) {
        assert!(name.is_ascii() && !name.contains(['<', '(', ' ', '\r', '\n']));
    }
    let _ = handshake::check(&parts.method, Version::HTTP_11, &parts.headers);
    let _ = hixie::check(&parts);
}

fn scanned<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<bool, &'static str> {
    let mut scanner = Scanner::default();
    for piece in pieces {
        if !scanner.scan(piece)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn origins(pattern: &str, origin: &str, host: &str) {
    let mut headers = HeaderMap::new();
    for (name, value) in [(ORIGIN, origin), (HOST, host)] {
        headers.extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
    }
    let _ = OriginPolicy::SameOrigin.judge(&headers, None);
    let Ok(policy) = OriginPolicy::list([pattern]) else { return };
    if matches!(policy.judge(&headers, None), Verdict::Allowed(_)) {
        let (_, wanted) =
            pattern.rsplit_once("*.").or(pattern.split_once("://")).expect("a pattern has a scheme");
        let wanted = wanted.split(':').next().unwrap_or_default().to_ascii_lowercase();
        assert!(wanted.starts_with('[') || origin.to_ascii_lowercase().contains(&wanted));
    }
}
