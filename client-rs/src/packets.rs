//! Packets on their way out, encoded once, and in, with their parts still in the buffer that they came in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use everwire_session::Message;
use everwire_session::client::{Down, Head};
use everwire_session::code::Code;
use everwire_session::packet::{self, Kind, MAIN, Packet};
use everwire_session::payload::{Payload, string_end};
use everwire_session::server::Up;
use everwire_session::wire::{Attach, Refusal};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_tungstenite::tungstenite::{self, Utf8Bytes};

/// A packet as it is written.
#[derive(Clone, Debug, PartialEq)]
enum Form {
    Binary(Bytes),
    Text(Utf8Bytes),
}

/// A message or a volatile event to send.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    kind: Kind,
    form: Form,
}

impl Outgoing {
    /// `kind` is an event or a volatile event.
    pub(crate) fn event(kind: Kind, namespace: &str, id: Option<u64>, name: &str, args: &Payload) -> Self {
        let comma = if args.is_empty() { "" } else { "," };
        let name = serde_json::Value::from(name);
        Self::array(kind, namespace, id, &format!("{name}{comma}"), args)
    }

    pub(crate) fn ack(namespace: &str, id: u64, values: &Payload) -> Self {
        Self::array(Kind::Ack, namespace, Some(id), "", values)
    }

    /// `body` is JSON text without line breaks, or nothing.
    pub(crate) fn connect(namespace: &str, body: &str) -> Self {
        // A digit would begin an id.
        let space = if body.starts_with(|first: char| first.is_ascii_digit()) { " " } else { "" };
        Self::text(Kind::Connect, namespace, None, &format!("{space}{body}"))
    }

    pub(crate) fn left(namespace: &str, code: Code) -> Self {
        Self::text(Kind::Left, namespace, None, &serde_json::json!({"code": code.as_str()}).to_string())
    }

    pub(crate) fn error(
        namespace: &str,
        id: Option<u64>,
        code: &str,
        event: Option<&str>,
        message: Option<&str>,
    ) -> Self {
        #[derive(Serialize)]
        struct Body<'a> {
            code: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            event: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            message: Option<&'a str>,
        }
        Self::text(Kind::Error, namespace, id, &object(&Body { code, event, message }))
    }

    fn array(kind: Kind, namespace: &str, id: Option<u64>, start: &str, args: &Payload) -> Self {
        let text = String::from_utf8_lossy(args.text());
        let body = format!("[{start}{text}]");
        if args.attachments().is_empty() {
            return Self::text(kind, namespace, id, &body);
        }
        let head = Packet { kind, namespace, id, body: &body }.to_string();
        Self { kind, form: Form::Binary(packet::join_binary(&head, args.attachments()).into()) }
    }

    fn text(kind: Kind, namespace: &str, id: Option<u64>, body: &str) -> Self {
        Self { kind, form: Form::Text(Packet { kind, namespace, id, body }.to_string().into()) }
    }
}

impl Message for Outgoing {
    fn size(&self) -> usize {
        match &self.form {
            Form::Binary(bytes) => bytes.len(),
            Form::Text(text) => text.len(),
        }
    }

    fn is_credited(&self) -> bool {
        self.kind.is_credited()
    }

    fn is_connect(&self) -> bool {
        self.kind == Kind::Connect
    }
}

fn form(up: &Up<Outgoing>) -> Form {
    match up {
        Up::Close(close) => Form::Text(format!("z{}", object(close)).into()),
        Up::Counts(received, consumed) => Form::Text(format!("n{received},{consumed}").into()),
        Up::Message(message) | Up::Volatile(message) => message.form.clone(),
    }
}

/// A packet as one WebSocket message.
pub(crate) fn frame(up: &Up<Outgoing>) -> tungstenite::Message {
    match form(up) {
        Form::Binary(bytes) => tungstenite::Message::Binary(bytes),
        Form::Text(text) => tungstenite::Message::Text(text),
    }
}

pub(crate) fn attach_frame(attach: &Attach) -> tungstenite::Message {
    tungstenite::Message::Text(format!("A{}", object(attach)).into())
}

/// A body of lines.
pub(crate) fn body(head: &Head, batch: &[Up<Outgoing>]) -> String {
    let mut out = match head {
        Head::Attach(attach) => format!("A{}\n", object(attach)),
        Head::Post(post) => format!("P{}\n", object(post)),
    };
    for up in batch {
        match form(up) {
            Form::Binary(bytes) => {
                out.push('b');
                STANDARD.encode_string(&bytes, &mut out);
            }
            Form::Text(text) => out.push_str(&text),
        }
        out.push('\n');
    }
    out
}

fn object(body: &impl Serialize) -> String {
    serde_json::to_string(body).expect("strings and numbers can be written as JSON")
}

/// A message or a volatile event that came.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub(crate) kind: Kind,
    /// None is the main namespace.
    namespace: Option<Box<str>>,
    pub(crate) id: Option<u64>,
    /// JSON text, checked.
    pub(crate) body: Bytes,
    pub(crate) attachments: Vec<Bytes>,
    size: usize,
}

impl Incoming {
    /// `whole` holds the packet's body.
    fn new(packet: &Packet<'_>, whole: &Bytes, attachments: Vec<Bytes>) -> Self {
        Self {
            kind: packet.kind,
            namespace: (packet.namespace != MAIN).then(|| packet.namespace.into()),
            id: packet.id,
            body: whole.slice_ref(packet.body.as_bytes()),
            attachments,
            size: whole.len(),
        }
    }

    pub(crate) fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or(MAIN)
    }

    /// What it takes of the receive window.
    pub(crate) fn credit(&self) -> u64 {
        if self.is_credited() { self.size as u64 } else { 0 }
    }

    /// The name and the arguments of an event.
    pub(crate) fn event(&self) -> Option<(String, Payload)> {
        let start = 1 + self.body.get(1..)?.iter().position(|byte| !byte.is_ascii_whitespace())?;
        if self.body.get(start) != Some(&b'"') {
            return None;
        }
        let end = string_end(&self.body, start);
        let name = serde_json::from_slice(self.body.get(start..end)?).ok()?;
        Some((name, Payload::of_array(self.body.clone(), end, self.attachments.clone())))
    }

    /// The values of an ack.
    pub(crate) fn values(&self) -> Payload {
        Payload::of_array(self.body.clone(), 0, self.attachments.clone())
    }

    /// The object in the body, as far as it is one that we know.
    pub(crate) fn object<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl Message for Incoming {
    fn size(&self) -> usize {
        self.size
    }

    fn is_credited(&self) -> bool {
        self.kind.is_credited()
    }
}

/// Reads the lines of an answer. One without its end was cut off.
pub(crate) fn read_body(body: &Bytes) -> impl Iterator<Item = Down<Incoming>> {
    let whole = body.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end);
    let lines = body[..whole].split(|byte| *byte == b'\n');
    lines.filter(|line| !line.is_empty() && line[0] != b' ').map(|line| match line.split_first() {
        Some((b'b', rest)) => match STANDARD.decode(rest) {
            Ok(bytes) => read_binary(&bytes.into()),
            Err(_) => Down::Malformed(Code::BadPacket),
        },
        _ => read_text(&body.slice_ref(line)),
    })
}

/// Reads a packet in text form.
pub(crate) fn read_text(bytes: &Bytes) -> Down<Incoming> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Down::Malformed(Code::Utf8) };
    match Packet::parse(text) {
        Ok(packet) => down(&packet, bytes, Vec::new()),
        Err(malformed) => Down::Malformed(malformed.code()),
    }
}

/// Reads a packet in binary form.
pub(crate) fn read_binary(bytes: &Bytes) -> Down<Incoming> {
    let read = packet::split_binary(bytes)
        .and_then(|(head, parts)| Ok((Packet::parse_head(head, parts.len())?, parts)));
    match read {
        Ok((packet, parts)) => {
            down(&packet, bytes, parts.into_iter().map(|part| bytes.slice_ref(part)).collect())
        }
        Err(malformed) => Down::Malformed(malformed.code()),
    }
}

fn down(packet: &Packet<'_>, whole: &Bytes, attachments: Vec<Bytes>) -> Down<Incoming> {
    let read = match packet.kind {
        Kind::Attach | Kind::Connect | Kind::Post => None,
        Kind::Close => serde_json::from_str(packet.body).ok().map(Down::Close),
        Kind::Counts => packet.counts().ok().map(|(received, consumed)| Down::Counts(received, consumed)),
        Kind::Heartbeat => Some(Down::Heartbeat),
        Kind::Refusal => refusal(packet.body.as_bytes()).map(Down::Refusal),
        Kind::Volatile => Some(Down::Volatile(Incoming::new(packet, whole, attachments))),
        Kind::Welcome => serde_json::from_str(packet.body).ok().map(Down::Welcome),
        Kind::Ack | Kind::Denied | Kind::Error | Kind::Event | Kind::Left | Kind::Opened | Kind::Query => {
            Some(Down::Message(Incoming::new(packet, whole, attachments)))
        }
    };
    read.unwrap_or(Down::Malformed(Code::BadPacket))
}

/// The code of a refusal; none if it is anything else, as what a proxy says.
pub(crate) fn refusal(body: &[u8]) -> Option<Code> {
    serde_json::from_slice::<Refusal>(body).ok()?.error.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post() -> Head {
        Head::Post(everwire_session::wire::Post {
            session: "s".into(),
            token: everwire_session::wire::Secret::new("t"),
            received: 1,
            consumed: 2,
            serial: None,
            first: None,
            attach: None,
            poll: None,
            wait: None,
        })
    }

    #[test]
    fn a_body_has_one_packet_a_line_and_is_read_as_it_was_written() {
        let bytes = Payload::new((Bytes::from_static(b"\0\n\xff"), "x")).unwrap();
        let batch = [
            Up::Message(Outgoing::event(Kind::Event, "/chat", Some(7), "a\n", &bytes)),
            Up::Message(Outgoing::event(Kind::Event, "/", None, "b", &Payload::default())),
            Up::Message(Outgoing::ack("/", 3, &Payload::new((1, 2)).unwrap())),
            Up::Volatile(Outgoing::event(Kind::Volatile, "/", None, "v", &Payload::new(1).unwrap())),
            Up::Counts(4, 5),
        ];
        let text = body(&post(), &batch);
        let (_, lines) = text.split_once('\n').unwrap();
        let read: Vec<_> = read_body(&Bytes::from(format!("\n  \n{lines}e[\"cut"))).collect();
        let [
            Down::Message(binary),
            Down::Message(plain),
            Down::Message(ack),
            Down::Volatile(volatile),
            Down::Counts(4, 5),
        ] = &read[..]
        else {
            panic!("{read:?}")
        };
        assert_eq!(binary.event(), Some(("a\n".into(), bytes)));
        assert_eq!(
            (binary.namespace(), binary.id, binary.credit()),
            ("/chat", Some(7), batch_size(&batch[0]))
        );
        assert_eq!(plain.event(), Some(("b".into(), Payload::default())));
        assert_eq!(ack.values().read::<(i32, i32)>().unwrap(), (1, 2));
        assert_eq!((volatile.credit(), volatile.event().unwrap().0), (0, "v".into()));
    }

    fn batch_size(up: &Up<Outgoing>) -> u64 {
        let Up::Message(message) = up else { panic!() };
        message.size() as u64
    }

    #[test]
    fn an_auth_that_begins_with_a_digit_is_no_id() {
        for (auth, text) in [("", "c/n,"), ("1", "c/n, 1"), ("-1", "c/n,-1"), ("{}", "c/n,{}")] {
            let connect = Outgoing::connect("/n", auth);
            assert_eq!(connect.form, Form::Text(text.into()));
            assert!(Packet::parse(text).is_ok());
        }
    }

    #[test]
    fn what_is_no_packet_of_a_server_is_told_with_its_code() {
        for (line, code) in [
            ("<html>", Code::BadPacket),
            ("c", Code::BadPacket),
            ("W{}", Code::BadPacket),
            ("z{}", Code::BadPacket),
            (r#"r{"error":"unheard of","message":""}"#, Code::BadPacket),
            ("e[", Code::BadJson),
            ("b====", Code::BadPacket),
            ("bAAAA", Code::Attachments),
        ] {
            let read: Vec<_> = read_body(&Bytes::from(format!("{line}\n"))).collect();
            assert!(matches!(read[..], [Down::Malformed(told)] if told == code), "{line}: {read:?}");
        }
        assert_eq!(refusal(br#"{"error":"stale","message":""}"#), Some(Code::Stale));
        assert_eq!(refusal(b"<html>"), None);
    }
}
