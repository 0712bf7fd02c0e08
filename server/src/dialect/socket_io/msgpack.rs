//! Packets as socket.io-msgpack-parser writes them: each is one map, in one binary message.
//!
//! ```text
//! {"type":2,"nsp":"/","data":["say",1,<bytes>],"id":7}
//! ```

use bytes::Bytes;
use everwire_session::packet::{Kind, Malformed, join_binary};
use rmpv::Value;

use super::read::{connect, leave, native};
use crate::dialect::Part;
use crate::incoming::Incoming;
use crate::outgoing::{Body, Outgoing};

/// How deep values may be nested. What is read is then held to the limit that holds for JSON.
const DEPTH: usize = 128;

/// Writes a message; `trail` is JSON text of one more argument of an event.
pub(super) fn say(out: &Outgoing<'_>, trail: Option<&str>) -> Vec<Part> {
    let kind = match out.kind() {
        Kind::Opened => 0,
        Kind::Left => 1,
        Kind::Event | Kind::Volatile => 2,
        Kind::Ack => 3,
        Kind::Denied => 4,
        _ => return Vec::new(),
    };
    let mut json = Vec::new();
    if kind != 1 {
        super::body(out, false, trail, &mut json);
    }
    let attachments = match out.body() {
        Body::Event { payload, .. } | Body::Values(payload) => payload.attachments(),
        Body::Object(_) => &[],
    };
    packet(kind, out.namespace(), out.id(), &json, attachments)
}

/// Writes a packet whose data is JSON text, in our form.
pub(super) fn packet(
    kind: u8,
    namespace: &str,
    id: Option<u64>,
    json: &[u8],
    attachments: &[Bytes],
) -> Vec<Part> {
    let mut pairs =
        vec![(Value::from("type"), Value::from(kind)), (Value::from("nsp"), Value::from(namespace))];
    if let Ok(mut data) = serde_json::from_slice::<Value>(json) {
        if !attachments.is_empty() {
            fill(&mut data, attachments);
        }
        pairs.push((Value::from("data"), data));
    }
    if let Some(id) = id {
        pairs.push((Value::from("id"), Value::from(id)));
    }
    let mut bytes = Vec::new();
    match rmpv::encode::write_value(&mut bytes, &Value::Map(pairs)) {
        Ok(()) => vec![Part::Binary(bytes.into())],
        Err(_) => Vec::new(),
    }
}

/// Puts bytes where their placeholders stand.
fn fill(value: &mut Value, attachments: &[Bytes]) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| fill(value, attachments)),
        Value::Map(pairs) => pairs.iter_mut().for_each(|(_, value)| fill(value, attachments)),
        Value::String(text) => {
            let Some(rest) = text.as_str().and_then(|text| text.strip_prefix('\0')) else { return };
            *value = match rest.parse::<usize>().ok().and_then(|at| attachments.get(at)) {
                Some(bytes) => Value::Binary(bytes.to_vec()),
                None => Value::from(rest),
            };
        }
        _ => {}
    }
}

/// Reads a packet.
pub(super) fn read(bytes: &[u8]) -> Result<Incoming, Malformed> {
    let mut rest = bytes;
    let packet = rmpv::decode::read_value_with_max_depth(&mut rest, DEPTH).map_err(|_| Malformed::Packet)?;
    let Value::Map(pairs) = packet else { return Err(Malformed::Packet) };
    if !rest.is_empty() {
        return Err(Malformed::Packet);
    }
    let field = |name| {
        let pair = pairs.iter().find(|(key, _)| key.as_str() == Some(name));
        pair.map(|(_, value)| value).filter(|value| !value.is_nil() && !is_undefined(value))
    };
    let namespace =
        field("nsp").and_then(Value::as_str).filter(|name| name.starts_with('/') && !name.contains(','));
    let namespace = namespace.ok_or(Malformed::Packet)?;
    let id = match field("id") {
        Some(id) => id.as_u64().ok_or(Malformed::Packet)?.to_string(),
        None => String::new(),
    };
    let data = field("data");
    let mut writer = Writer {
        text: format!("{namespace},{id}"),
        attachments: Vec::new(),
        binary: data.is_some_and(has_bytes),
    };
    if let Some(data) = data {
        writer.value(data)?;
    }
    let Writer { text, attachments, .. } = writer;
    let head = match (field("type").and_then(Value::as_u64), attachments.is_empty()) {
        (Some(0), true) => return connect(&text),
        (Some(1), true) => return leave(&text),
        (Some(2), _) => native('e', &text)?,
        (Some(3), _) => native('a', &text)?,
        _ => return Err(Malformed::Packet),
    };
    if attachments.is_empty() {
        Incoming::copied(&head)
    } else {
        Incoming::binary(&join_binary(&head, &attachments).into())
    }
}

/// Its clients write a `Buffer` as bytes, and an `ArrayBuffer` as an extension.
fn bytes_of(value: &Value) -> Option<&[u8]> {
    match value {
        Value::Binary(bytes) => Some(bytes),
        Value::Ext(0, bytes) if !is_undefined(value) => Some(bytes),
        _ => None,
    }
}

/// As its clients write it; an `ArrayBuffer` of one zero byte looks the same here.
fn is_undefined(value: &Value) -> bool {
    matches!(value, Value::Ext(0, data) if data[..] == [0])
}

fn has_bytes(value: &Value) -> bool {
    match value {
        Value::Array(values) => values.iter().any(has_bytes),
        Value::Map(pairs) => pairs.iter().any(|(_, value)| has_bytes(value)),
        other => bytes_of(other).is_some(),
    }
}

/// Writes JSON text in our form, and gathers the bytes.
struct Writer {
    text: String,
    attachments: Vec<Bytes>,
    /// Are there bytes anywhere? Then strings that look like their placeholders are escaped.
    binary: bool,
}

impl Writer {
    fn value(&mut self, value: &Value) -> Result<(), Malformed> {
        match value {
            Value::Nil => self.text.push_str("null"),
            Value::Boolean(yes) => self.text.push_str(if *yes { "true" } else { "false" }),
            Value::Integer(number) => self.text.push_str(&number.to_string()),
            Value::F32(number) => self.json(&f64::from(*number)),
            Value::F64(number) => self.json(number),
            Value::String(_) => {
                let text = value.as_str().ok_or(Malformed::Utf8)?;
                match text.starts_with('\0') && self.binary {
                    true => self.json(&format!("\0{text}")),
                    false => self.json(&text),
                }
            }
            Value::Array(values) => {
                self.text.push('[');
                for (at, value) in values.iter().enumerate() {
                    self.text.push_str(if at > 0 { "," } else { "" });
                    self.value(value)?;
                }
                self.text.push(']');
            }
            Value::Map(pairs) => {
                self.text.push('{');
                for (at, (key, value)) in pairs.iter().enumerate() {
                    self.text.push_str(if at > 0 { "," } else { "" });
                    self.json(&key.as_str().ok_or(Malformed::Json)?);
                    self.text.push(':');
                    self.value(value)?;
                }
                self.text.push('}');
            }
            undefined if is_undefined(undefined) => self.text.push_str("null"),
            other => {
                // Else it is a date, say, for which JSON has no words.
                let bytes = bytes_of(other).ok_or(Malformed::Json)?;
                self.json(&format!("\0{}", self.attachments.len()));
                self.attachments.push(Bytes::copy_from_slice(bytes));
            }
        }
        Ok(())
    }

    fn json(&mut self, value: &impl serde::Serialize) {
        self.text.push_str(&serde_json::to_string(value).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use everwire_session::payload::IntoArgs;

    use super::*;

    fn written(value: &Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        rmpv::encode::write_value(&mut bytes, value).unwrap();
        bytes
    }

    fn map(pairs: &[(&str, Value)]) -> Value {
        Value::Map(pairs.iter().map(|(key, value)| (Value::from(*key), value.clone())).collect())
    }

    #[test]
    fn there_and_back() {
        let chat: Arc<str> = "/chat".into();
        let args = ("\0b", Bytes::from_static(b"xyz"), 1.5, -3, "é").into_payload().unwrap();
        let parts = say(&Outgoing::event(&chat, Some(7), "say", args), None);
        let [Part::Binary(bytes)] = &parts[..] else { panic!("{parts:?}") };
        let incoming = read(bytes).unwrap();
        assert_eq!((incoming.kind, incoming.namespace(), incoming.id), (Kind::Event, "/chat", Some(7)));
        assert_eq!(&incoming.body[..], r#"["say","\u0000\u0000b","\u00000",1.5,-3,"é"]"#.as_bytes());
        assert_eq!(incoming.attachments, [&b"xyz"[..]]);
    }

    #[test]
    fn each_kind() {
        let of = |kind: u8, data: Value| {
            written(&map(&[("type", kind.into()), ("nsp", "/".into()), ("data", data)]))
        };
        assert_eq!(read(&of(0, Value::Nil)).unwrap().kind, Kind::Connect);
        assert_eq!(read(&of(0, Value::Ext(0, vec![0]))).unwrap().kind, Kind::Connect);
        assert_eq!(&read(&of(0, map(&[("token", "x".into())]))).unwrap().body[..], br#"{"token":"x"}"#);
        assert_eq!(read(&of(1, Value::Nil)).unwrap().kind, Kind::Left);
        assert_eq!(
            read(&of(2, Value::Array(vec!["a".into(), Value::Ext(0, vec![])]))).unwrap().attachments,
            [Bytes::new()]
        );
        let list = Value::Array(vec!["a".into(), Value::Ext(0, vec![0])]);
        assert_eq!(&read(&of(2, list.clone())).unwrap().body[..], br#"["a",null]"#);
        for bad in [
            of(4, list.clone()),
            of(3, list),
            of(2, Value::Nil),
            of(2, 1.into()),
            of(2, Value::Ext(1, vec![])),
            vec![],
            vec![0xc1],
            vec![1, 2],
        ] {
            assert!(read(&bad).is_err(), "{bad:?}");
        }
        let mut deep = vec![0x91; 100_000];
        deep.push(0xc0);
        assert!(read(&deep).is_err());
        // Lengths are announced: nothing is reserved for what has not come.
        assert!(
            read(&[0xdd, 0xff, 0xff, 0xff, 0xff]).is_err() && read(&[0xc6, 0xff, 0xff, 0xff, 0xff]).is_err()
        );
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40)) {
            let _ = read(&bytes);
        }
    }
}
