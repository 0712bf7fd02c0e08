//! Engine.IO, revisions 3 and 4: a session's heartbeats, its close and its upgrade. Its messages are Socket.IO's packets.
//!
//! ```text
//! 0 open  1 close  2 ping  3 pong  4 message  5 upgrade  6 noop          revision 4: the server pings; revision 3: the client does
//! ```

mod payload;

use std::time::Duration;

use bytes::Bytes;
use everwire_session::code::Code;
use everwire_session::packet::Kind;
use serde::Serialize;

pub(crate) use payload::{decode, encode};

use super::Part;
use super::socket_io::Reader;
use crate::config::Transport;
use crate::engine::guest::{Deed, Probed, Second, Tongue};
use crate::incoming::Incoming;

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
}

/// One session.
pub(crate) struct EngineIo {
    terms: Terms,
    packets: Reader,
    transport: Option<Transport>,
    /// Revision 4: when to ping; none while a pong is due.
    ping_at: Option<Duration>,
    /// When the client counts as gone.
    dead_at: Duration,
}

impl EngineIo {
    pub(crate) fn new(now: Duration, terms: Terms) -> Self {
        let ping_at = (terms.revision == Revision::Four).then_some(now + terms.ping);
        let dead_at = now + terms.ping + terms.timeout;
        Self { packets: Reader::new(terms.max), terms, transport: None, ping_at, dead_at }
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
            (Some(b'1'), _) => deeds.push(Deed::EndWith(Code::ClientDisconnect, noop())),
            (Some(b'2'), Three) => deeds.push(Deed::Say(Part::text(format!("3{}", &text[1..])))),
            (Some(b'3'), Four) => {
                self.ping_at = Some(now + self.terms.ping);
                self.heard(now);
            }
            (Some(b'4'), _) => match self.packets.text(&text[1..]) {
                Ok(incoming) => self.incoming(incoming, deeds),
                Err(malformed) => deeds.push(Deed::End(malformed.code())),
            },
            (Some(b'6'), _) => {}
            _ => deeds.push(Deed::End(Code::BadPacket)),
        }
    }

    fn incoming(&self, incoming: Option<Incoming>, deeds: &mut Vec<Deed>) {
        let Some(incoming) = incoming else { return };
        if self.terms.revision == Revision::Three
            && incoming.kind == Kind::Left
            && incoming.namespace.is_none()
        {
            // In this revision the main namespace is the connection.
            return deeds.push(Deed::EndWith(Code::ClientDisconnect, noop()));
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
                Err(_) => deeds.push(Deed::End(Code::Utf8)),
            },
            Part::Binary(bytes) => {
                let bytes = match self.terms.revision {
                    Revision::Four => Some(bytes),
                    // Its first byte is the packet's type: 4, a message.
                    Revision::Three => (bytes.first() == Some(&4)).then(|| bytes.slice(1..)),
                };
                match bytes.map(|bytes| self.packets.binary(bytes)) {
                    Some(Ok(incoming)) => self.incoming(incoming, deeds),
                    Some(Err(malformed)) => deeds.push(Deed::End(malformed.code())),
                    None => deeds.push(Deed::End(Code::BadPacket)),
                }
            }
        }
    }

    fn timeout(&mut self, now: Duration, deeds: &mut Vec<Deed>) {
        if let Some(due) = self.ping_at.take_if(|due| *due <= now) {
            self.dead_at = due + self.terms.timeout;
            deeds.push(Deed::Say(Part::Text(Bytes::from_static(b"2"))));
        }
        if self.dead_at <= now {
            deeds.push(Deed::End(Code::Timeout));
        }
    }

    fn next_timeout(&self) -> Option<Duration> {
        Some(self.ping_at.unwrap_or(self.dead_at))
    }

    fn attached(&mut self, _: Duration, transport: Transport, deeds: &mut Vec<Deed>) {
        if self.transport.replace(transport).is_some() {
            return;
        }
        let polling = transport != Transport::Websocket;
        let upgrades: &[&str] = if polling && self.terms.upgrades { &["websocket"] } else { &[] };
        deeds.push(Deed::Say(self.open(upgrades)));
        if self.terms.revision == Revision::Three {
            // The answer to the handshake has nothing but that in it; then the main namespace connects by itself.
            deeds.push(Deed::Flush);
            deeds.extend(Incoming::copied("c{}").ok().map(Deed::Deliver));
        }
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

    fn upgrades(&self) -> bool {
        self.terms.upgrades && self.transport.is_some_and(|transport| transport != Transport::Websocket)
    }

    fn probed(&mut self, part: &Part) -> Probed {
        match part {
            Part::Text(text) if &text[..] == b"2probe" => {
                Probed::Answer { answer: Part::Text(Bytes::from_static(b"3probe")), noop: noop() }
            }
            Part::Text(text) if &text[..] == b"5" => Probed::Upgrade { noop: noop() },
            _ => Probed::Nonsense,
        }
    }
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
        assert_eq!(timeout(&mut four, 900), ["end timeout"]);
        assert_eq!(take(&mut session(Revision::Four), 0, "2"), ["end bad_packet"]);
    }

    #[test]
    fn nobody_is_saved_by_a_late_look_at_the_clock() {
        assert_eq!(timeout(&mut session(Revision::Four), 500), ["say 2", "end timeout"]);
    }

    #[test]
    fn the_client_pings_in_revision_3() {
        let mut three = session(Revision::Three);
        assert_eq!(take(&mut three, 400, "2"), ["say 3"]);
        assert_eq!(take(&mut three, 410, "2probe"), ["say 3probe"]);
        assert_eq!(timeout(&mut three, 909), [""; 0]);
        assert_eq!(timeout(&mut three, 910), ["end timeout"]);
        assert_eq!(take(&mut session(Revision::Three), 0, "3"), ["end bad_packet"]);
    }

    #[test]
    fn closing() {
        assert_eq!(take(&mut session(Revision::Four), 0, "1"), ["end client_disconnect 6"]);
        assert_eq!(take(&mut session(Revision::Three), 0, "41"), ["end client_disconnect 6"]);
        assert_eq!(take(&mut session(Revision::Four), 0, "41"), ["deliver Left"]);
        for bad in ["", "abc", "5", "4abc", "42{}"] {
            assert!(take(&mut session(Revision::Four), 0, bad)[0].starts_with("end "), "{bad}");
        }
    }
}
