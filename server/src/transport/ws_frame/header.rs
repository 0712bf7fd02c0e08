//! The header of a frame from a client (section 5.2).

use super::{FrameError, MAX_CONTROL};

/// A header that broke no rule which can be told from it alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) fin: bool,
    pub(super) mask: [u8; 4],
    /// Its length in bytes.
    pub(super) payload: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Binary,
    Close,
    Continuation,
    Ping,
    Pong,
    Text,
}

impl Kind {
    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

impl Header {
    /// The longest: two bytes, a 64-bit length, the mask.
    pub(super) const MAX: usize = 14;

    /// The header at the start of `bytes` with its own length, or `None` while it is incomplete. The first
    /// two bytes are judged as soon as they are there.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, FrameError> {
        let &[first, second, ref rest @ ..] = bytes else {
            return Ok(None);
        };
        let (kind, fin) = judge(first, second)?;
        let (payload, rest, used) = match (second & 0x7f, rest) {
            (126, &[a, b, ref rest @ ..]) => (at_least(126, u64::from(u16::from_be_bytes([a, b])))?, rest, 8),
            (127, &[a, b, c, d, e, f, g, h, ref rest @ ..]) => {
                (at_least(1 << 16, u64::from_be_bytes([a, b, c, d, e, f, g, h]))?, rest, 14)
            }
            (126 | 127, _) => return Ok(None),
            (short, rest) => (usize::from(short), rest, 6),
        };
        let &[a, b, c, d, ..] = rest else {
            return Ok(None);
        };
        Ok(Some((Self { kind, fin, mask: [a, b, c, d], payload }, used)))
    }

    /// Whether the payload, once it is there, can be handed out by itself.
    pub(super) fn stands_alone(&self) -> bool {
        self.fin && self.kind != Kind::Continuation
    }
}

fn judge(first: u8, second: u8) -> Result<(Kind, bool), FrameError> {
    let fin = first & 0x80 != 0;
    if first & 0x70 != 0 {
        return Err(FrameError::Protocol("reserved bits without an extension"));
    }
    let kind = match first & 0x0f {
        0 => Kind::Continuation,
        1 => Kind::Text,
        2 => Kind::Binary,
        8 => Kind::Close,
        9 => Kind::Ping,
        10 => Kind::Pong,
        _ => return Err(FrameError::Protocol("reserved opcode")),
    };
    if second & 0x80 == 0 {
        return Err(FrameError::Protocol("frame without a mask"));
    }
    if kind.is_control() && !fin {
        return Err(FrameError::Protocol("fragmented control frame"));
    }
    if kind.is_control() && usize::from(second & 0x7f) > MAX_CONTROL {
        return Err(FrameError::Protocol("control frame of more than 125 bytes"));
    }
    Ok((kind, fin))
}

/// A length of 16 or 64 bits: it must need them. One that no memory could hold is too big, whatever the
/// limit is.
fn at_least(least: u64, len: u64) -> Result<usize, FrameError> {
    if len < least {
        return Err(FrameError::Protocol("length not in its shortest form"));
    }
    usize::try_from(len).map_err(|_| FrameError::TooBig)
}
