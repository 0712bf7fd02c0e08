//! WebSocket frames (RFC 6455), the server's side. Pure: bytes in, bytes out.
//!
//! Our own codec and not a library's, because a broadcast's frame is encoded once for all its receivers,
//! and because an idle connection must not hold a read buffer: the caller reads into scratch memory shared
//! by its thread, and the [`Decoder`] keeps only what an incomplete frame leaves behind.

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use everwire_session::code::Code;

mod decoder;
mod header;
mod message;
#[cfg(test)]
mod tests;

pub(crate) use decoder::Decoder;

/// The largest payload of a control frame (section 5.5).
const MAX_CONTROL: usize = 125;
/// The longest header that a server writes: two bytes and a 64-bit length, no mask.
pub(crate) const MAX_HEADER: usize = 10;

/// What a frame is (section 5.2), fragments aside.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Opcode {
    Binary = 2,
    Close = 8,
    Pong = 10,
    Text = 1,
}

/// One frame from the client: a whole message, its fragments put together, or a control frame.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Frame<'a> {
    Binary(&'a [u8]),
    /// The client's last frame; whatever it sends behind it is ignored. Without a code when it gave none.
    Close {
        code: Option<u16>,
        reason: &'a str,
    },
    Ping(&'a [u8]),
    Pong(&'a [u8]),
    Text(&'a str),
}

impl Frame<'_> {
    /// Bytes of what it carries.
    pub(crate) fn size(&self) -> u64 {
        let size = match self {
            Self::Binary(bytes) | Self::Ping(bytes) | Self::Pong(bytes) => bytes.len(),
            Self::Close { reason, .. } => reason.len(),
            Self::Text(text) => text.len(),
        };
        size as u64
    }
}

/// Why a connection is failed. Each asks for a close frame with [`FrameError::close_code`], and nothing
/// that comes after it may be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum FrameError {
    /// A frame that RFC 6455 forbids; the text says which rule it broke.
    Protocol(&'static str),
    /// A message of more bytes than the limit, found out from its header.
    TooBig,
    /// A message in more fragments than the limit.
    TooManyFragments,
    /// A text message or a close reason that is not UTF-8.
    Utf8,
}

impl FrameError {
    /// The number for the close frame (section 7.4.1).
    pub(crate) fn close_code(self) -> u16 {
        match self {
            Self::Protocol(_) => 1002,
            Self::TooBig => 1009,
            Self::TooManyFragments => 1008,
            Self::Utf8 => 1007,
        }
    }

    /// What it counts as.
    pub(crate) fn code(self) -> Code {
        match self {
            Self::Protocol(_) => Code::BadPacket,
            Self::TooBig => Code::TooLarge,
            Self::TooManyFragments => Code::TooManyPackets,
            Self::Utf8 => Code::Utf8,
        }
    }

    /// The reason for the close frame.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Protocol(rule) => rule,
            Self::TooBig => "message too big",
            Self::TooManyFragments => "too many fragments",
            Self::Utf8 => "invalid UTF-8",
        }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl std::error::Error for FrameError {}

/// Writes the header of an unfragmented, unmasked frame and returns how many bytes it took.
pub(crate) fn header(opcode: Opcode, len: usize, out: &mut [u8; MAX_HEADER]) -> usize {
    const FIN: u8 = 0x80;
    out[0] = FIN | opcode as u8;
    if len <= MAX_CONTROL {
        out[1] = len as u8;
        2
    } else if let Ok(len) = u16::try_from(len) {
        out[1] = 126;
        out[2..4].copy_from_slice(&len.to_be_bytes());
        4
    } else {
        out[1] = 127;
        out[2..10].copy_from_slice(&(len as u64).to_be_bytes());
        10
    }
}

/// One whole frame, its payload gathered from `parts`: encoded once, shared by all who receive it.
pub(crate) fn frame(opcode: Opcode, parts: &[&[u8]]) -> Bytes {
    let len = parts.iter().map(|part| part.len()).sum();
    let mut head = [0; MAX_HEADER];
    let head_len = header(opcode, len, &mut head);
    let mut out = BytesMut::with_capacity(head_len + len);
    out.put_slice(&head[..head_len]);
    for part in parts {
        out.put_slice(part);
    }
    out.freeze()
}

/// A close frame. A reason that does not fit is cut at a character.
pub(crate) fn close_frame(code: u16, reason: &str) -> Bytes {
    let mut end = reason.len().min(MAX_CONTROL - 2);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let reason = &reason[..end];
    frame(Opcode::Close, &[&code.to_be_bytes(), reason.as_bytes()])
}
