//! What local events tell. Taken as [`Data`](crate::Data) by their handlers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The session is open and its namespace connected.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Connect {
    /// Does it go on where a former one ended? Not yet possible: what is lost is told by [`Disconnect`].
    pub recovered: bool,
}

impl Connect {
    pub(crate) fn new() -> Self {
        Self { recovered: false }
    }
}

/// There is no connection.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ConnectError {
    /// `denied` if the server's middleware refused, `auth` if the auth function failed, else a code of the protocol or `no_transport`.
    pub code: String,
    /// In words; what the middleware said.
    pub message: String,
    /// What the middleware gave along, or null.
    pub data: Value,
}

impl ConnectError {
    pub(crate) fn new(code: &str, message: &str) -> Self {
        Self { code: code.to_owned(), message: message.to_owned(), data: Value::Null }
    }
}

/// The session or the namespace has ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Disconnect {
    /// Why, such as `server_disconnect`, `unknown_session` or `client_disconnect`; `denied` if fresh auth was refused.
    pub code: String,
    /// What the server said, if anything.
    pub reason: Option<String>,
    /// Events that were emitted and not confirmed by the server.
    pub unconfirmed: u64,
}

/// The server could not handle an event that asked for no answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Failure {
    /// Such as `bad_data`, `handler_error` or `handler_panic`.
    pub code: String,
    /// The event's name, if the server told it.
    #[serde(default)]
    pub event: Option<String>,
    /// In words, if the server said any.
    #[serde(default)]
    pub message: Option<String>,
}
