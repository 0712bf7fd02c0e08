//! Engine.IO's errors.

use bytes::Bytes;
use everwire_session::code::Code;
use http::header::RETRY_AFTER;
use http::{Response, StatusCode};

use crate::transport::http::answer::{answer, pause};

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
    TooMany,
    Full,
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
            Self::TooMany => (3, "Too many requests", StatusCode::TOO_MANY_REQUESTS),
            Self::Full => (3, "Service unavailable", StatusCode::SERVICE_UNAVAILABLE),
        };
        let mut response =
            answer(status, "application/json", format!("{{\"code\":{code},\"message\":\"{message}\"}}"));
        if let Some(seconds) = pause(self.code()) {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }

    /// What it counts as.
    pub(super) fn code(self) -> Code {
        match self {
            Self::Transport => Code::Transport,
            Self::UnknownSid => Code::UnknownSession,
            Self::Method => Code::Method,
            Self::BadRequest => Code::BadRequest,
            Self::Forbidden => Code::Origin,
            Self::Version => Code::Version,
            Self::TooLarge => Code::TooLarge,
            Self::TooMany => Code::Rate,
            Self::Full => Code::Full,
        }
    }
}

impl From<Code> for Trouble {
    fn from(code: Code) -> Self {
        match code {
            Code::UnknownSession => Self::UnknownSid,
            Code::TooLarge => Self::TooLarge,
            Code::Rate => Self::TooMany,
            Code::Full => Self::Full,
            _ => Self::BadRequest,
        }
    }
}
