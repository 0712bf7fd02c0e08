//! Engine.IO's errors.

use bytes::Bytes;
use everwire_session::code::Code;
use http::{Response, StatusCode};

use crate::transport::http::answer::answer;

/// Engine.IO's errors: code and message of the JSON that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Transport,
    UnknownSid,
    Method,
    BadRequest,
    Forbidden,
    Version,
    TooLarge,
}

impl Trouble {
    pub(super) fn answer(self) -> Response<Bytes> {
        let (code, message, status) = match self {
            Self::Transport => (0, "Transport unknown", StatusCode::BAD_REQUEST),
            Self::UnknownSid => (1, "Session ID unknown", StatusCode::BAD_REQUEST),
            Self::Method => (2, "Bad handshake method", StatusCode::BAD_REQUEST),
            Self::BadRequest => (3, "Bad request", StatusCode::BAD_REQUEST),
            Self::Forbidden => (4, "Forbidden", StatusCode::FORBIDDEN),
            Self::Version => (5, "Unsupported protocol version", StatusCode::BAD_REQUEST),
            Self::TooLarge => (3, "Payload too large", StatusCode::PAYLOAD_TOO_LARGE),
        };
        answer(status, "application/json", format!("{{\"code\":{code},\"message\":\"{message}\"}}"))
    }
}

impl From<Code> for Trouble {
    fn from(code: Code) -> Self {
        match code {
            Code::UnknownSession => Self::UnknownSid,
            Code::TooLarge => Self::TooLarge,
            _ => Self::BadRequest,
        }
    }
}
