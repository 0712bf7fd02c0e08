//! One thing to send, to one or to many.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use everwire_session::code::Code;
use everwire_session::packet::{Kind, MAIN, MAX_NUMBER};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::chunk::Chunk;
use crate::dialect::{GUESTS, Speech, socket_io};
use crate::transport::ws_frame::{MAX_HEADER, Opcode, header};
use everwire_session::payload::Payload;

mod guest;

use guest::TextFrame;
pub(crate) use guest::{BINARY, Frame, GuestFrame, line};

/// What a message takes that one session keeps, beside its bytes.
const ALONE: usize = 128;

/// A message, most of it borrowed from whoever sends it: to one receiver it is written at once.
pub(crate) struct Outgoing<'a> {
    kind: Kind,
    namespace: Cow<'a, str>,
    id: Option<u64>,
    body: Body<'a>,
    /// While it waits, the next under this key takes its place.
    key: Option<Arc<str>>,
    /// Its forms, if it has many receivers: each is made once.
    forms: Option<Box<Forms>>,
}

/// A message in each dialect, made when the first receiver who speaks it gets it.
#[derive(Default)]
struct Forms {
    receivers: usize,
    native: OnceLock<NativeFrame>,
    guests: OnceLock<Box<[OnceLock<Option<GuestFrame>>; GUESTS.len()]>>,
}

/// What a message says, kept apart from how a dialect writes it.
pub(crate) enum Body<'a> {
    Event {
        name: Cow<'a, str>,
        payload: Payload,
    },
    /// The JSON text of an object, without line breaks.
    Object(String),
    Values(Payload),
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

#[derive(Serialize)]
struct DeniedBody<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct LeftBody<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> Outgoing<'a> {
    pub(crate) fn event(namespace: &'a str, id: Option<u64>, name: &'a str, payload: Payload) -> Self {
        Self::new(Kind::Event, namespace, id, Body::Event { name: name.into(), payload })
    }

    pub(crate) fn volatile(namespace: &'a str, name: &'a str, payload: Payload) -> Self {
        Self::new(Kind::Volatile, namespace, None, Body::Event { name: name.into(), payload })
    }

    pub(crate) fn ack(namespace: &'a str, id: u64, payload: Payload) -> Self {
        Self::new(Kind::Ack, namespace, Some(id), Body::Values(payload))
    }

    pub(crate) fn error(
        namespace: &'a str,
        id: Option<u64>,
        code: &str,
        event: Option<&str>,
        message: Option<&str>,
    ) -> Self {
        Self::object(Kind::Error, namespace, id, &ErrorBody { code, event, message })
    }

    pub(crate) fn opened(namespace: &'a str, socket: &str) -> Self {
        #[derive(Serialize)]
        struct OpenedBody<'b> {
            id: &'b str,
        }
        Self::object(Kind::Opened, namespace, None, &OpenedBody { id: socket })
    }

    pub(crate) fn denied(namespace: &'a str, message: &str, data: Option<&RawValue>) -> Self {
        Self::object(Kind::Denied, namespace, None, &DeniedBody { message, data })
    }

    pub(crate) fn left(namespace: &'a str, code: Code, reason: Option<&str>) -> Self {
        Self::object(Kind::Left, namespace, None, &LeftBody { code: code.as_str(), reason })
    }

    /// Asks for fresh auth. In no protocol but Everwire's.
    pub(crate) fn query(namespace: &'a str, within: Duration) -> Self {
        #[derive(Serialize)]
        struct QueryBody {
            within: u64,
        }
        let within = u64::try_from(within.as_millis()).unwrap_or(MAX_NUMBER).min(MAX_NUMBER);
        Self::object(Kind::Query, namespace, None, &QueryBody { within })
    }

    fn object(kind: Kind, namespace: &'a str, id: Option<u64>, body: &impl Serialize) -> Self {
        let mut text = serde_json::to_string(body).unwrap_or_else(|_| "{}".into());
        // Inside a string a line break is always escaped: a raw one is space between tokens of the user's raw JSON.
        if text.contains(['\n', '\r']) {
            text = text.replace(['\n', '\r'], " ");
        }
        Self::new(kind, namespace, id, Body::Object(text))
    }

    fn new(kind: Kind, namespace: &'a str, id: Option<u64>, body: Body<'a>) -> Self {
        Self { kind, namespace: namespace.into(), id, body, key: None, forms: None }
    }

    /// The same for many receivers.
    pub(crate) fn for_many(self, receivers: usize) -> Self {
        Self { forms: Some(Box::new(Forms { receivers, ..Forms::default() })), ..self }
    }

    /// The same for whoever keeps it.
    pub(crate) fn into_owned(self) -> Outgoing<'static> {
        let Self { kind, namespace, id, body, key, forms } = self;
        let body = match body {
            Body::Event { name, payload } => Body::Event { name: name.into_owned().into(), payload },
            Body::Object(text) => Body::Object(text),
            Body::Values(payload) => Body::Values(payload),
        };
        Outgoing { kind, namespace: namespace.into_owned().into(), id, body, key, forms }
    }

    /// The same, of which only the latest under this key matters.
    pub(crate) fn latest(self, key: Option<&str>) -> Self {
        // Keys of two namespaces are two: no name has a comma.
        let key = key.map(|key| format!("{},{key}", self.namespace).into());
        Self { key, ..self }
    }

    pub(crate) fn key(&self) -> Option<&Arc<str>> {
        self.key.as_ref()
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The answer to a connect, with what names the session when its client comes back.
    pub(crate) fn opened_with(&self, speech: Speech, secret: &str) -> Frame {
        Frame::Guest(GuestFrame::new(
            speech,
            socket_io::opened(self, secret, speech == Speech::SocketIoPackedMarked),
        ))
    }

    pub(crate) fn id(&self) -> Option<u64> {
        self.id
    }

    pub(crate) fn body(&self) -> &Body<'a> {
        &self.body
    }

    /// If this ends a client's stay in its namespace: why.
    pub(crate) fn parting(&self) -> Option<(Code, Option<String>)> {
        #[derive(serde::Deserialize)]
        struct Said {
            code: Option<String>,
            #[serde(alias = "message")]
            reason: Option<String>,
        }
        match (self.kind(), self.body()) {
            (Kind::Denied | Kind::Left, Body::Object(text)) => {
                let Said { code, reason } =
                    serde_json::from_str(text).unwrap_or(Said { code: None, reason: None });
                let code = code.and_then(|code| code.parse().ok());
                Some((code.unwrap_or(Code::ServerDisconnect), reason))
            }
            _ => None,
        }
    }

    /// What keeping `size` bytes of it costs a receiver: its part, if they are shared.
    fn weight(&self, size: usize) -> usize {
        match &self.forms {
            Some(forms) => size / forms.receivers.max(1),
            None => size + ALONE,
        }
    }

    /// This message as a session speaks; none if its dialect has no words for it. `chunk` is the receiver's: what many receive stands alone.
    pub(crate) fn frame(&self, speech: Speech, chunk: &mut Chunk) -> Option<Frame> {
        if speech == Speech::Native {
            return Some(Frame::Native(match &self.forms {
                Some(forms) => forms.native.get_or_init(|| self.native(&mut Chunk::default())).clone(),
                None => self.native(chunk),
            }));
        }
        let frame = match &self.forms {
            Some(forms) => {
                let at = GUESTS.iter().position(|guest| *guest == speech)?;
                let forms = forms.guests.get_or_init(Box::default);
                forms[at].get_or_init(|| GuestFrame::of(speech, self, &mut Chunk::default())).clone()
            }
            None => GuestFrame::of(speech, self, chunk),
        };
        frame.map(Frame::Guest)
    }

    fn attachments(&self) -> &[Bytes] {
        match &self.body {
            Body::Event { payload, .. } | Body::Values(payload) => payload.attachments(),
            Body::Object(_) => &[],
        }
    }

    /// This message in Everwire's own protocol.
    pub(crate) fn native(&self, chunk: &mut Chunk) -> NativeFrame {
        let attachments = self.attachments();
        let binary = !attachments.is_empty();
        let out = chunk.room(self.estimate());
        out.extend_from_slice(&[0; MAX_HEADER]);
        if binary {
            out.extend_from_slice(&[0; 4]);
        }
        let start = out.len();
        out.extend_from_slice(&[self.kind.letter() as u8]);
        self.write_head(out);
        if binary {
            let head = length(out.len() - start);
            out[start - 4..start].copy_from_slice(&head);
            for attachment in attachments {
                out.put_slice(&length(attachment.len()));
                out.put_slice(attachment);
            }
        }
        let header = write_header(out, if binary { Opcode::Binary } else { Opcode::Text });
        if !binary {
            out.extend_from_slice(b"\n");
        }
        let mut bytes = chunk.take();
        bytes.advance(MAX_HEADER - header);
        let mut frame = NativeFrame {
            bytes,
            header: header as u8,
            credited: self.kind.is_credited(),
            weight: 0,
            line: binary.then(Arc::default),
        };
        frame.weight = u32::try_from(self.weight(frame.size())).unwrap_or(u32::MAX);
        frame
    }

    /// This message, which has no attachments, in a protocol that writes it as ours does behind `letters`.
    fn text(&self, letters: [u8; 2], chunk: &mut Chunk) -> TextFrame {
        let out = chunk.room(self.estimate());
        out.extend_from_slice(&[0; MAX_HEADER]);
        out.extend_from_slice(&letters);
        self.write_head(out);
        let header = write_header(out, Opcode::Text);
        let mut bytes = chunk.take();
        bytes.advance(MAX_HEADER - header);
        let weight = u32::try_from(self.weight(bytes.len() - header)).unwrap_or(u32::MAX);
        TextFrame { bytes, header: header as u8, weight }
    }

    /// Enough for all but long escapes, so that the buffer seldom grows.
    fn estimate(&self) -> usize {
        let body = match &self.body {
            Body::Event { name, payload } => name.len() + payload.text().len(),
            Body::Object(text) => text.len(),
            Body::Values(payload) => payload.text().len(),
        };
        let binary: usize = self.attachments().iter().map(|attachment| attachment.len() + 4).sum();
        // Of an id 16 digits; letter, commas, brackets, quotes and the line's end.
        let around = if self.id.is_some() { 24 } else { 8 };
        MAX_HEADER + self.namespace.len() + body + binary + around
    }

    /// The packet's text form behind its letter.
    fn write_head(&self, out: &mut BytesMut) {
        if &*self.namespace != MAIN {
            out.extend_from_slice(self.namespace.as_bytes());
            out.extend_from_slice(b",");
        }
        if let Some(id) = self.id {
            write_json(out, &id);
        }
        match &self.body {
            Body::Event { name, payload } => {
                write_name(out, name);
                if !payload.is_empty() {
                    out.extend_from_slice(b",");
                    out.extend_from_slice(payload.text());
                }
                out.extend_from_slice(b"]");
            }
            Body::Object(text) => out.extend_from_slice(text.as_bytes()),
            Body::Values(payload) => {
                out.extend_from_slice(b"[");
                out.extend_from_slice(payload.text());
                out.extend_from_slice(b"]");
            }
        }
    }
}

/// Opens an array with this string.
fn write_name(out: &mut BytesMut, name: &str) {
    if name
        .bytes()
        .all(|byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b':' | b'_' | b'.'))
    {
        out.extend_from_slice(b"[\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\"");
    } else {
        out.extend_from_slice(b"[");
        write_json(out, name);
    }
}

fn write_json(out: &mut BytesMut, value: &(impl Serialize + ?Sized)) {
    serde_json::to_writer(out.writer(), value).expect("it can be written to memory");
}

/// `out` holds room for the header of a WebSocket frame, then its payload. Writes the header in front of that, and gives its length.
fn write_header(out: &mut BytesMut, opcode: Opcode) -> usize {
    let mut head = [0; MAX_HEADER];
    let used = header(opcode, out.len() - MAX_HEADER, &mut head);
    out[MAX_HEADER - used..MAX_HEADER].copy_from_slice(&head[..used]);
    used
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes()
}

/// A message as Everwire's own protocol writes it. A clone shares the bytes, and is all that a session keeps of what it has sent: not the event, nor
/// what it was made from.
#[derive(Clone)]
pub(crate) struct NativeFrame {
    /// A whole WebSocket frame from server to client, header and packet; behind the text form a `\n`.
    bytes: Bytes,
    /// Length of that header.
    header: u8,
    credited: bool,
    /// What keeping it costs a session.
    pub(super) weight: u32,
    /// Of the binary form: its line, made when the first text transport asks for it.
    line: Option<Arc<OnceLock<Bytes>>>,
}

impl NativeFrame {
    /// Does sending it take credit?
    pub(crate) fn is_credited(&self) -> bool {
        self.credited
    }

    pub(crate) fn is_binary(&self) -> bool {
        self.line.is_some()
    }

    /// The WebSocket frame.
    pub(crate) fn frame(&self) -> Bytes {
        self.bytes.slice(..self.end())
    }

    /// The same, borrowed.
    pub(crate) fn wire(&self) -> &[u8] {
        &self.bytes[..self.end()]
    }

    /// The packet in text form or in binary form.
    pub(crate) fn packet(&self) -> Bytes {
        self.bytes.slice(usize::from(self.header)..self.end())
    }

    /// Its size in windows and limits (protocol.md, section 6.1).
    pub(crate) fn size(&self) -> usize {
        self.end() - usize::from(self.header)
    }

    fn end(&self) -> usize {
        self.bytes.len() - usize::from(!self.is_binary())
    }

    /// The packet as a line for text transports, its `\n` included.
    pub(crate) fn line(&self) -> Bytes {
        let packet = self.bytes.slice(usize::from(self.header)..);
        let Some(line) = &self.line else { return packet };
        line.get_or_init(|| {
            let mut line = String::with_capacity(packet.len() * 4 / 3 + 8);
            line.push('b');
            STANDARD.encode_string(&packet, &mut line);
            line.push('\n');
            line.into()
        })
        .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incoming::Incoming;
    use everwire_session::payload::IntoArgs;

    fn native(out: &Outgoing<'_>) -> NativeFrame {
        out.native(&mut Chunk::default())
    }

    fn text(out: &Outgoing<'_>) -> String {
        String::from_utf8(native(out).packet().to_vec()).unwrap()
    }

    #[test]
    fn each_kind_has_its_text_form() {
        let (main, chat) = (MAIN, "/chat");
        let pair = || (1, "two").into_payload().unwrap();
        assert_eq!(text(&Outgoing::event(main, None, "say", pair())), r#"e["say",1,"two"]"#);
        assert_eq!(
            text(&Outgoing::event(chat, Some(12), "a\"b", Payload::default())),
            r#"e/chat,12["a\"b"]"#
        );
        assert_eq!(text(&Outgoing::volatile(main, "t", pair())), r#"v["t",1,"two"]"#);
        assert_eq!(text(&Outgoing::ack(chat, 3, pair())), r#"a/chat,3[1,"two"]"#);
        assert_eq!(text(&Outgoing::ack(main, 3, Payload::default())), "a3[]");
        assert_eq!(
            text(&Outgoing::error(main, None, "bad_data", Some("say"), Some("no"))),
            r#"x{"code":"bad_data","event":"say","message":"no"}"#
        );
        assert_eq!(
            text(&Outgoing::error(chat, Some(7), "no_handler", None, None)),
            r#"x/chat,7{"code":"no_handler"}"#
        );
        assert_eq!(text(&Outgoing::opened(main, "id")), r#"o{"id":"id"}"#);
        let data = RawValue::from_string("[1,\n2]".into()).unwrap();
        assert_eq!(
            text(&Outgoing::denied(chat, "no", Some(&data))),
            r#"d/chat,{"message":"no","data":[1, 2]}"#
        );
        assert_eq!(text(&Outgoing::query(chat, Duration::from_secs(60))), r#"q/chat,{"within":60000}"#);
        assert_eq!(
            text(&Outgoing::left(chat, Code::ServerDisconnect, Some("bye"))),
            r#"l/chat,{"code":"server_disconnect","reason":"bye"}"#
        );
    }

    #[test]
    fn a_frame_is_header_and_packet_and_its_line_ends() {
        let out = Outgoing::event(MAIN, None, "x", "y".repeat(200).into_payload().unwrap());
        let frame = native(&out);
        let bytes = frame.frame();
        assert_eq!((bytes[0], bytes[1], usize::from(frame.header)), (0x81, 126, 4));
        assert_eq!(bytes[4..], frame.packet());
        assert_eq!(frame.line(), [&frame.packet()[..], b"\n"].concat());
        assert_eq!(frame.size(), frame.packet().len());
    }

    #[test]
    fn binary_is_read_back() {
        let args = ("a", Bytes::from_static(b"\0\"\\\n"), Bytes::new()).into_payload().unwrap();
        let out = Outgoing::event(MAIN, Some(1), "bin", args);
        let frame = native(&out);
        assert!(frame.is_binary());
        assert_eq!(frame.frame()[0], 0x82);
        let incoming = Incoming::binary(&frame.packet()).unwrap();
        assert_eq!(incoming.attachments, [&b"\0\"\\\n"[..], b""]);
        assert_eq!(&incoming.body[..], br#"["bin","a","\u00000","\u00001"]"#);
        let line = frame.line();
        assert_eq!((line[0], line[line.len() - 1]), (b'b', b'\n'));
        assert_eq!(STANDARD.decode(&line[1..line.len() - 1]).unwrap(), frame.packet());
    }
}
