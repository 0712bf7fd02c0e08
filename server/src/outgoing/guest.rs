//! A message as a foreign dialect writes it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use everwire_session::packet::Kind;

use super::{NativeFrame, Outgoing};
use crate::chunk::Chunk;
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
            Self::Guest(guest) => guest.size(),
            Self::Native(native) => native.size(),
        }
    }

    /// What keeping it costs a session.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Guest(GuestFrame::Parts(inner)) => inner.weight,
            Self::Guest(GuestFrame::Text(text)) => text.weight as usize,
            Self::Native(native) => native.weight as usize,
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
            Self::Guest(GuestFrame::Parts(inner)) => inner.parts.iter().for_each(|part| push(line(part))),
            Self::Guest(GuestFrame::Text(text)) => push(text.bytes.slice(usize::from(text.header)..)),
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

/// What a foreign protocol makes of a message.
#[derive(Clone)]
pub(crate) enum GuestFrame {
    Parts(Arc<Inner>),
    /// The usual case: one text message, and of it a WebSocket frame that is nothing but a header more.
    Text(TextFrame),
}

#[derive(Clone)]
pub(crate) struct TextFrame {
    pub(super) bytes: Bytes,
    /// Length of that header.
    pub(super) header: u8,
    /// What keeping it costs a session.
    pub(super) weight: u32,
}

/// Some parts, and the WebSocket frames of them, made when the first WebSocket asks.
pub(crate) struct Inner {
    speech: Speech,
    parts: Vec<Part>,
    size: usize,
    weight: usize,
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
        Self::with(speech, parts, None, |size| size)
    }

    fn with(
        speech: Speech,
        parts: Vec<Part>,
        mark: Option<Mark>,
        weight: impl FnOnce(usize) -> usize,
    ) -> Self {
        let size = parts.iter().map(Part::len).sum();
        Self::Parts(Arc::new(Inner {
            speech,
            parts,
            size,
            weight: weight(size),
            mark,
            frame: OnceLock::new(),
        }))
    }

    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Parts(inner) => inner.size,
            Self::Text(text) => text.bytes.len() - usize::from(text.header),
        }
    }

    pub(crate) fn mark(&self) -> Option<&Mark> {
        match self {
            Self::Parts(inner) => inner.mark.as_ref(),
            Self::Text(_) => None,
        }
    }

    pub(super) fn of(speech: Speech, out: &Outgoing<'_>, chunk: &mut Chunk) -> Option<Self> {
        if matches!(speech, Speech::SocketIo3 | Speech::SocketIo4)
            && let Some(letters) = socket_io::letters(out.kind())
            && out.attachments().is_empty()
        {
            return Some(Self::Text(out.text(letters, chunk)));
        }
        if matches!(speech, Speech::SocketIoMarked | Speech::SocketIoPackedMarked)
            && out.kind() == Kind::Event
        {
            let offset = out.id().is_none().then(|| OFFSET.fetch_add(1, Ordering::Relaxed));
            let parts = socket_io::say_marked(out, offset, speech == Speech::SocketIoPackedMarked);
            let mark = Mark { offset, namespace: out.namespace().into() };
            return Some(Self::with(speech, parts, Some(mark), |size| out.weight(size)));
        }
        let parts = speech.say(out);
        (!parts.is_empty()).then(|| Self::with(speech, parts, None, |size| out.weight(size)))
    }

    fn frame(&self) -> Bytes {
        self.wire().clone()
    }

    fn wire(&self) -> &Bytes {
        let Inner { speech, parts, size, frame, .. } = match self {
            Self::Parts(inner) => &**inner,
            Self::Text(text) => return &text.bytes,
        };
        let encode = || {
            let mut out = Vec::with_capacity(size + 16 * parts.len());
            parts.iter().for_each(|part| speech.frame(part, &mut out));
            out.into()
        };
        frame.get_or_init(encode)
    }
}
