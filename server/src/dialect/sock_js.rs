//! SockJS 0.3.3: messages of text, in frames of one letter each.
//!
//! ```text
//! o open   h heartbeat   a["one","two"] messages   c[3000,"Go away!"] closed          up: ["one","two"]
//! ```
//!
//! A message is the event `message` with one string. Any other event goes down as the text of an object, and comes up as one where the mount
//! has been told to look for them:
//!
//! ```text
//! {"event":"said","args":["hello"],"id":7}   {"ack":7,"args":[]}   {"error":{"code":"no_handler"},"id":7}
//! ```

mod up;

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use everwire_session::code::Code;
use everwire_session::packet::Kind;
use everwire_session::payload::string_end;

pub(crate) use up::{BadBody, form_value, messages};
pub(super) use up::{binary, connect, incoming};

use super::Part;
use super::socket_io::replaced;
use crate::config::Transport;
use crate::engine::guest::{Deed, Second, Tongue};
use crate::outgoing::{Body, Outgoing};
use crate::transport::ws_frame::{self, Opcode};

/// The event that a message is.
pub(crate) const MESSAGE: &str = "message";

/// How often a client hears from an idle server.
const HEARTBEAT: Duration = Duration::from_secs(25);

/// How long a session lives while its client gets nothing, and how long one that has ended tells so.
const ABSENCE: Duration = Duration::from_secs(5);

/// One session.
pub(crate) struct SockJs {
    namespace: Box<str>,
    /// Look for events in messages.
    events: bool,
    /// Over a WebSocket without frames: messages as they are.
    raw: bool,
    /// Messages in one frame.
    most: usize,
    transport: Option<Transport>,
    /// When it is time for a heartbeat, or, without a receiver, for the end.
    due: Duration,
    receiving: bool,
}

impl SockJs {
    pub(crate) fn new(now: Duration, namespace: &str, events: bool, raw: bool, most: usize) -> Self {
        Self {
            namespace: namespace.into(),
            events,
            raw,
            most,
            transport: None,
            due: now + ABSENCE,
            receiving: false,
        }
    }

    fn message(&self, text: &str, deeds: &mut Vec<Deed>) {
        match incoming(&self.namespace, text, self.events) {
            Ok(incoming) => deeds.push(Deed::Deliver(incoming)),
            Err(malformed) => deeds.push(Deed::End(malformed.code())),
        }
    }
}

impl Tongue for SockJs {
    fn take(&mut self, _: Duration, part: Part, deeds: &mut Vec<Deed>) {
        let text = match part {
            Part::Text(text) => text,
            Part::Binary(bytes) if self.raw => {
                return deeds.push(Deed::Deliver(binary(&self.namespace, bytes)));
            }
            Part::Binary(_) => return deeds.push(Deed::End(Code::BadPacket)),
        };
        let Ok(whole) = std::str::from_utf8(&text) else { return deeds.push(Deed::End(Code::Utf8)) };
        if self.raw || self.transport != Some(Transport::Websocket) {
            return self.message(whole, deeds);
        }
        match messages(&text, self.most) {
            Ok(messages) => messages.iter().for_each(|text| self.message(text, deeds)),
            Err(BadBody::Empty) => {}
            Err(BadBody::Json) => deeds.push(Deed::End(Code::BadJson)),
            Err(BadBody::TooMany) => deeds.push(Deed::End(Code::TooManyPackets)),
        }
    }

    fn timeout(&mut self, now: Duration, deeds: &mut Vec<Deed>) {
        if now < self.due {
            return;
        }
        if !self.receiving {
            return deeds.push(Deed::End(Code::Timeout));
        }
        self.due = now + HEARTBEAT;
        if !self.raw {
            deeds.push(Deed::Say(Part::Text(Bytes::from_static(b"h"))));
        }
    }

    fn next_timeout(&self) -> Option<Duration> {
        Some(self.due)
    }

    fn attached(&mut self, now: Duration, transport: Transport, deeds: &mut Vec<Deed>) {
        self.receiving = true;
        self.due = now + HEARTBEAT;
        if self.transport.replace(transport).is_some() {
            return;
        }
        if !self.raw {
            deeds.extend([Deed::Say(Part::Text(Bytes::from_static(b"o"))), Deed::Flush]);
        }
        deeds.extend(connect(&self.namespace).ok().map(Deed::Deliver));
    }

    fn detached(&mut self, now: Duration) {
        self.receiving = false;
        self.due = now + ABSENCE;
    }

    /// What was on its way may be lost, and nobody would know.
    fn aborted(&self) -> Option<Code> {
        Some(Code::Timeout)
    }

    fn second(&self) -> Second {
        Second::Told(Part::Text(Bytes::from_static(br#"c[2010,"Another connection still open"]"#)))
    }

    fn farewell(&self, code: Code, reason: Option<&str>) -> Option<Part> {
        let (number, reason) = self.close_frame(code, reason);
        (!self.raw).then(|| Part::text(format!("c[{number},{}]", quote(&reason))))
    }

    fn close_frame(&self, code: Code, reason: Option<&str>) -> (u16, String) {
        match code {
            Code::Timeout => (1002, "Connection interrupted".into()),
            Code::ServerDisconnect => (3000, reason.unwrap_or("Go away!").into()),
            code => (code.websocket(), reason.unwrap_or(code.as_str()).into()),
        }
    }

    fn linger(&self) -> Duration {
        if self.transport == Some(Transport::Websocket) { Duration::ZERO } else { ABSENCE }
    }
}

/// A message as the text of a JSON string; `raw`: as it is.
pub(super) fn say(out: &Outgoing<'_>, raw: bool) -> Vec<Part> {
    if raw && let Some(bytes) = bytes(out) {
        return vec![Part::Binary(bytes)];
    }
    let Some(text) = text(out) else { return Vec::new() };
    vec![Part::text(if raw { text } else { quote(&text) })]
}

/// A message that is one binary value, where there are such.
pub(super) fn bytes(out: &Outgoing<'_>) -> Option<Bytes> {
    match out.body() {
        Body::Event { name, payload }
            if &**name == MESSAGE && out.id().is_none() && payload.text() == br#""\u00000""# =>
        {
            payload.attachments().first().cloned()
        }
        _ => None,
    }
}

/// A message of text; where there are only such, other events are the text of an object.
pub(super) fn text(out: &Outgoing<'_>) -> Option<String> {
    let id = out.id().map(|id| format!(",\"id\":{id}")).unwrap_or_default();
    Some(match (out.kind(), out.body()) {
        (_, Body::Event { name, payload })
            if &**name == MESSAGE
                && is_string(payload.text())
                && payload.attachments().is_empty()
                && id.is_empty() =>
        {
            serde_json::from_slice(payload.text()).ok()?
        }
        (_, Body::Event { name, payload }) => {
            let name = serde_json::to_string(&**name).ok()?;
            format!(r#"{{"event":{name},"args":[{}]{id}}}"#, expanded(payload.text(), payload.attachments()))
        }
        (Kind::Ack, Body::Values(payload)) => {
            format!(r#"{{"ack":{},"args":[{}]}}"#, out.id()?, expanded(payload.text(), payload.attachments()))
        }
        (Kind::Error, Body::Object(object)) => format!(r#"{{"error":{object}{id}}}"#),
        // That it is connected, the client knows.
        _ => return None,
    })
}

fn is_string(json: &[u8]) -> bool {
    json.first() == Some(&b'"') && string_end(json, 0) == json.len()
}

/// JSON text in which each placeholder of a binary value is `{"base64":"…"}`.
fn expanded(text: &[u8], attachments: &[Bytes]) -> String {
    let mut out = Vec::with_capacity(text.len());
    if attachments.is_empty() {
        out.extend_from_slice(text);
    } else {
        replaced(text, &mut out, |number, out| {
            let number = std::str::from_utf8(number).ok().and_then(|number| number.parse::<usize>().ok());
            let bytes = number.and_then(|number| attachments.get(number)).map_or(&[][..], |bytes| bytes);
            out.extend_from_slice(format!(r#"{{"base64":"{}"}}"#, STANDARD.encode(bytes)).as_bytes());
        });
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A JSON string. Beside what JSON asks for, characters are escaped that some browsers lose or change.
pub(crate) fn quote(text: &str) -> String {
    let json = serde_json::to_string(text).unwrap_or_default();
    let fragile = |letter: char| matches!(letter, '\u{200c}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{2060}'..='\u{206f}' | '\u{fff0}'..='\u{ffff}');
    if !json.contains(fragile) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 16);
    for letter in json.chars() {
        if fragile(letter) {
            let _ = write!(out, "\\u{:04x}", letter as u32);
        } else {
            out.push(letter);
        }
    }
    out
}

/// The WebSocket frame of what was said: messages are quoted, nothing else begins so.
pub(super) fn frame(part: &Part, out: &mut Vec<u8>) {
    let (Part::Text(text) | Part::Binary(text)) = part;
    let frame = match text.first() {
        Some(b'"') => ws_frame::frame(Opcode::Text, &[b"a[", text, b"]"]),
        _ => ws_frame::frame(Opcode::Text, &[text]),
    };
    out.extend_from_slice(&frame);
}

/// The frames of several lines: messages that follow each other share one.
pub(crate) fn frames(lines: impl IntoIterator<Item = Bytes>) -> Vec<String> {
    let mut frames = Vec::<String>::new();
    for line in lines {
        let line = String::from_utf8_lossy(&line);
        match frames.last_mut() {
            Some(last) if line.starts_with('"') && last.starts_with('a') => {
                last.pop();
                let _ = write!(last, ",{line}]");
            }
            _ if line.starts_with('"') => frames.push(format!("a[{line}]")),
            _ => frames.push(line.into_owned()),
        }
    }
    frames
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use everwire_session::payload::IntoArgs;

    use super::*;

    fn said(out: &Outgoing<'_>) -> Vec<String> {
        frames(say(out, false).into_iter().map(|part| crate::outgoing::line(&part)))
    }

    #[test]
    fn messages_events_and_acks() {
        let main: Arc<str> = "/".into();
        for (out, expected) in [
            (Outgoing::event(&main, None, "message", "x".into_payload().unwrap()), &[r#"a["x"]"#][..]),
            (
                Outgoing::event(&main, None, "message", "\u{ffff}\u{2028}\n".into_payload().unwrap()),
                &[r#"a["\uffff\u2028\n"]"#],
            ),
            (
                Outgoing::event(&main, Some(3), "said", ("x", 1).into_payload().unwrap()),
                &[r#"a["{\"event\":\"said\",\"args\":[\"x\",1],\"id\":3}"]"#],
            ),
            (Outgoing::ack(&main, 7, ().into_payload().unwrap()), &[r#"a["{\"ack\":7,\"args\":[]}"]"#]),
            (
                Outgoing::event(&main, None, "bin", (Bytes::from_static(b"xyz"),).into_payload().unwrap()),
                &[r#"a["{\"event\":\"bin\",\"args\":[{\"base64\":\"eHl6\"}]}"]"#],
            ),
            (
                // Beside it a string that looks like it.
                Outgoing::event(
                    &main,
                    None,
                    "b",
                    ("\0\u{30}", Bytes::from_static(b"x")).into_payload().unwrap(),
                ),
                &[r#"a["{\"event\":\"b\",\"args\":[\"\\u00000\",{\"base64\":\"eA==\"}]}"]"#],
            ),
            (Outgoing::opened(&main, "x"), &[]),
        ] {
            assert_eq!(said(&out), expected);
        }
    }

    #[test]
    fn messages_share_a_frame() {
        let lines = ["o", "\"a\"", "\"b\"", "h", "\"c\""].map(|line| Bytes::from_static(line.as_bytes()));
        assert_eq!(frames(lines), ["o", r#"a["a","b"]"#, "h", r#"a["c"]"#]);
    }

    #[test]
    fn absence_and_heartbeats() {
        let at = Duration::from_secs;
        let mut session = SockJs::new(at(0), "/", false, false, 9);
        let mut deeds = Vec::new();
        session.attached(at(0), Transport::LongPolling, &mut deeds);
        assert!(matches!(&deeds[..], [Deed::Say(_), Deed::Flush, Deed::Deliver(_)]));
        deeds.clear();
        session.timeout(at(24), &mut deeds);
        assert!(deeds.is_empty());
        session.timeout(at(25), &mut deeds);
        assert!(matches!(&deeds[..], [Deed::Say(Part::Text(text))] if &text[..] == b"h"));
        deeds.clear();
        session.detached(at(26));
        session.timeout(at(30), &mut deeds);
        assert!(deeds.is_empty());
        session.timeout(at(31), &mut deeds);
        assert!(matches!(&deeds[..], [Deed::End(Code::Timeout)]));
    }
}
