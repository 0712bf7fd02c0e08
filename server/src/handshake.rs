//! How a session began: what is copied out of the opening request, and a namespace's auth.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::transport::service::percent_decode;

/// What is kept of the request that opened a session. Nothing else of it stays in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestInfo {
    remote_addr: Option<SocketAddr>,
    /// Whom it is counted for.
    address: Option<IpAddr>,
    /// Path and query.
    target: Box<str>,
    headers: Box<[(Box<str>, Box<str>)]>,
}

impl RequestInfo {
    /// Copies. `headers` are the chosen ones, names in lower case.
    pub(crate) fn new<'a>(
        remote_addr: Option<SocketAddr>,
        address: Option<IpAddr>,
        target: &str,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let headers = headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { remote_addr, address, target: target.into(), headers }
    }

    /// The address that the limits of one address count it for.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.address
    }

    fn query(&self, key: &str) -> Option<Cow<'_, str>> {
        let (_, query) = self.target.split_once('?')?;
        let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.find(|(name, _)| decoded(name) == key).map(|(_, value)| decoded(value))
    }
}

fn decoded(text: &str) -> Cow<'_, str> {
    match text.contains(['%', '+']).then(|| percent_decode(text.as_bytes())).flatten() {
        Some(text) => text.into(),
        None => text.into(),
    }
}

/// How a socket came to be: its auth and parts of the request that opened its session. Also an extractor.
///
/// ```
/// # use everwire::{Everwire, Handshake, Socket};
/// # let wire = Everwire::new();
/// wire.on_connect(|socket: Socket, handshake: Handshake| async move {
///     let room = handshake.query("room").unwrap_or("lobby".into());
///     socket.join(room)
/// });
/// ```
#[derive(Clone)]
pub struct Handshake {
    pub(crate) socket: crate::Socket,
    /// JSON text; empty if there is none.
    pub(crate) auth: Bytes,
}

impl std::fmt::Debug for Handshake {
    /// Without the auth, which is no word for a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handshake").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl Handshake {
    /// The auth that the client gave for this namespace, as it was when this was taken; without any, JSON's `null`.
    ///
    /// # Errors
    /// When the auth is not of this type.
    pub fn auth<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.auth_json())
    }

    /// The auth as JSON text.
    pub fn auth_json(&self) -> &str {
        std::str::from_utf8(&self.auth).ok().filter(|auth| !auth.is_empty()).unwrap_or("null")
    }

    /// A header of the opening request, its name in lower case, if it is one that is kept.
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = &self.request().headers;
        headers.iter().find(|(key, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| &**value)
    }

    /// The path of the opening request.
    pub fn path(&self) -> &str {
        self.request().target.split('?').next().unwrap_or_default()
    }

    /// The first value of a key in the query of the opening request, both decoded. What cannot be decoded is left as it stands there.
    pub fn query(&self, key: &str) -> Option<Cow<'_, str>> {
        self.request().query(key)
    }

    /// Where the opening request came from, as the server's own socket saw it.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.request().remote_addr
    }

    fn request(&self) -> &RequestInfo {
        &self.socket.inner().link.request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_of_the_query_are_decoded() {
        let request = RequestInfo::new(None, None, "/s?a=b&%26a=%26%3D%3F+a&bare&bad=%ff&a=c&=e", []);
        for (key, value) in [
            ("a", Some("b")),
            ("&a", Some("&=? a")),
            ("bare", Some("")),
            ("bad", Some("%ff")),
            ("", Some("e")),
            ("c", None),
        ] {
            assert_eq!(request.query(key).as_deref(), value, "{key}");
        }
    }
}
