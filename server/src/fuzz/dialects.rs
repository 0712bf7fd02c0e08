//! Bodies and messages of each dialect.

use std::time::Duration;

use bytes::Bytes;
use everwire_session::server::Up;
use serde_json::Value;

use super::{said_again, used};
use crate::config::Transport;
use crate::dialect::engine_io::{EngineIo, Revision, Terms, decode, encode};
use crate::dialect::sock_js::{SockJs, form_value, messages};
use crate::dialect::socket_io::Reader;
use crate::dialect::{Part, Speech, native};
use crate::engine::guest::{Deed, Tongue};
use crate::incoming::Incoming;
use crate::outgoing::line;

/// Packets that a body may have.
const MOST: usize = 100;
/// Bytes of a message.
const MAX: usize = 2_000;

/// Bodies of Everwire's own protocol.
pub fn bodies(data: &[u8]) {
    assert!(native::weight(data) <= data.len());
    let Ok(body) = native::body(&Bytes::copy_from_slice(data), MOST) else { return };
    let Ok(batch) = body.batch else { return };
    assert!(batch.len() <= MOST);
    for up in &batch {
        if let Up::Message(incoming) | Up::Volatile(incoming) = up {
            assert!(incoming.size <= data.len());
            used(incoming);
        }
    }
}

/// Bodies of Engine.IO, and a session that gets what is in them.
pub fn engine_io(data: &[u8]) {
    let Some((flags, body)) = data.split_first() else { return };
    let revision = if flags & 1 == 0 { Revision::Three } else { Revision::Four };
    let Ok(parts) = decode(revision, &Bytes::copy_from_slice(body), flags & 2 != 0, MOST) else { return };
    assert!(!parts.is_empty() && parts.len() <= MOST);
    if revision == Revision::Four {
        let again = encode(revision, flags & 4 != 0, parts.iter().map(line));
        assert_eq!(decode(revision, &again.bytes, !again.text, MOST), Ok(parts.clone()));
    }
    let terms = Terms {
        revision,
        sid: "sid".into(),
        ping: Duration::from_secs(10),
        timeout: Duration::from_secs(8),
        max: MAX,
        upgrades: true,
        plain: None,
        recovery: None,
        msgpack: flags & 8 != 0,
    };
    let mut session = EngineIo::new(Duration::ZERO, terms);
    let mut deeds = Vec::new();
    session.attached(Duration::ZERO, transport(*flags), &mut deeds);
    for part in parts {
        let _ = session.probed(&part);
        session.take(Duration::ZERO, part, &mut deeds);
    }
    deeds.iter().for_each(delivered);
}

/// Packets of Socket.IO. Each stands before a byte that is in no text, and says whether it is one.
pub fn socket_io(data: &[u8]) {
    let Some((flags, messages)) = data.split_first() else { return };
    let msgpack = flags & 1 != 0;
    let mut reader = Reader::new(MAX, msgpack);
    for message in messages.split(|byte| *byte == 0xff) {
        let read = match (message.split_first(), std::str::from_utf8(message)) {
            _ if msgpack => reader.binary(Bytes::copy_from_slice(message)),
            (Some((b'b', bytes)), _) => reader.binary(Bytes::copy_from_slice(bytes)),
            (_, Ok(text)) => reader.text(text),
            (_, Err(_)) => return,
        };
        match read {
            Ok(Some(incoming)) => {
                used(&incoming);
                // MessagePack has numbers that come back as others.
                if !msgpack {
                    comes_back(&incoming);
                }
            }
            Ok(None) => {}
            Err(_) => return,
        }
    }
}

/// What is said to a Socket.IO client and said by it again is the same.
fn comes_back(incoming: &Incoming) {
    let Some(out) = said_again(incoming) else { return };
    let mut reader = Reader::new(usize::MAX, false);
    let mut again = None;
    for part in Speech::SocketIo4.say(&out) {
        again = match part {
            // The digit is Engine.IO's.
            Part::Text(text) => reader.text(std::str::from_utf8(&text[1..]).expect("a text")),
            Part::Binary(bytes) => reader.binary(bytes),
        }
        .expect("what was said can be read");
    }
    let again = again.expect("all of it was said");
    assert_eq!((again.namespace(), again.id), (incoming.namespace(), incoming.id));
    assert_eq!(again.attachments, incoming.attachments);
    // None for a number that is too large for a `Value`: JSON has no bound for them.
    let value = |incoming: &Incoming| serde_json::from_slice::<Value>(&incoming.body).ok();
    assert_eq!(value(&again), value(incoming));
}

/// Bodies of SockJS, and a session that gets them as texts.
pub fn sock_js(data: &[u8]) {
    let Some((flags, body)) = data.split_first() else { return };
    let bytes = Bytes::copy_from_slice(body);
    let _ = form_value(&bytes);
    let texts = messages(body, MOST).unwrap_or_default();
    assert!(texts.len() <= MOST);
    let mut session = SockJs::new(Duration::ZERO, "/sock", flags & 1 != 0, flags & 2 != 0, MOST);
    let mut deeds = Vec::new();
    session.attached(Duration::ZERO, transport(*flags), &mut deeds);
    for part in texts.into_iter().map(Part::text).chain([Part::Text(bytes.clone()), Part::Binary(bytes)]) {
        session.take(Duration::ZERO, part, &mut deeds);
    }
    deeds.iter().for_each(delivered);
}

fn transport(flags: u8) -> Transport {
    if flags & 16 == 0 { Transport::Websocket } else { Transport::LongPolling }
}

fn delivered(deed: &Deed) {
    if let Deed::Deliver(incoming) = deed {
        used(incoming);
    }
}
