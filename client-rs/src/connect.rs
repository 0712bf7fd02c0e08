//! How a client is made.

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;

use everwire_session::packet::{MAIN, MAX_NAMESPACE};
use everwire_session::payload::Payload;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::choice::{Reconnection, Transport};
use crate::client::{Auth, Client};
use crate::error::OpenError;
use crate::handler::{Handler, IntoAck, erase};
use crate::registry::Registry;
use crate::shared::Shared;
use crate::site::Site;
use crate::socket::Socket;

/// Credit given to the server: 1 MiB, as a server gives.
const WINDOW: u64 = 1 << 20;

/// A client of the server at this URL, its mount included: `http://host:3000/everwire`. `/everwire` is also what a URL without path means.
///
/// ```no_run
/// use everwire_client::{Reconnection, Transport, connect};
///
/// let socket = connect("http://127.0.0.1:3000/everwire")
///     .namespace("/chat")
///     .transports([Transport::LongPolling])
///     .auth_with(|| async { std::fs::read_to_string("token") })
///     .reconnection(Reconnection::never())
///     .open();
/// ```
pub fn connect(url: impl Into<String>) -> Builder {
    Builder {
        url: url.into(),
        namespace: MAIN.to_owned(),
        transports: Transport::ALL.to_vec(),
        reconnection: Reconnection::default(),
        window: WINDOW,
        auth: Ok(Arc::new(|| Box::pin(std::future::ready(Ok(String::new()))))),
        registry: Registry::default(),
    }
}

/// What can be set before a client is opened. Made by [`connect`].
#[must_use = "nothing happens until it is opened"]
pub struct Builder {
    url: String,
    namespace: String,
    transports: Vec<Transport>,
    reconnection: Reconnection,
    window: u64,
    auth: Result<Auth, OpenError>,
    registry: Registry,
}

impl Builder {
    /// The namespace to connect to. `/` if not said.
    pub fn namespace(mut self, name: impl Into<String>) -> Self {
        self.namespace = name.into();
        self
    }

    /// The transports that may be used, in order of preference. All if not said, WebSocket first.
    pub fn transports(mut self, transports: impl IntoIterator<Item = Transport>) -> Self {
        self.transports = transports.into_iter().collect();
        self
    }

    /// Whether and when to come back. Without limit if not said.
    pub fn reconnection(mut self, reconnection: Reconnection) -> Self {
        self.reconnection = reconnection;
        self
    }

    /// Bytes of events that the server may send ahead of the handlers, at least 64 KiB. 1 MiB if not said. A larger event cannot be sent to this client.
    pub fn window(mut self, bytes: u64) -> Self {
        self.window = bytes.max(65_536);
        self
    }

    /// What the server's middleware gets to judge by: any value that can be written as JSON.
    pub fn auth(mut self, auth: impl Serialize) -> Self {
        self.auth = write(&auth)
            .map_err(OpenError::Auth)
            .map(|text| -> Auth { Arc::new(move || Box::pin(std::future::ready(Ok(text.clone())))) });
        self
    }

    /// A function that is asked for the auth at each new session, and whenever the server wants fresh auth for the one that there is. An error at a new session is told as
    /// `connect_error` with code `auth`, and is the end; else the session goes on until the server ends it, and then it is asked again.
    pub fn auth_with<F, U, T, E>(mut self, ask: F) -> Self
    where
        F: Fn() -> U + Send + Sync + 'static,
        U: Future<Output = Result<T, E>> + Send + 'static,
        T: Serialize,
        E: Display,
    {
        self.auth = Ok(Arc::new(move || {
            let asked = ask();
            Box::pin(
                async move { asked.await.map_err(|error| error.to_string()).and_then(|auth| write(&auth)) },
            )
        }));
        self
    }

    /// Handles an event, as [`Socket::on`] does; missing none.
    pub fn on<A, H>(self, event: &str, handler: H) -> Self
    where
        A: 'static,
        H: Handler<A>,
        <H::Future as Future>::Output: IntoAck,
    {
        self.registry.add(event, false, erase(handler));
        self
    }

    /// Handles an event once, as [`Socket::once`] does; missing none.
    pub fn once<A, H>(self, event: &str, handler: H) -> Self
    where
        A: 'static,
        H: Handler<A>,
        <H::Future as Future>::Output: IntoAck,
    {
        self.registry.add(event, true, erase(handler));
        self
    }

    /// Starts connecting, in tasks of the Tokio runtime that this is called in.
    ///
    /// # Errors
    /// When something that was set cannot be used. That the server cannot be reached is told as `connect_error`.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn open(self) -> Result<Socket, OpenError> {
        let site = Site::parse(&self.url)?;
        let auth = self.auth?;
        if !is_namespace(&self.namespace) {
            return Err(OpenError::Namespace);
        }
        if self.transports.is_empty() {
            return Err(OpenError::Transports);
        }
        let (sender, commands) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(self.namespace, self.registry, sender));
        let client = Client {
            site,
            transports: self.transports,
            reconnection: self.reconnection,
            window: self.window,
            auth,
            shared: shared.clone(),
            commands,
        };
        tokio::spawn(client.run());
        Ok(Socket(shared))
    }
}

/// `null` is no auth.
fn write(auth: &impl Serialize) -> Result<String, String> {
    let written = Payload::new((auth,)).map_err(|error| error.to_string())?;
    if !written.attachments().is_empty() {
        return Err("it holds binary".to_owned());
    }
    let text = String::from_utf8_lossy(written.text()).into_owned();
    Ok(if text == "null" { String::new() } else { text })
}

fn is_namespace(name: &str) -> bool {
    let inner = name.strip_prefix('/');
    name == MAIN
        || name.len() <= MAX_NAMESPACE
            && inner.is_some_and(|inner| {
                !inner.is_empty() && !inner.bytes().any(|byte| byte < 0x20 || byte == 0x7f || byte == b',')
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_told_before_anything_happens() {
        let url = "http://127.0.0.1:1";
        assert_eq!(
            connect("nowhere").open().unwrap_err().to_string().split(':').next(),
            Some("not a URL of a server")
        );
        assert_eq!(connect(url).transports([]).open().unwrap_err(), OpenError::Transports);
        for name in ["", "chat", "/a,b", "/a\n"] {
            assert_eq!(connect(url).namespace(name).open().unwrap_err(), OpenError::Namespace);
        }
        let binary = connect(url).auth(bytes::Bytes::new()).open();
        assert!(matches!(binary, Err(OpenError::Auth(_))));
    }
}
