//! Socket.IO: its packets, in the messages of Engine.IO.

mod msgpack;
mod placeholders;
mod read;

use everwire_session::packet::{Kind, MAIN};

pub(super) use placeholders::replaced;
pub(crate) use read::Reader;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Part;
use crate::outgoing::{Body, Outgoing};

/// What Engine.IO puts before the text of a message.
const MESSAGE: u8 = b'4';

/// How Socket.IO's answer to a connect to nowhere reads, in every revision.
const INVALID: &str = r#"{"message":"Invalid namespace"}"#;

/// With what a message begins that reads as our own behind it, if it has no attachments.
pub(crate) fn letters(kind: Kind) -> Option<[u8; 2]> {
    match kind {
        Kind::Event | Kind::Volatile => Some([MESSAGE, b'2']),
        Kind::Ack => Some([MESSAGE, b'3']),
        _ => None,
    }
}

/// Writes a message. `four`: as clients of Engine.IO 4 expect it, where the answer to a connect names the socket, and a refusal is an object.
pub(super) fn say(out: &Outgoing<'_>, four: bool) -> Vec<Part> {
    say_with(out, four, None)
}

/// The same to a client that may come back, and then names the last argument of the last event it had, if that was a string. So no other event but
/// those with an offset may end with one.
pub(crate) fn say_marked(out: &Outgoing<'_>, offset: Option<u64>, packed: bool) -> Vec<Part> {
    let trail = match offset {
        Some(offset) => Some(format!("\"{offset}\"")),
        None => (out.kind() == Kind::Volatile).then(|| "null".into()),
    };
    if packed { msgpack::say(out, trail.as_deref()) } else { say_with(out, true, trail.as_deref()) }
}

/// As socket.io-msgpack-parser reads it.
pub(super) fn say_packed(out: &Outgoing<'_>) -> Vec<Part> {
    msgpack::say(out, None)
}

/// The answer to a connect, with what a client that comes back names it by.
pub(crate) fn opened(out: &Outgoing<'_>, secret: &str, packed: bool) -> Vec<Part> {
    #[derive(Deserialize)]
    struct Opened<'a> {
        id: &'a str,
    }
    let Body::Object(object) = out.body() else { return Vec::new() };
    let Ok(Opened { id }) = serde_json::from_str(object) else { return Vec::new() };
    let object = format!(r#"{{"sid":"{id}","pid":"{secret}.{id}"}}"#);
    if packed {
        return msgpack::packet(0, out.namespace(), None, object.as_bytes(), &[]);
    }
    let place = if out.namespace() == MAIN { String::new() } else { format!("{},", out.namespace()) };
    vec![Part::text(format!("40{place}{object}"))]
}

/// `trail`: JSON text of one more argument of an event.
fn say_with(out: &Outgoing<'_>, four: bool, trail: Option<&str>) -> Vec<Part> {
    let attachments = match out.body() {
        Body::Event { payload, .. } | Body::Values(payload) => payload.attachments(),
        Body::Object(_) => &[],
    };
    let digit = match (out.kind(), attachments.is_empty()) {
        (Kind::Opened, _) => b'0',
        (Kind::Left, _) => b'1',
        (Kind::Event | Kind::Volatile, true) => b'2',
        (Kind::Ack, true) => b'3',
        (Kind::Denied, _) => b'4',
        (Kind::Event | Kind::Volatile, false) => b'5',
        (Kind::Ack, false) => b'6',
        // An event that could not be handled: Socket.IO has no word for that, its clients see no ack.
        _ => return Vec::new(),
    };
    let mut text = vec![MESSAGE, digit];
    if !attachments.is_empty() {
        text.extend_from_slice(format!("{}-", attachments.len()).as_bytes());
    }
    let bare = out.kind() == Kind::Left || (out.kind() == Kind::Opened && !four);
    if out.namespace() != MAIN {
        text.extend_from_slice(out.namespace().as_bytes());
        if !bare {
            text.push(b',');
        }
    }
    if bare {
        return vec![Part::text(text)];
    }
    if let Some(id) = out.id() {
        text.extend_from_slice(id.to_string().as_bytes());
    }
    match out.body() {
        Body::Object(object) if out.kind() == Kind::Denied && !four => {
            text.extend_from_slice(refusal(object).as_bytes());
        }
        _ => body(out, !attachments.is_empty(), trail, &mut text),
    }
    let binary = attachments.iter().map(|bytes| Part::Binary(bytes.clone()));
    std::iter::once(Part::text(text)).chain(binary).collect()
}

/// Socket.IO 2 knows a refusal's data, or else its message, but not both.
fn refusal(object: &str) -> String {
    #[derive(Deserialize)]
    struct Denied<'a> {
        #[serde(borrow)]
        message: &'a RawValue,
        #[serde(borrow)]
        data: Option<&'a RawValue>,
    }
    match serde_json::from_str(object) {
        Ok(Denied { message, data }) if object != INVALID => data.unwrap_or(message).get().into(),
        _ => object.into(),
    }
}

fn body(out: &Outgoing<'_>, binary: bool, trail: Option<&str>, text: &mut Vec<u8>) {
    let values = |payload: &[u8], text: &mut Vec<u8>| match binary {
        true => placeholders::from_native(payload, text),
        false => text.extend_from_slice(payload),
    };
    match out.body() {
        Body::Event { name, payload } => {
            text.push(b'[');
            serde_json::to_writer(&mut *text, &**name).expect("a string can be written to memory");
            if !payload.is_empty() {
                text.push(b',');
                values(payload.text(), text);
            }
            if let Some(trail) = trail {
                text.push(b',');
                text.extend_from_slice(trail.as_bytes());
            }
            text.push(b']');
        }
        Body::Object(object) if out.kind() == Kind::Opened => {
            // `{"id":…}`
            text.extend_from_slice(object.replacen("\"id\"", "\"sid\"", 1).as_bytes());
        }
        Body::Object(object) => text.extend_from_slice(object.as_bytes()),
        Body::Values(payload) => {
            text.push(b'[');
            values(payload.text(), text);
            text.push(b']');
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use everwire_session::code::Code;
    use everwire_session::payload::IntoArgs;

    use super::*;
    use crate::chunk::Chunk;
    use crate::dialect::Speech;

    /// What WebSockets get is written another way.
    fn frame(out: &Outgoing<'_>, four: bool) -> Vec<u8> {
        let speech = if four { Speech::SocketIo4 } else { Speech::SocketIo3 };
        out.frame(speech, &mut Chunk::default()).unwrap().frame().to_vec()
    }

    fn said(out: &Outgoing<'_>, four: bool) -> Vec<String> {
        say(out, four)
            .into_iter()
            .map(|part| match part {
                Part::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
                Part::Binary(bytes) => format!("{bytes:?}"),
            })
            .collect()
    }

    #[test]
    fn each_kind() {
        let (main, chat): (Arc<str>, Arc<str>) = (MAIN.into(), "/chat".into());
        let pair = || (1, "two").into_payload().unwrap();
        let binary = || ("a", Bytes::from_static(b"xyz"), "\0b").into_payload().unwrap();
        for (out, expected) in [
            (Outgoing::event(&main, None, "say", pair()), &[r#"42["say",1,"two"]"#][..]),
            (Outgoing::event(&chat, Some(12), "say", pair()), &[r#"42/chat,12["say",1,"two"]"#]),
            (Outgoing::volatile(&main, "t", pair()), &[r#"42["t",1,"two"]"#]),
            (Outgoing::ack(&chat, 3, pair()), &[r#"43/chat,3[1,"two"]"#]),
            (Outgoing::opened(&main, "x"), &[r#"40{"sid":"x"}"#]),
            (Outgoing::opened(&chat, "x"), &[r#"40/chat,{"sid":"x"}"#]),
            (Outgoing::denied(&chat, "no", None), &[r#"44/chat,{"message":"no"}"#]),
            (Outgoing::left(&chat, Code::ServerDisconnect, None), &["41/chat"]),
            (Outgoing::left(&main, Code::ServerDisconnect, None), &["41"]),
            (Outgoing::error(&main, None, "no_handler", None, None), &[]),
            (
                Outgoing::event(&main, None, "b", binary()),
                &[r#"451-["b","a",{"_placeholder":true,"num":0},"\u0000b"]"#, "b\"xyz\""],
            ),
            (
                Outgoing::ack(&main, 7, binary()),
                &[r#"461-7["a",{"_placeholder":true,"num":0},"\u0000b"]"#, "b\"xyz\""],
            ),
        ] {
            assert_eq!(said(&out, true), expected);
            if letters(out.kind()).is_some() && expected.len() == 1 {
                let text = expected[0].as_bytes();
                let framed = [&[0x81, text.len() as u8], text].concat();
                assert_eq!((frame(&out, true), frame(&out, false)), (framed.clone(), framed));
            }
        }
        assert_eq!(said(&Outgoing::opened(&chat, "x"), false), ["40/chat"]);
        assert_eq!(said(&Outgoing::opened(&main, "x"), false), ["40"]);
        for (out, offset, expected) in [
            (Outgoing::event(&main, None, "say", pair()), Some(5), r#"42["say",1,"two","5"]"#),
            (Outgoing::event(&main, None, "say", ().into_payload().unwrap()), Some(5), r#"42["say","5"]"#),
            (Outgoing::event(&main, Some(1), "say", pair()), None, r#"421["say",1,"two"]"#),
            (Outgoing::volatile(&main, "t", pair()), None, r#"42["t",1,"two",null]"#),
        ] {
            assert_eq!(say_marked(&out, offset, false), [Part::text(expected)]);
        }
        let opened = opened(&Outgoing::opened(&chat, "x"), "secret", false);
        assert_eq!(opened, [Part::text(r#"40/chat,{"sid":"x","pid":"secret.x"}"#)]);
        let data = RawValue::from_string(r#"{"a":1}"#.into()).unwrap();
        for (out, expected) in [
            (Outgoing::denied(&chat, "no", None), r#"44/chat,"no""#),
            (Outgoing::denied(&chat, "no", Some(&data)), r#"44/chat,{"a":1}"#),
            (
                Outgoing::denied(&chat, "Invalid namespace", None),
                r#"44/chat,{"message":"Invalid namespace"}"#,
            ),
        ] {
            assert_eq!(said(&out, false), [expected]);
        }
    }
}
