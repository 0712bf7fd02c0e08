//! A received message, its parts still in the buffer that it came in.

use bytes::Bytes;
use everwire_session::packet::{self, Kind, MAIN, Malformed, Packet};

use crate::chunk::Chunk;

/// One message for the emitter, or a volatile event.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub(crate) kind: Kind,
    /// None is the main namespace, so that the usual case allocates nothing.
    pub(crate) namespace: Option<Box<str>>,
    pub(crate) id: Option<u64>,
    /// JSON text, checked; may be empty in a connect.
    pub(crate) body: Bytes,
    pub(crate) attachments: Vec<Bytes>,
    /// Section 6.1: what it counts in windows and limits.
    pub(crate) size: usize,
}

impl Incoming {
    /// Reads a packet in text form.
    pub(crate) fn text(bytes: &Bytes) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(bytes).map_err(|_| Malformed::Utf8)?;
        Ok(Self::from_packet(&Packet::parse(text)?, bytes, Vec::new()))
    }

    /// Reads a packet in text form out of memory that others will use. Only its body is copied.
    pub(crate) fn copied(text: &str) -> Result<Self, Malformed> {
        Self::copied_to(text, &mut Chunk::default())
    }

    /// The same, to memory that is there for it.
    pub(crate) fn copied_to(text: &str, chunk: &mut Chunk) -> Result<Self, Malformed> {
        Ok(Self::of(&Packet::parse(text)?, text.len(), chunk))
    }

    /// A packet of so many bytes, out of memory that others will use.
    pub(crate) fn of(packet: &Packet<'_>, size: usize, chunk: &mut Chunk) -> Self {
        Self::new(packet, chunk.copy(packet.body.as_bytes()), Vec::new(), size)
    }

    /// Reads a packet in binary form.
    pub(crate) fn binary(bytes: &Bytes) -> Result<Self, Malformed> {
        let (head, attachments) = packet::split_binary(bytes)?;
        let packet = Packet::parse_head(head, attachments.len())?;
        let attachments = attachments.into_iter().map(|part| bytes.slice_ref(part)).collect();
        Ok(Self::from_packet(&packet, bytes, attachments))
    }

    /// `whole` is the text form or the binary form, and holds the packet's body.
    pub(crate) fn from_packet(packet: &Packet<'_>, whole: &Bytes, attachments: Vec<Bytes>) -> Self {
        Self::new(packet, whole.slice_ref(packet.body.as_bytes()), attachments, whole.len())
    }

    fn new(packet: &Packet<'_>, body: Bytes, attachments: Vec<Bytes>, size: usize) -> Self {
        Self {
            kind: packet.kind,
            namespace: (packet.namespace != MAIN).then(|| packet.namespace.into()),
            id: packet.id,
            body,
            attachments,
            size,
        }
    }

    /// What it takes of the receive window.
    pub(crate) fn credit(&self) -> u64 {
        if self.kind.is_credited() { self.size as u64 } else { 0 }
    }

    pub(crate) fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or(MAIN)
    }
}
