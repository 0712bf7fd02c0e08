//! What can go wrong when something is emitted, answered or joined.

use std::fmt;

use everwire_session::code::Code;

use crate::outlet::SendError;

/// Why an event was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmitError {
    /// The socket has left or is not connected yet. Nothing emitted to it can arrive any more: stop.
    Closed,
    /// The arguments cannot be written as JSON, for example a map whose keys are no strings. Mend the type.
    Data(String),
    /// The name is empty, longer than 128 bytes, or reserved. Choose another.
    Event,
    /// The queue of this session is full: its client reads too slowly. Wait, or drop the event.
    Full,
    /// As many acks as allowed are pending in this session. Wait for some.
    PendingAcks,
    /// It is larger than this client's receive window, so it could never be sent. Send it in pieces.
    TooLarge,
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the socket is not connected"),
            Self::Data(why) => write!(f, "the arguments cannot be written: {why}"),
            Self::Event => f.write_str("the event's name is empty, longer than 128 bytes, or reserved"),
            Self::Full => f.write_str("the queue of this session is full"),
            Self::PendingAcks => f.write_str("too many acks are pending"),
            Self::TooLarge => f.write_str("the event is larger than the client's receive window"),
        }
    }
}

impl std::error::Error for EmitError {}

impl From<SendError> for EmitError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Busy | SendError::Full => Self::Full,
            SendError::Closed => Self::Closed,
            SendError::TooLarge => Self::TooLarge,
        }
    }
}

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
    /// The client answered with an error, for example because its handler failed.
    Remote {
        /// What went wrong, such as `handler_error` or `no_handler`.
        code: String,
        /// The same in words; may be empty.
        message: String,
    },
    /// The session or the namespace ended before the answer came. Whether the client handled the event is unknown.
    SessionEnded,
    /// Nothing came in time. The client may still handle the event; a late answer is dropped.
    Timeout,
}

impl fmt::Display for AckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(why) => write!(f, "the answer cannot be read: {why}"),
            Self::Emit(error) => error.fmt(f),
            Self::Remote { code, message } => write!(f, "the client answered {code}: {message}"),
            Self::SessionEnded => f.write_str("session_ended"),
            Self::Timeout => f.write_str("timeout"),
        }
    }
}

impl std::error::Error for AckError {}

impl From<EmitError> for AckError {
    fn from(error: EmitError) -> Self {
        if error == EmitError::Closed { Self::SessionEnded } else { Self::Emit(error) }
    }
}

/// Why a socket could not join a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoomError {
    /// The socket has left or is not connected yet.
    Closed,
    /// The room's name is longer than 256 bytes.
    Name,
    /// The socket is in 1,000 rooms already.
    TooMany,
}

impl fmt::Display for RoomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the socket is not connected",
            Self::Name => "the room's name is longer than 256 bytes",
            Self::TooMany => "the socket is in 1,000 rooms already",
        })
    }
}

impl std::error::Error for RoomError {}

/// Why a socket is gone: an extractor for [`Socket::on_disconnect`](crate::Socket::on_disconnect).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disconnect {
    /// What ended it; [`Code::ClientDisconnect`] if the client left.
    pub code: Code,
    /// What the side that ended it said, if anything.
    pub reason: Option<String>,
    /// How many messages were sent to the session that its client never confirmed.
    pub unconfirmed: u64,
}

impl Disconnect {
    pub(crate) fn new(code: Code, reason: Option<String>, unconfirmed: u64) -> Self {
        Self { code, reason, unconfirmed }
    }
}

/// Why a client may not connect to a namespace: it reaches the client as `connect_error`.
///
/// Anything that can be displayed becomes a refusal with that message.
///
/// ```
/// use everwire::Refusal;
/// let refusal = Refusal::new("no seat left").with_data(&3).unwrap();
/// let plain: Refusal = "denied".into();
/// # let _ = (refusal, plain);
/// ```
#[derive(Clone, Debug)]
pub struct Refusal {
    pub(crate) message: String,
    pub(crate) data: Option<Box<serde_json::value::RawValue>>,
}

impl Refusal {
    /// A refusal with a message for the client.
    pub fn new(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), data: None }
    }

    /// Adds what the client's program can read.
    ///
    /// # Errors
    /// When `data` cannot be written as JSON.
    pub fn with_data(mut self, data: &impl serde::Serialize) -> Result<Self, serde_json::Error> {
        self.data = Some(serde_json::value::to_raw_value(data)?);
        Ok(self)
    }
}

impl<E: fmt::Display> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}
