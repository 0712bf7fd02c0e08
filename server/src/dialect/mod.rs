//! Wire protocols spoken over the transports. A dialect knows packets and the handshake, nothing of HTTP, sockets or rooms.

pub(crate) mod engine_io;
pub(crate) mod native;
pub(crate) mod sock_js;
pub(crate) mod socket_io;

use bytes::Bytes;

use crate::outgoing::Outgoing;

/// How the messages of a session are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speech {
    /// Engine.IO alone, revision 3, and revision 4.
    EngineIo3,
    EngineIo4,
    Native,
    /// Of a SockJS client's raw WebSocket.
    Raw,
    SockJs,
    /// Socket.IO over Engine.IO 3, and over Engine.IO 4.
    SocketIo3,
    SocketIo4,
    /// The latter, to a client that may come back: each event says how it is known.
    SocketIoMarked,
    /// Both of these as MessagePack.
    SocketIoPacked,
    SocketIoPackedMarked,
}

/// The foreign ones.
pub(crate) const GUESTS: [Speech; 9] = [
    Speech::EngineIo3,
    Speech::EngineIo4,
    Speech::Raw,
    Speech::SockJs,
    Speech::SocketIo3,
    Speech::SocketIo4,
    Speech::SocketIoMarked,
    Speech::SocketIoPacked,
    Speech::SocketIoPackedMarked,
];

/// One message of a protocol that has text messages and binary ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Binary(Bytes),
    Text(Bytes),
}

impl Part {
    pub(crate) fn text(text: impl Into<Bytes>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Binary(bytes) | Self::Text(bytes) => bytes.len(),
        }
    }
}

impl Speech {
    /// Is its one namespace the session? Then leaving it is the end.
    pub(crate) fn has_one_namespace(self) -> bool {
        matches!(self, Self::EngineIo3 | Self::EngineIo4 | Self::Raw | Self::SockJs)
    }

    /// A message in this speech; none if it has no words for it.
    pub(crate) fn say(self, out: &Outgoing<'_>) -> Vec<Part> {
        match self {
            Self::EngineIo3 | Self::EngineIo4 => engine_io::say(out),
            Self::Native => Vec::new(),
            Self::Raw | Self::SockJs => sock_js::say(out, self == Self::Raw),
            Self::SocketIo3 | Self::SocketIo4 => socket_io::say(out, self == Self::SocketIo4),
            Self::SocketIoMarked => socket_io::say_marked(out, None, false),
            Self::SocketIoPacked => socket_io::say_packed(out),
            Self::SocketIoPackedMarked => socket_io::say_marked(out, None, true),
        }
    }

    /// The WebSocket frame of one part.
    pub(crate) fn frame(self, part: &Part, out: &mut Vec<u8>) {
        match self {
            Self::EngineIo3 | Self::SocketIo3 => engine_io::frame(part, true, out),
            Self::EngineIo4
            | Self::Native
            | Self::Raw
            | Self::SocketIo4
            | Self::SocketIoMarked
            | Self::SocketIoPacked
            | Self::SocketIoPackedMarked => {
                engine_io::frame(part, false, out);
            }
            Self::SockJs => sock_js::frame(part, out),
        }
    }
}
