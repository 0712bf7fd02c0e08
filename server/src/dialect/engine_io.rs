//! Engine.IO, revisions 3 and 4: a session's heartbeats, its close and its upgrade. Its messages are Socket.IO's packets, or the application's own.
//!
//! ```text
//! 0 open  1 close  2 ping  3 pong  4 message  5 upgrade  6 noop          revision 4: the server pings; revision 3: the client does
//! ```

mod payload;
mod plain;

use std::time::Duration;

use bytes::Bytes;
use everwire_session::code::Code;
use everwire_session::packet::{Kind, Malformed};
use serde::Serialize;

pub(crate) use payload::{decode, encode};
pub(crate) use plain::{Plain, say};

use super::Part;
use super::socket_io::Reader;
use crate::chunk::Chunk;
use crate::config::Transport;
use crate::engine::guest::{Deed, Probed, Second, Tongue};
use crate::incoming::Incoming;
use crate::transport::ws_frame::{self, Opcode};

/// What precedes the bytes of a message in revision 3.
const MESSAGE_BYTE: u8 = 4;

/// Which revision a client speaks: the `EIO` of its URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revision {
    Three,
    Four,
}

/// What a session is told at its opening.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) revision: Revision,
    /// The id in the URL, which is the secret too.
    pub(crate) sid: String,
    pub(crate) ping: Duration,
    pub(crate) timeout: Duration,
    /// Bytes of a body, or of a packet with its attachments.
    pub(crate) max: usize,
    /// May it move to a WebSocket?
    pub(crate) upgrades: bool,
    /// What its messages are, if not Socket.IO's packets.
    pub(crate) plain: Option<Plain>,
    /// How long it waits for a client that is gone.
    pub(crate) recovery: Option<Duration>,
    /// Socket.IO's packets are MessagePack.
    pub(crate) msgpack: bool,
}

/// How long a WebSocket may take to ask for the session, once it is there.
const UPGRADE: Duration = Duration::from_secs(10);

/// How long a poll waits at the most while the session is about to move.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a poll is answered that has crossed the client's close on its way: both are sent at once, on two connections.
const CROSSED: Duration = Duration::from_secs(1);

/// One session.
pub(crate) struct EngineIo {
    terms: Terms,
    packets: Reader,
    transport: Option<Transport>,
    /// A poll waits.
    polled: bool,
    /// The client has closed, and a poll may still be on its way.
    crossed: bool,
    /// Revision 4: when to ping; none while a pong is due.
    ping_at: Option<Duration>,
    /// When the client counts as gone.
    dead_at: Duration,
}

impl EngineIo {
    pub(crate) fn new(now: Duration, terms: Terms) -> Self {
        let ping_at = (terms.revision == Revision::Four).then_some(now + terms.ping);
        let dead_at = now + terms.ping + terms.timeout;
        let packets = Reader::new(terms.max, terms.msgpack);
        Self { packets, terms, transport: None, polled: false, crossed: false, ping_at, dead_at }
    }

    fn open(&self, upgrades: &[&str]) -> Part {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Open<'a> {
            sid: &'a str,
            upgrades: &'a [&'a str],
            ping_interval: u64,
            ping_timeout: u64,
            max_payload: usize,
        }
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let open = Open {
            sid: &self.terms.sid,
            upgrades,
            ping_interval: millis(self.terms.ping),
            ping_timeout: millis(self.terms.timeout),
            max_payload: self.terms.max,
        };
        Part::text(format!("0{}", serde_json::to_string(&open).unwrap_or_default()))
    }

    /// The session is over for what the client has done.
    fn end(&self, code: Code) -> Deed {
        match self.farewell(code, None) {
            Some(last) => Deed::EndWith(code, last),
            None => Deed::End(code),
        }
    }

    /// The client has closed.
    fn left(&mut self) -> Deed {
        self.crossed = !self.polled && self.transport != Some(Transport::Websocket);
        Deed::EndWith(Code::ClientDisconnect, noop())
    }

    /// Something came: the client lives.
    fn heard(&mut self, now: Duration) {
        self.dead_at = match (self.terms.revision, self.ping_at) {
            (Revision::Three, _) => now + self.terms.ping + self.terms.timeout,
            (Revision::Four, None) => now + self.terms.timeout,
            (Revision::Four, Some(ping_at)) => ping_at + self.terms.timeout,
        };
    }

    fn text(&mut self, now: Duration, text: &str, deeds: &mut Vec<Deed>) {
        use Revision::{Four, Three};
        match (text.as_bytes().first(), self.terms.revision) {
            (Some(b'1'), _) => deeds.push(self.left()),
            (Some(b'2'), Three) => deeds.push(Deed::Say(Part::text(format!("3{}", &text[1..])))),
            (Some(b'3'), Four) => {
                self.ping_at = Some(now + self.terms.ping);
                self.heard(now);
            }
            (Some(b'4'), _) => {
                let read = match &self.terms.plain {
                    Some(plain) => plain.text(&text[1..]).map(Some),
                    None => self.packets.text(&text[1..]),
                };
                self.incoming(read, deeds);
            }
            (Some(b'6'), _) => {}
            // Clients that have been told to send no bytes do so over a WebSocket too.
            (Some(b'b'), revision) => match payload::base64(revision, &text[1..]) {
                Ok(bytes) => self.binary(bytes, deeds),
                Err(code) => deeds.push(self.end(code)),
            },
            _ => deeds.push(self.end(Code::BadPacket)),
        }
    }

    fn binary(&mut self, bytes: Bytes, deeds: &mut Vec<Deed>) {
        let bytes = match self.terms.revision {
            Revision::Four => bytes,
            Revision::Three if bytes.first() == Some(&MESSAGE_BYTE) => bytes.slice(1..),
            Revision::Three => return deeds.push(self.end(Code::BadPacket)),
        };
        let read = match &self.terms.plain {
            Some(plain) => Ok(Some(plain.binary(bytes))),
            None => self.packets.binary(bytes),
        };
        self.incoming(read, deeds);
    }

    fn incoming(&mut self, read: Result<Option<Incoming>, Malformed>, deeds: &mut Vec<Deed>) {
        let incoming = match read {
            Ok(Some(incoming)) => incoming,
            Ok(None) => return,
            Err(malformed) => return deeds.push(self.end(malformed.code())),
        };
        if self.terms.revision == Revision::Three
            && incoming.kind == Kind::Left
            && incoming.namespace.is_none()
        {
            // In this revision the main namespace is the connection.
            return deeds.push(self.left());
        }
        deeds.push(Deed::Deliver(incoming));
    }
}

/// Answers a poll that must end for another reason than a message.
fn noop() -> Part {
    Part::Text(Bytes::from_static(b"6"))
}

impl Tongue for EngineIo {
    fn take(&mut self, now: Duration, part: Part, deeds: &mut Vec<Deed>) {
        self.heard(now);
        match part {
            Part::Text(text) => match std::str::from_utf8(&text) {
                Ok(text) => self.text(now, text, deeds),
                Err(_) => deeds.push(self.end(Code::Utf8)),
            },
            Part::Binary(bytes) => self.binary(bytes, deeds),
        }
    }

    fn event(&mut self, now: Duration, text: &str, chunk: &mut Chunk) -> Option<Incoming> {
        if self.terms.plain.is_some() {
            return None;
        }
        let event = self.packets.event(text.strip_prefix('4')?, chunk)?;
        self.heard(now);
        Some(event)
    }

    fn timeout(&mut self, now: Duration, deeds: &mut Vec<Deed>) {
        if let Some(due) = self.ping_at.take_if(|due| *due <= now) {
            self.dead_at = due + self.terms.timeout;
            deeds.push(Deed::Say(Part::Text(Bytes::from_static(b"2"))));
        }
        if self.dead_at <= now {
            deeds.push(self.end(Code::Timeout));
        }
    }

    fn next_timeout(&self) -> Option<Duration> {
        Some(self.ping_at.unwrap_or(self.dead_at))
    }

    fn attached(&mut self, _: Duration, transport: Transport, deeds: &mut Vec<Deed>) {
        let polling = transport != Transport::Websocket;
        self.polled = polling;
        if self.transport.replace(transport).is_some() {
            return;
        }
        let upgrades: &[&str] = if polling && self.terms.upgrades { &["websocket"] } else { &[] };
        deeds.push(Deed::Say(self.open(upgrades)));
        let connect = match (&self.terms.plain, self.terms.revision) {
            (Some(plain), _) => plain.connect(),
            (None, Revision::Three) => Incoming::copied("c{}"),
            (None, Revision::Four) => return,
        };
        // The answer to the handshake has nothing but that in it; then the namespace connects by itself.
        deeds.push(Deed::Flush);
        deeds.extend(connect.ok().map(Deed::Deliver));
    }

    fn detached(&mut self, _: Duration) {
        self.polled = false;
    }

    fn linger(&self) -> Duration {
        if self.crossed { CROSSED } else { Duration::ZERO }
    }

    fn afterwards(&mut self, _: Code, _: Option<&str>) -> Option<Part> {
        std::mem::take(&mut self.crossed).then(noop)
    }

    fn second(&self) -> Second {
        Second::Fatal(Part::Text(Bytes::from_static(b"1")))
    }

    fn farewell(&self, _: Code, _: Option<&str>) -> Option<Part> {
        (self.transport != Some(Transport::Websocket)).then(|| Part::Text(Bytes::from_static(b"1")))
    }

    fn close_frame(&self, _: Code, _: Option<&str>) -> (u16, String) {
        (1000, String::new())
    }

    fn upgrades(&self) -> Option<Duration> {
        let polls = self.transport.is_some_and(|transport| transport != Transport::Websocket);
        (self.terms.upgrades && polls).then_some(UPGRADE)
    }

    fn recovery(&self) -> Option<Duration> {
        self.terms.recovery
    }

    fn resumed(&mut self, now: Duration, transport: Transport) {
        self.transport = Some(transport);
        self.packets = Reader::new(self.terms.max, self.terms.msgpack);
        self.ping_at = Some(now + self.terms.ping);
        self.heard(now);
    }

    fn probed(&mut self, part: &Part) -> Probed {
        match part {
            Part::Text(text) if &text[..] == b"2probe" => Probed::Answer {
                answer: Part::Text(Bytes::from_static(b"3probe")),
                noop: noop(),
                pause: PAUSE,
            },
            Part::Text(text) if &text[..] == b"5" => Probed::Upgrade { noop: noop() },
            _ => Probed::Nonsense,
        }
    }
}

/// The WebSocket frame of a part; `typed`: a byte says that a binary one is a message.
pub(super) fn frame(part: &Part, typed: bool, out: &mut Vec<u8>) {
    let frame = match part {
        Part::Text(text) => ws_frame::frame(Opcode::Text, &[text]),
        Part::Binary(bytes) if typed => ws_frame::frame(Opcode::Binary, &[&[MESSAGE_BYTE], bytes]),
        Part::Binary(bytes) => ws_frame::frame(Opcode::Binary, &[bytes]),
    };
    out.extend_from_slice(&frame);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(revision: Revision) -> EngineIo {
        let terms = Terms {
            revision,
            sid: "s".into(),
            ping: Duration::from_millis(300),
            timeout: Duration::from_millis(200),
            max: 1_000_000,
            upgrades: true,
            plain: None,
            recovery: None,
            msgpack: false,
        };
        EngineIo::new(Duration::ZERO, terms)
    }

    fn shown(deeds: &[Deed]) -> Vec<String> {
        let text = |part: &Part| match part {
            Part::Text(text) => String::from_utf8_lossy(text).into_owned(),
            Part::Binary(bytes) => format!("{bytes:?}"),
        };
        deeds
            .iter()
            .map(|deed| match deed {
                Deed::Deliver(incoming) => format!("deliver {:?}", incoming.kind),
                Deed::End(code) => format!("end {code}"),
                Deed::EndWith(code, part) => format!("end {code} {}", text(part)),
                Deed::Flush => "flush".into(),
                Deed::Say(part) => format!("say {}", text(part)),
            })
            .collect()
    }

    fn take(session: &mut EngineIo, millis: u64, text: &'static str) -> Vec<String> {
        let mut deeds = Vec::new();
        session.take(Duration::from_millis(millis), Part::text(text), &mut deeds);
        shown(&deeds)
    }

    fn timeout(session: &mut EngineIo, millis: u64) -> Vec<String> {
        let mut deeds = Vec::new();
        session.timeout(Duration::from_millis(millis), &mut deeds);
        shown(&deeds)
    }

    const OPEN: &str =
        r#"{"sid":"s","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":1000000}"#;

    #[test]
    fn opening() {
        let mut deeds = Vec::new();
        session(Revision::Four).attached(Duration::ZERO, Transport::LongPolling, &mut deeds);
        assert_eq!(shown(&deeds), [format!("say 0{OPEN}")]);
        let mut deeds = Vec::new();
        session(Revision::Three).attached(Duration::ZERO, Transport::LongPolling, &mut deeds);
        assert_eq!(shown(&deeds), [format!("say 0{OPEN}"), "flush".into(), "deliver Connect".into()]);
        let mut deeds = Vec::new();
        session(Revision::Four).attached(Duration::ZERO, Transport::Websocket, &mut deeds);
        assert!(shown(&deeds)[0].contains(r#""upgrades":[]"#));
    }

    #[test]
    fn the_server_pings_in_revision_4() {
        let mut four = session(Revision::Four);
        assert_eq!(four.next_timeout(), Some(Duration::from_millis(300)));
        assert_eq!(timeout(&mut four, 299), [""; 0]);
        assert_eq!(timeout(&mut four, 310), ["say 2"]);
        assert_eq!(four.next_timeout(), Some(Duration::from_millis(500)));
        assert_eq!(take(&mut four, 400, "3"), [""; 0]);
        assert_eq!(timeout(&mut four, 699), [""; 0]);
        assert_eq!(timeout(&mut four, 700), ["say 2"]);
        assert_eq!(timeout(&mut four, 900), ["end timeout 1"]);
        assert_eq!(take(&mut session(Revision::Four), 0, "2"), ["end bad_packet 1"]);
    }

    #[test]
    fn nobody_is_saved_by_a_late_look_at_the_clock() {
        assert_eq!(timeout(&mut session(Revision::Four), 500), ["say 2", "end timeout 1"]);
    }

    #[test]
    fn the_client_pings_in_revision_3() {
        let mut three = session(Revision::Three);
        assert_eq!(take(&mut three, 400, "2"), ["say 3"]);
        assert_eq!(take(&mut three, 410, "2probe"), ["say 3probe"]);
        assert_eq!(timeout(&mut three, 909), [""; 0]);
        assert_eq!(timeout(&mut three, 910), ["end timeout 1"]);
        assert_eq!(take(&mut session(Revision::Three), 0, "3"), ["end bad_packet 1"]);
    }

    #[test]
    fn bytes_as_text() {
        for (revision, text) in [(Revision::Four, "bAQID"), (Revision::Three, "b4AQID")] {
            let mut session = session(revision);
            assert_eq!(take(&mut session, 0, r#"451-["a",{"_placeholder":true,"num":0}]"#), [""; 0]);
            assert_eq!(take(&mut session, 0, text), ["deliver Event"]);
        }
    }

    #[test]
    fn closing() {
        assert_eq!(take(&mut session(Revision::Four), 0, "1"), ["end client_disconnect 6"]);
        assert_eq!(take(&mut session(Revision::Three), 0, "41"), ["end client_disconnect 6"]);
        assert_eq!(take(&mut session(Revision::Four), 0, "41"), ["deliver Left"]);
        for bad in ["", "abc", "5", "4abc", "42{}", "b***"] {
            assert!(take(&mut session(Revision::Four), 0, bad)[0].starts_with("end "), "{bad}");
        }
    }
}
