//! A message as a foreign dialect writes it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use everwire_session::packet::Kind;

use super::{NativeFrame, Outgoing};
use crate::dialect::{Part, Speech, socket_io};

/// What a session sends. A clone shares the bytes.
#[derive(Clone)]
pub(crate) enum Frame {
    Guest(GuestFrame),
    Native(NativeFrame),
}

impl Frame {
    /// Its size in windows and limits.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Guest(guest) => guest.0.size,
            Self::Native(native) => native.size(),
        }
    }

    /// Does sending it take credit? Foreign protocols have none to give.
    pub(crate) fn is_credited(&self) -> bool {
        matches!(self, Self::Native(native) if native.is_credited())
    }

    /// The WebSocket frame, or several, one behind the other.
    pub(crate) fn frame(&self) -> Bytes {
        match self {
            Self::Guest(guest) => guest.frame(),
            Self::Native(native) => native.frame(),
        }
    }

    /// The same, borrowed.
    pub(crate) fn wire(&self) -> &[u8] {
        match self {
            Self::Guest(guest) => guest.wire(),
            Self::Native(native) => native.wire(),
        }
    }

    /// What goes into the answer to a request.
    pub(crate) fn lines(&self, mut push: impl FnMut(Bytes)) {
        match self {
            Self::Guest(guest) => guest.0.parts.iter().for_each(|part| push(line(part))),
            Self::Native(native) => push(native.line()),
        }
    }
}

/// Text as it is, binary behind a byte that no text begins with: the transport knows how either is written in its body.
pub(crate) fn line(part: &Part) -> Bytes {
    match part {
        Part::Text(text) => text.clone(),
        Part::Binary(bytes) => [&[BINARY][..], bytes].concat().into(),
    }
}

/// Begins a line that is binary.
pub(crate) const BINARY: u8 = 0xff;

/// Some parts, and the WebSocket frames of them, made when the first WebSocket asks.
#[derive(Clone)]
pub(crate) struct GuestFrame(Arc<Inner>);

struct Inner {
    speech: Speech,
    parts: Vec<Part>,
    size: usize,
    mark: Option<Mark>,
    frame: OnceLock<Bytes>,
}

/// Of an event to a client that may come back: by what it will be known, and for whom it is. One that asks for an ack has no number.
pub(crate) struct Mark {
    pub(crate) offset: Option<u64>,
    pub(crate) namespace: Arc<str>,
}

/// One for the whole process: a broadcast has one for all its receivers.
static OFFSET: AtomicU64 = AtomicU64::new(1);

impl GuestFrame {
    /// A message that is not made of an [`Outgoing`]: a ping, say.
    pub(crate) fn new(speech: Speech, parts: Vec<Part>) -> Self {
        Self::marked(speech, parts, None)
    }

    fn marked(speech: Speech, parts: Vec<Part>, mark: Option<Mark>) -> Self {
        let size = parts.iter().map(Part::len).sum();
        Self(Arc::new(Inner { speech, parts, size, mark, frame: OnceLock::new() }))
    }

    pub(crate) fn size(&self) -> usize {
        self.0.size
    }

    pub(crate) fn mark(&self) -> Option<&Mark> {
        self.0.mark.as_ref()
    }

    pub(super) fn of(speech: Speech, out: &Outgoing<'_>) -> Option<Self> {
        if matches!(speech, Speech::SocketIoMarked | Speech::SocketIoPackedMarked)
            && out.kind() == Kind::Event
        {
            let offset = out.id().is_none().then(|| OFFSET.fetch_add(1, Ordering::Relaxed));
            let parts = socket_io::say_marked(out, offset, speech == Speech::SocketIoPackedMarked);
            return Some(Self::marked(
                speech,
                parts,
                Some(Mark { offset, namespace: out.namespace().into() }),
            ));
        }
        let parts = speech.say(out);
        (!parts.is_empty()).then(|| Self::new(speech, parts))
    }

    fn frame(&self) -> Bytes {
        self.wire().clone()
    }

    fn wire(&self) -> &Bytes {
        let Inner { speech, parts, size, frame, .. } = &*self.0;
        let encode = || {
            let mut out = Vec::with_capacity(size + 16 * parts.len());
            parts.iter().for_each(|part| speech.frame(part, &mut out));
            out.into()
        };
        frame.get_or_init(encode)
    }
}
