//! A data message that did not come in one piece.

use super::FrameError;
use super::header::Kind;

/// Far above what a sane client does, far below what hurts. Without it, empty fragments would go on for ever.
const FREE_FRAGMENTS: usize = 1024;

/// Beyond these, each fragment must have brought so many bytes on average: a long message may come in many pieces, but not in crumbs.
const CRUMB: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Message {
    /// Text or binary, from its first fragment to its last.
    kind: Option<Kind>,
    bytes: Vec<u8>,
    /// How many bytes are known to be whole characters, if it is text.
    valid: usize,
    fragments: usize,
}

impl Message {
    pub(super) fn is_open(&self) -> bool {
        self.kind.is_some()
    }

    /// Is there a message, under way or handed out?
    pub(super) fn holds(&self) -> bool {
        self.fragments > 0
    }

    /// Whether one more fragment of `payload` bytes may come.
    pub(super) fn admit(&self, payload: usize, max: usize) -> Result<(), FrameError> {
        if self.fragments >= FREE_FRAGMENTS + self.bytes.len() / CRUMB {
            return Err(FrameError::TooManyFragments);
        }
        if payload > max.saturating_sub(self.bytes.len()) {
            return Err(FrameError::TooBig);
        }
        Ok(())
    }

    pub(super) fn begin_fragment(&mut self, kind: Kind) {
        if kind != Kind::Continuation {
            *self = Self { kind: Some(kind), ..Self::default() };
        }
        self.fragments += 1;
    }

    /// Appends, and refuses text as soon as it cannot become valid any more.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<(), FrameError> {
        self.bytes.extend_from_slice(piece);
        if self.kind != Some(Kind::Text) {
            return Ok(());
        }
        match std::str::from_utf8(&self.bytes[self.valid..]) {
            Ok(_) => self.valid = self.bytes.len(),
            Err(error) if error.error_len().is_none() => self.valid += error.valid_up_to(),
            Err(_) => return Err(FrameError::Utf8),
        }
        Ok(())
    }

    /// Ends the message; its bytes stay until [`Message::release`].
    pub(super) fn finish(&mut self) -> Result<Kind, FrameError> {
        let kind = self.kind.take().unwrap_or(Kind::Binary);
        if kind == Kind::Text && self.valid < self.bytes.len() {
            return Err(FrameError::Utf8);
        }
        Ok(kind)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Forgets a message that has ended, and frees its bytes.
    pub(super) fn release(&mut self) {
        if self.kind.is_none() && self.fragments > 0 {
            *self = Self::default();
        }
    }
}
