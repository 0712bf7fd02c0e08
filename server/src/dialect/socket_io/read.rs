//! Packets of Socket.IO going up (socket.io-protocol, revisions 4 and 5).
//!
//! ```text
//! <type>[<attachments>-][<namespace>,][<id>][<JSON>]       4["a"]  51-/chat,7["a",{"_placeholder":true,"num":0}]
//! ```

use bytes::Bytes;
use everwire_session::packet::{Kind, MAIN, MAX_ATTACHMENTS, Malformed, Packet, join_binary};

use super::placeholders::to_native;
use crate::chunk::Chunk;
use crate::incoming::Incoming;

/// Reads packets, and gathers the attachments that follow one.
pub(crate) struct Reader {
    /// Bytes of one packet with its attachments.
    max: usize,
    /// Packets are MessagePack.
    msgpack: bool,
    pending: Option<Pending>,
}

/// A packet whose attachments are still to come.
struct Pending {
    /// In our text form.
    head: String,
    wanted: usize,
    bytes: usize,
    attachments: Vec<Bytes>,
}

impl Reader {
    pub(crate) fn new(max: usize, msgpack: bool) -> Self {
        Self { max, msgpack, pending: None }
    }

    /// Takes a text message. `None`: attachments are still to come.
    pub(crate) fn text(&mut self, text: &str) -> Result<Option<Incoming>, Malformed> {
        if self.pending.is_some() || self.msgpack {
            return Err(Malformed::Attachments);
        }
        let (kind, rest) = match text.as_bytes().first() {
            Some(b'0') => return connect(&text[1..]).map(Some),
            Some(b'1') => return leave(&text[1..]).map(Some),
            Some(b'2' | b'5') => ('e', &text[1..]),
            Some(b'3' | b'6') => ('a', &text[1..]),
            _ => return Err(Malformed::Packet),
        };
        if matches!(text.as_bytes()[0], b'2' | b'3') {
            return Incoming::copied(&native(kind, rest)?).map(Some);
        }
        let (count, rest) = rest.split_once('-').ok_or(Malformed::Attachments)?;
        let wanted = count.parse().map_err(|_| Malformed::Attachments)?;
        if wanted > MAX_ATTACHMENTS {
            return Err(Malformed::Attachments);
        }
        let head = to_native(&native(kind, rest)?);
        if wanted == 0 {
            return Incoming::copied(&head).map(Some);
        }
        self.pending = Some(Pending { bytes: head.len(), head, wanted, attachments: Vec::new() });
        Ok(None)
    }

    /// Takes a text message, if it is an event without attachments in the main namespace. `None`: [`text`](Self::text) knows what it is.
    pub(crate) fn event(&mut self, text: &str, chunk: &mut Chunk) -> Option<Incoming> {
        let rest = text.strip_prefix('2').filter(|rest| !rest.starts_with('/') && rest.ends_with(']'))?;
        if self.pending.is_some() || self.msgpack {
            return None;
        }
        // Behind its first letter it reads as our own.
        let packet = Packet::parse_as(Kind::Event, rest).ok()?;
        Some(Incoming::of(&packet, text.len(), chunk))
    }

    /// Takes a binary message: an attachment.
    pub(crate) fn binary(&mut self, bytes: Bytes) -> Result<Option<Incoming>, Malformed> {
        if self.msgpack {
            return super::msgpack::read(&bytes).map(Some);
        }
        let pending = self.pending.as_mut().ok_or(Malformed::Attachments)?;
        pending.bytes += bytes.len();
        if pending.bytes > self.max {
            return Err(Malformed::Attachments);
        }
        pending.attachments.push(bytes);
        if pending.attachments.len() < pending.wanted {
            return Ok(None);
        }
        let Some(pending) = self.pending.take() else { return Ok(None) };
        Incoming::binary(&join_binary(&pending.head, &pending.attachments).into()).map(Some)
    }
}

/// Namespace and what is behind it. Without anything behind it there may be no comma, and in revision 4 a query.
fn namespace(text: &str) -> (&str, &str) {
    if !text.starts_with('/') {
        return (MAIN, text);
    }
    let (name, rest) = text.split_once(',').unwrap_or((text, ""));
    (name.split('?').next().unwrap_or(name), rest)
}

/// An event or an ack in our text form, which is then parsed and checked as any other.
pub(super) fn native(kind: char, text: &str) -> Result<String, Malformed> {
    let (name, rest) = namespace(text);
    if !rest.ends_with(']') {
        return Err(Malformed::Packet);
    }
    Ok(if name == MAIN { format!("{kind}{rest}") } else { format!("{kind}{name},{rest}") })
}

pub(super) fn connect(text: &str) -> Result<Incoming, Malformed> {
    let (name, auth) = namespace(text);
    // Without auth, theirs is an empty object.
    let auth = if auth.is_empty() { "{}" } else { auth };
    if !auth.starts_with('{') {
        return Err(Malformed::Packet);
    }
    Incoming::copied(&if name == MAIN { format!("c{auth}") } else { format!("c{name},{auth}") })
}

pub(super) fn leave(text: &str) -> Result<Incoming, Malformed> {
    let (name, rest) = namespace(text);
    if !rest.is_empty() {
        return Err(Malformed::Packet);
    }
    Ok(Incoming {
        kind: Kind::Left,
        namespace: (name != MAIN).then(|| name.into()),
        id: None,
        body: Bytes::from_static(b"{}"),
        attachments: Vec::new(),
        size: text.len() + 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Incoming>, Malformed> {
        Reader::new(1_000, false).text(text)
    }

    fn shown(incoming: &Incoming) -> String {
        let id = incoming.id.map(|id| id.to_string()).unwrap_or_default();
        let body = String::from_utf8_lossy(&incoming.body);
        format!("{:?} {} {id} {body}", incoming.kind, incoming.namespace())
    }

    #[test]
    fn text() {
        for (text, expected) in [
            ("0", "Connect /  {}"),
            (r#"0{"token":"123"}"#, r#"Connect /  {"token":"123"}"#),
            ("0/custom", "Connect /custom  {}"),
            ("0/custom,", "Connect /custom  {}"),
            (r#"0/custom,{"a":1}"#, r#"Connect /custom  {"a":1}"#),
            ("0/custom?token=abc,", "Connect /custom  {}"),
            ("1", "Left /  {}"),
            ("1/custom", "Left /custom  {}"),
            ("1/custom,", "Left /custom  {}"),
            (r#"2["message",1,"2",{"3":[true]}]"#, r#"Event /  ["message",1,"2",{"3":[true]}]"#),
            (r#"2/custom,456["a"]"#, r#"Event /custom 456 ["a"]"#),
            ("30[]", "Ack / 0 []"),
            ("3/n,12[1]", "Ack /n 12 [1]"),
            (r#"50-["a"]"#, r#"Event /  ["a"]"#),
        ] {
            let incoming = read(text).unwrap().unwrap();
            assert_eq!(shown(&incoming), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_packet() {
        for text in [
            "",
            "abc",
            "7",
            "4{}",
            "2",
            "2{}",
            r#"2abc["a"]"#,
            r#"2["a""#,
            "0[]",
            "0\"a\"",
            "1[]",
            "3[]",
            "5[]",
            "5-[]",
            "51-[]",
            "5x-[]",
            "51001-[]",
            "2/n",
            r#"2["a"]x"#,
            "é",
            "0{",
        ] {
            let mut reader = Reader::new(1_000, false);
            let read = reader.text(text).and_then(|read| match read {
                Some(_) => Ok(()),
                None => reader.binary(Bytes::new()).map(|_| ()),
            });
            assert!(read.is_err(), "{text}");
        }
    }

    #[test]
    fn attachments_are_gathered_and_bounded() {
        let head = r#"52-789["b",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
        let mut reader = Reader::new(100, false);
        assert!(reader.text(head).unwrap().is_none());
        assert!(reader.text("2[\"a\"]").is_err());
        assert!(reader.binary(Bytes::from_static(b"one")).unwrap().is_none());
        let incoming = reader.binary(Bytes::from_static(b"two")).unwrap().unwrap();
        assert_eq!(shown(&incoming), r#"Event / 789 ["b","\u00000","\u00001"]"#);
        assert_eq!(incoming.attachments, [&b"one"[..], b"two"]);
        assert!(reader.binary(Bytes::new()).is_err());
        assert!(reader.text(head).unwrap().is_none());
        assert!(reader.binary(vec![0; 200].into()).is_err());
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "[0-7]{0,2}[-/,a\"{}\\[\\]0-9é?]{0,30}") {
            let _ = read(&text);
        }
    }
}
