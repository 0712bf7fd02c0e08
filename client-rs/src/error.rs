//! What can go wrong when a socket is opened, or an event is emitted or answered.

use std::fmt;

/// Why no client could be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// The auth cannot be written as JSON, or holds binary.
    Auth(String),
    /// A namespace begins with `/` and has 1 to 127 more bytes, none of them a comma or a control character.
    Namespace,
    /// No transport is allowed.
    Transports,
    /// Not a URL such as `http://host:3000/everwire`. TLS is not supported yet.
    Url(String),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auth(why) => write!(f, "the auth cannot be written: {why}"),
            Self::Namespace => f.write_str("not the name of a namespace"),
            Self::Transports => f.write_str("no transport is allowed"),
            Self::Url(why) => write!(f, "not a URL of a server: {why}"),
        }
    }
}

impl std::error::Error for OpenError {}

/// Why an event was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmitError {
    /// The socket was closed, or has ended for good. Make a new one.
    Closed,
    /// The arguments cannot be written as JSON, for example a map whose keys are no strings. Mend the type.
    Data(String),
    /// The name is empty, longer than 128 bytes, or reserved. Choose another.
    Event,
    /// 4 MiB were emitted and not confirmed. Wait, or drop the event.
    Full,
    /// As many acks as the server allows are pending. Wait for some.
    PendingAcks,
    /// It is larger than the server takes. Send it in pieces.
    TooLarge,
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the socket is closed"),
            Self::Data(why) => write!(f, "the arguments cannot be written: {why}"),
            Self::Event => f.write_str("the event's name is empty, longer than 128 bytes, or reserved"),
            Self::Full => f.write_str("too much is waiting to be sent"),
            Self::PendingAcks => f.write_str("too many acks are pending"),
            Self::TooLarge => f.write_str("the event is larger than the server takes"),
        }
    }
}

impl std::error::Error for EmitError {}

impl From<serde_json::Error> for EmitError {
    fn from(error: serde_json::Error) -> Self {
        Self::Data(error.to_string())
    }
}

/// Why there is no answer to an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AckError {
    /// There was an answer, but not of the type that was asked for.
    Data(String),
    /// The event was not sent.
    Emit(EmitError),
    /// The server answered with an error, for example because its handler failed.
    Remote {
        /// What went wrong, such as `handler_error` or `no_handler`.
        code: String,
        /// The same in words; may be empty.
        message: String,
    },
    /// The session ended before the answer came. Whether the server handled the event is unknown.
    SessionEnded,
    /// Nothing came in time. The server may still handle the event; a late answer is dropped.
    Timeout,
}

impl fmt::Display for AckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(why) => write!(f, "the answer cannot be read: {why}"),
            Self::Emit(error) => error.fmt(f),
            Self::Remote { code, message } => write!(f, "the server answered {code}: {message}"),
            Self::SessionEnded => f.write_str("session_ended"),
            Self::Timeout => f.write_str("timeout"),
        }
    }
}

impl std::error::Error for AckError {}
