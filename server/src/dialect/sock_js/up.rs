//! What SockJS clients send.

use bytes::Bytes;
use everwire_session::packet::{Kind, MAIN, Malformed};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::MESSAGE;
use crate::incoming::Incoming;

/// Why a body holds no messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadBody {
    Empty,
    Json,
    TooMany,
}

/// The messages of a body or a frame: an array of up to `most` strings, or one string.
pub(crate) fn messages(body: &[u8], most: usize) -> Result<Vec<String>, BadBody> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Sent {
        Many(Vec<String>),
        One(String),
    }
    if body.is_empty() {
        return Err(BadBody::Empty);
    }
    match serde_json::from_slice(body) {
        Ok(Sent::Many(messages)) if messages.len() > most => Err(BadBody::TooMany),
        Ok(Sent::Many(messages)) => Ok(messages),
        Ok(Sent::One(message)) => Ok(vec![message]),
        Err(_) => Err(BadBody::Json),
    }
}

#[derive(Deserialize)]
struct Said<'a> {
    event: Option<&'a RawValue>,
    ack: Option<u64>,
    #[serde(borrow)]
    args: &'a RawValue,
    id: Option<u64>,
}

/// A message as an event: the one that it describes, if `events` are looked for, else `message`. What describes none (or nests too deep) is a message as any
/// other.
pub(in crate::dialect) fn incoming(namespace: &str, text: &str, events: bool) -> Result<Incoming, Malformed> {
    let place = place(namespace);
    if events
        && text.starts_with('{')
        && let Ok(said) = serde_json::from_str::<Said<'_>>(text)
        && let Some(native) = native(&place, &said)
        && let Ok(incoming) = Incoming::copied(&native)
    {
        return Ok(incoming);
    }
    let quoted = serde_json::to_string(text).map_err(|_| Malformed::Json)?;
    Incoming::copied(&format!("e{place}[\"{MESSAGE}\",{quoted}]"))
}

/// A binary message, as an event that has one attachment.
pub(in crate::dialect) fn binary(namespace: &str, bytes: Bytes) -> Incoming {
    const BODY: &[u8] = br#"["message","\u00000"]"#;
    Incoming {
        kind: Kind::Event,
        namespace: (namespace != MAIN).then(|| namespace.into()),
        id: None,
        body: Bytes::from_static(BODY),
        size: BODY.len() + bytes.len(),
        attachments: vec![bytes],
    }
}

pub(in crate::dialect) fn connect(namespace: &str) -> Result<Incoming, Malformed> {
    Incoming::copied(&format!("c{}", place(namespace)))
}

/// How a packet names its namespace.
fn place(namespace: &str) -> String {
    if namespace == MAIN { String::new() } else { format!("{namespace},") }
}

/// In our own text form, which is then parsed and checked as any other.
fn native(place: &str, said: &Said<'_>) -> Option<String> {
    let args = said.args.get().trim();
    let inner = args.strip_prefix('[')?.strip_suffix(']')?.trim();
    match (said.event, said.ack) {
        (None, Some(ack)) => Some(format!("a{place}{ack}{args}")),
        (Some(event), None) if event.get().starts_with('"') => {
            let id = said.id.map(|id| id.to_string()).unwrap_or_default();
            let comma = if inner.is_empty() { "" } else { "," };
            Some(format!("e{place}{id}[{}{comma}{inner}]", event.get()).replace(['\n', '\r'], " "))
        }
        _ => None,
    }
}

/// The value of `d` in a form.
pub(crate) fn form_value(body: &Bytes) -> Option<String> {
    let pairs = body.split(|byte| *byte == b'&');
    let value = pairs.filter_map(|pair| pair.strip_prefix(b"d=")).next()?;
    crate::transport::service::percent_decode(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, events: bool) -> String {
        let incoming = incoming("/", text, events).unwrap();
        format!("{:?} {:?} {}", incoming.kind, incoming.id, String::from_utf8_lossy(&incoming.body))
    }

    #[test]
    fn messages_are_events() {
        assert_eq!(shown("x\"\n", true), r#"Event None ["message","x\"\n"]"#);
        let said = r#"{"event":"say","args":["x",{"a":1}],"id":7}"#;
        assert_eq!(shown(said, true), r#"Event Some(7) ["say","x",{"a":1}]"#);
        assert!(shown(said, false).starts_with(r#"Event None ["message","{"#));
        assert_eq!(shown(r#"{"event":"say","args":[]}"#, true), r#"Event None ["say"]"#);
        assert_eq!(shown(r#"{"ack":3,"args":[1]}"#, true), "Ack Some(3) [1]");
        let deep = format!(r#"{{"event":"a","args":[{}{}]}}"#, "[".repeat(70), "]".repeat(70));
        let others =
            ["{", "{}", r#"{"event":1,"args":[]}"#, r#"{"event":"a","args":{}}"#, r#"{"event":"a"}"#, &deep];
        for other in others {
            assert!(shown(other, true).starts_with(r#"Event None ["message","#), "{other}");
        }
    }

    #[test]
    fn bodies() {
        assert_eq!(messages(br#"["a","b"]"#, 2), Ok(vec!["a".into(), "b".into()]));
        assert_eq!(messages(br#""a""#, 2), Ok(vec!["a".into()]));
        assert_eq!(messages(b"[]", 2), Ok(Vec::new()));
        assert_eq!(messages(b"", 2), Err(BadBody::Empty));
        assert_eq!(messages(br#"["a","b","c"]"#, 2), Err(BadBody::TooMany));
        for bad in [&b"[\"x"[..], b"[1]", b"{}", b"\xff", b"[\"a\"]x"] {
            assert_eq!(messages(bad, 2), Err(BadBody::Json));
        }
        assert_eq!(form_value(&Bytes::from_static(b"a=1&d=%5B%22x%22%5D")).as_deref(), Some("[\"x\"]"));
        assert_eq!(form_value(&Bytes::from_static(b"p=p")), None);
    }
}
