//! Everwire's own protocol: bodies to packets, control packets to bytes.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use everwire_session::Message;
use everwire_session::code::Code;
use everwire_session::packet::{Kind, Malformed, Packet};
use everwire_session::server::Up;
use everwire_session::wire::{Attach, Close, Post, Refusal, VERSION, Welcome};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::incoming::Incoming;
use crate::outgoing::Frame;
use crate::transport::ws_frame::{self, Opcode};

impl Message for Frame {
    fn size(&self) -> usize {
        Self::size(self)
    }

    fn is_credited(&self) -> bool {
        Self::is_credited(self)
    }

    fn weight(&self) -> usize {
        Self::weight(self)
    }
}

impl Message for Incoming {
    fn size(&self) -> usize {
        self.size
    }

    fn is_credited(&self) -> bool {
        self.kind.is_credited()
    }

    fn is_connect(&self) -> bool {
        self.kind == Kind::Connect
    }
}

/// Bytes of a head that are not counted as content.
pub(crate) const MAX_HEAD: usize = 4096;

/// How a body begins.
pub(crate) enum Head {
    Attach(Attach),
    Post(Post),
}

impl Head {
    fn first(&self) -> Option<u64> {
        match self {
            Self::Attach(attach) => attach.first,
            Self::Post(post) => post.first,
        }
    }
}

/// A body going up.
pub(crate) struct Body {
    pub(crate) head: Head,
    pub(crate) batch: Batch,
}

/// What stands behind a head.
pub(crate) type Batch = Result<Vec<Up<Incoming>>, BadLine>;

/// A line behind the head that is no packet.
pub(crate) struct BadLine {
    pub(crate) code: Code,
    /// The number of the first message, if the head gave one.
    pub(crate) first: Option<u64>,
    /// Messages before this line.
    pub(crate) before: u64,
}

/// Bytes of a body as its limit counts them: the sizes of its packets (section 6.1), without the head, line ends and base64. So what fits
/// on one transport fits on all.
pub(crate) fn weight(bytes: &[u8]) -> usize {
    let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let is_head = |line: &&[u8]| line.len() <= MAX_HEAD && matches!(line[0], b'A' | b'P');
    let first = lines.next().filter(|line| !is_head(line)).map_or(0, <[u8]>::len);
    first
        + lines.map(|line| if line[0] == b'b' { (line.len() - 1) / 4 * 3 } else { line.len() }).sum::<usize>()
}

/// Reads a body (section 2.3). An error: it has no head that could be answered for.
pub(crate) fn body(bytes: &Bytes, max_packets: usize) -> Result<Body, Code> {
    let mut lines = bytes
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.is_empty() && line[0] != b' ');
    let head = head(lines.next().ok_or(Code::Empty)?)?;
    let first = head.first();
    let mut batch = Vec::new();
    let mut before = 0;
    for line in lines {
        if batch.len() == max_packets {
            return Ok(Body {
                head,
                batch: Err(BadLine { code: Code::TooManyPackets, first: None, before }),
            });
        }
        match self::line(&own(bytes, line)).and_then(up) {
            Ok(Up::Message(_)) if first.is_none() => {
                return Ok(Body { head, batch: Err(BadLine { code: Code::BadPacket, first, before }) });
            }
            Ok(up) => {
                before += u64::from(matches!(up, Up::Message(_)));
                batch.push(up);
            }
            Err(malformed) => {
                return Ok(Body { head, batch: Err(BadLine { code: malformed.code(), first, before }) });
            }
        }
    }
    Ok(Body { head, batch: Ok(batch) })
}

/// A line that may wait long. It shares the body's memory only if it is most of it: else a small event would keep a large body.
fn own(body: &Bytes, line: &[u8]) -> Bytes {
    if line.len() > body.len() / 2 { body.slice_ref(line) } else { Bytes::copy_from_slice(line) }
}

fn head(line: &[u8]) -> Result<Head, Code> {
    let text = std::str::from_utf8(line).map_err(|_| Code::Utf8)?;
    let packet = Packet::parse(text).map_err(Malformed::code)?;
    match packet.kind {
        Kind::Attach => attach(&packet).map(Head::Attach),
        Kind::Post => object(&packet).map(Head::Post),
        _ => Err(Code::BadPacket),
    }
}

/// Reads the object of an attach, and checks its version.
pub(crate) fn attach(packet: &Packet<'_>) -> Result<Attach, Code> {
    if packet.kind != Kind::Attach {
        return Err(Code::BadPacket);
    }
    #[derive(serde::Deserialize)]
    struct Version {
        v: u64,
    }
    if object::<Version>(packet)?.v != VERSION {
        return Err(Code::Version);
    }
    let attach: Attach = object(packet)?;
    let proof = (attach.key.is_some(), attach.session.is_some(), attach.token.is_some());
    let key = attach.key.as_ref().is_none_or(|key| is_key(key.expose()));
    let ticket = attach.ticket.as_deref().is_none_or(is_key);
    if !matches!(proof, (true, false, false) | (false, true, true)) || !key || !ticket || attach.attach == 0 {
        return Err(Code::BadPacket);
    }
    Ok(attach)
}

/// 22 to 64 characters of base64url.
pub(crate) fn is_key(text: &str) -> bool {
    (22..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn object<T: DeserializeOwned>(packet: &Packet<'_>) -> Result<T, Code> {
    serde_json::from_str(packet.body).map_err(|_| Code::BadPacket)
}

/// Reads a line that is no head.
fn line(line: &Bytes) -> Result<Incoming, Malformed> {
    match line.strip_prefix(b"b") {
        Some(text) => {
            let binary = STANDARD.decode(text).map_err(|_| Malformed::Packet)?;
            Incoming::binary(&binary.into())
        }
        None => Incoming::text(line),
    }
}

/// Sorts a packet into what the machine takes.
pub(crate) fn up(incoming: Incoming) -> Result<Up<Incoming>, Malformed> {
    match incoming.kind {
        Kind::Attach | Kind::Post => Err(Malformed::Packet),
        kind if !kind.goes_up() => Err(Malformed::Packet),
        Kind::Volatile => Ok(Up::Volatile(incoming)),
        Kind::Counts => {
            let text = std::str::from_utf8(&incoming.body).map_err(|_| Malformed::Utf8)?;
            let packet = Packet { kind: Kind::Counts, namespace: "/", id: None, body: text };
            packet.counts().map(|(received, consumed)| Up::Counts(received, consumed))
        }
        Kind::Close => serde_json::from_slice(&incoming.body).map(Up::Close).map_err(|_| Malformed::Packet),
        _ => Ok(Up::Message(incoming)),
    }
}

/// A control packet going down, for WebSockets (a frame) and for text (a line).
pub(crate) struct Control(Cow<'static, str>);

/// A heartbeat, said to every session again and again, and its frame.
const HEARTBEAT: &str = "h";
const HEARTBEAT_FRAME: &[u8] = b"\x81\x01h";

impl Control {
    pub(crate) fn close(close: &Close) -> Self {
        #[derive(Serialize)]
        struct Told<'a> {
            #[serde(flatten)]
            close: &'a Close,
            then: Option<&'static str>,
        }
        let then = close.code.parse().ok().map(Code::then);
        Self::object(Kind::Close, &Told { close, then })
    }

    pub(crate) fn counts(received: u64, consumed: u64) -> Self {
        Self(format!("n{received},{consumed}").into())
    }

    pub(crate) fn heartbeat() -> Self {
        Self(HEARTBEAT.into())
    }

    pub(crate) fn refusal(code: Code, expected: Option<u64>) -> Self {
        Self::object(Kind::Refusal, &Refusal::new(code, expected))
    }

    pub(crate) fn welcome(welcome: &Welcome) -> Self {
        Self::object(Kind::Welcome, welcome)
    }

    fn object(kind: Kind, body: &impl Serialize) -> Self {
        let mut text = String::from(kind.letter());
        text.push_str(&serde_json::to_string(body).unwrap_or_else(|_| "{}".into()));
        Self(text.into())
    }

    pub(crate) fn frame(&self) -> Bytes {
        match &*self.0 {
            HEARTBEAT => Bytes::from_static(HEARTBEAT_FRAME),
            text => ws_frame::frame(Opcode::Text, &[text.as_bytes()]),
        }
    }

    pub(crate) fn line(self) -> Bytes {
        let mut line = self.0.into_owned();
        line.push('\n');
        line.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Result<Body, Code> {
        body(&Bytes::from_static(text.as_bytes()), 3)
    }

    const POST: &str = r#"P{"session":"s","token":"t","received":0,"consumed":0,"serial":1,"first":1}"#;

    fn post(rest: &str) -> Result<usize, (Code, u64)> {
        let body = body(&format!("{POST}\n{rest}").into(), 3).map_err(|code| (code, 0))?;
        body.batch.map(|batch| batch.len()).map_err(|bad| (bad.code, bad.before))
    }

    #[test]
    fn heads() {
        let attach =
            r#"A{"v":1,"attach":1,"key":"0123456789abcdefghijkl","received":0,"consumed":0,"window":1}"#;
        assert!(matches!(read(attach), Ok(Body { head: Head::Attach(_), .. })));
        for (text, code) in [
            ("", Code::Empty),
            ("\n \n  x\n", Code::Empty),
            ("h", Code::BadPacket),
            ("e[\"a\"]", Code::BadPacket),
            ("A{}", Code::BadPacket),
            (r#"A{"v":2}"#, Code::Version),
            (r#"A{"v":1,"attach":1,"key":"short","received":0,"consumed":0,"window":1}"#, Code::BadPacket),
            (r#"A{"v":1,"attach":1,"received":0,"consumed":0,"window":1}"#, Code::BadPacket),
            (r#"A{"v":1,"attach":1,"session":"s","received":0,"consumed":0,"window":1}"#, Code::BadPacket),
            (r#"A{"v":1,"attach":-1}"#, Code::BadPacket),
            (
                r#"A{"v":1,"attach":1,"key":"0123456789abcdefghijkl","received":0,"consumed":0,"window":9007199254740992}"#,
                Code::BadPacket,
            ),
            (
                r#"P{"session":"s","token":"t","received":0,"consumed":0,"first":18446744073709551615}"#,
                Code::BadPacket,
            ),
            ("P{", Code::BadJson),
        ] {
            assert_eq!(read(text).err(), Some(code), "{text}");
        }
        assert_eq!(body(&Bytes::from_static(b"\xff"), 3).err(), Some(Code::Utf8));
    }

    #[test]
    fn a_small_event_does_not_keep_the_body_that_it_came_in() {
        let bytes = Bytes::from(format!("{POST}\n{}\ne[\"a\"]", " ".repeat(1000)));
        let batch = body(&bytes, 3).ok().unwrap().batch.ok().unwrap();
        let [Up::Message(event)] = &batch[..] else { panic!("one event") };
        assert_eq!(&event.body[..], b"[\"a\"]");
        assert!(!bytes.as_ptr_range().contains(&event.body.as_ptr()));
    }

    #[test]
    fn a_body_weighs_what_its_packets_do() {
        for (body, bytes) in
            [("", 0), ("P{}\nabc\n\nde\n", 5), ("P{}\nbAAAA", 3), ("xyz\nab", 5), (&("P".repeat(5000)), 5000)]
        {
            assert_eq!(weight(body.as_bytes()), bytes, "{body:.9}");
        }
    }

    #[test]
    fn a_heartbeat_is_framed_as_any_packet() {
        assert_eq!(Control::heartbeat().frame(), ws_frame::frame(Opcode::Text, &[b"h"]));
        assert_eq!(Control::heartbeat().line(), &b"h\n"[..]);
    }

    #[test]
    fn lines() {
        assert_eq!(post(""), Ok(0));
        assert_eq!(post("e[\"a\"]\n\n   \nv[\"b\"]\r\nn1,2"), Ok(3));
        assert_eq!(post("e[\"a\"]\nh"), Err((Code::BadPacket, 1)));
        assert_eq!(post("W{}"), Err((Code::BadPacket, 0)));
        assert_eq!(post("e[\"a\"]\ne["), Err((Code::BadJson, 1)));
        assert_eq!(post("v[1]\nv[1]\nv[1]\nv[1]"), Err((Code::TooManyPackets, 0)));
        assert_eq!(post("b!!"), Err((Code::BadPacket, 0)));
        assert_eq!(post("bAAAAAA=="), Err((Code::BadPacket, 0)));
    }
}
