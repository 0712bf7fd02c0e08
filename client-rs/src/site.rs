//! Where the server is, and requests to it.

use std::time::Duration;

use bytes::Bytes;
use everwire_session::code::Code;
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpStream;

use crate::choice::Transport;
use crate::duplex::Duplex;
use crate::error::OpenError;
use crate::packets::refusal;

/// The longest answer that is read, and the largest WebSocket message: far more than a server may have waiting.
pub(crate) const MAX_ANSWER: usize = 64 << 20;
/// How long last words may take.
pub(crate) const FAREWELL: Duration = Duration::from_secs(2);

/// A server's mount.
#[derive(Clone)]
pub(crate) struct Site {
    host: String,
    port: u16,
    /// Without a slash at the end.
    mount: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Site {
    pub(crate) fn parse(url: &str) -> Result<Self, OpenError> {
        let bad = |why: &str| OpenError::Url(format!("{why}: {url}"));
        let uri: Uri = url.parse().map_err(|_| bad("it cannot be read"))?;
        if !matches!(uri.scheme_str(), Some("http" | "ws")) {
            return Err(bad("it must begin with http:// or ws://"));
        }
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| bad("the host is missing"))?;
        let mount = match uri.path().trim_end_matches('/') {
            "" => "/everwire",
            path => path,
        };
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Ok(Self {
            host: host.to_owned(),
            port: uri.port_u16().unwrap_or(80),
            mount: mount.to_owned(),
            client: Client::builder(TokioExecutor::new()).build(connector),
        })
    }

    fn url(&self, scheme: &str, path: &str) -> String {
        format!("{scheme}://{}:{}{}/{path}", self.host, self.port, self.mount)
    }

    /// Opens a WebSocket.
    pub(crate) async fn connect(self) -> Option<Duplex> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, self.port)).await.ok()?;
        // Without it small events wait for the confirmation of what was sent before.
        let _ = stream.set_nodelay(true);
        Duplex::open(self.url("ws", Transport::Websocket.name()), stream).await
    }

    /// Makes a request. The whole answer; or the code of a refusal, none if it failed in any other way.
    pub(crate) async fn post(self, path: &'static str, body: String) -> Result<Bytes, Option<Code>> {
        let request = Request::post(self.url("http", path))
            .header(CONTENT_TYPE, "text/plain; charset=utf-8")
            .body(Full::from(body))
            .map_err(|_| None)?;
        let answer = self.client.request(request).await.map_err(|_| None)?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await.map_err(|_| None)?.to_bytes();
        if status == StatusCode::OK { Ok(body) } else { Err(refusal(&body)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for (url, wanted) in [
            ("http://a", "ws://a:80/everwire/x"),
            ("ws://a:3000/", "ws://a:3000/everwire/x"),
            ("http://[::1]:8080/deep/mount/", "ws://[::1]:8080/deep/mount/x"),
        ] {
            assert_eq!(Site::parse(url).map(|site| site.url("ws", "x")).unwrap(), wanted);
        }
        for bad in ["", "/everwire", "a:3000", "https://a", "wss://a/everwire", "http://"] {
            assert!(matches!(Site::parse(bad), Err(OpenError::Url(_))), "{bad}");
        }
    }
}
