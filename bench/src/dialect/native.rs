//! Everwire's own protocol, as `protocol.md` has it: one attach, and counts.

use super::{Dialect, Hear, Heard, Packets, arguments, field, push_event};
use crate::http::Request;
use crate::plan::Transport;

/// What we name as our receive window.
const WINDOW: u64 = 1 << 20;

pub struct Native {
    transport: Transport,
    key: String,
    /// `"session":…,"token":…`, once there is a welcome.
    proof: String,
    ticket: Option<String>,
    /// Messages said; bodies with packets; polls.
    said: usize,
    serial: usize,
    polls: usize,
    /// The number of the next message in what is being read.
    position: u64,
    /// Messages heard, the bytes of events, and how many of those the server knows of.
    received: u64,
    consumed: u64,
    told: u64,
    /// A heartbeat waits for our counts.
    asked: bool,
}

impl Native {
    pub fn new(transport: Transport, index: usize) -> Self {
        Self {
            transport,
            // Unique among the clients of one server, which is what a key is for.
            key: format!("{index:022}"),
            proof: String::new(),
            ticket: None,
            said: 0,
            serial: 0,
            polls: 0,
            position: 1,
            received: 0,
            consumed: 0,
            told: 0,
            asked: false,
        }
    }

    /// The attach that opens, and the connect to the main namespace behind it.
    fn attach(&mut self, serial: &str) -> [String; 2] {
        self.said = 1;
        self.serial = 1;
        let key = &self.key;
        let attach = format!(
            r#"A{{"v":1,"attach":1,"key":"{key}","received":0,"consumed":0,"window":{WINDOW},"first":1{serial}}}"#
        );
        [attach, "c".into()]
    }

    fn opening(&mut self, path: &str) -> Request {
        let [attach, connect] = self.attach(r#","serial":1"#);
        Request::post(format!("/everwire/{path}"), format!("{attach}\n{connect}\n").into_bytes())
    }

    /// `P`, with `more` about a poll, and all that waits.
    fn body(&mut self, queue: &mut Packets, more: &str) -> Vec<u8> {
        let Self { proof, received, consumed, .. } = self;
        let mut head = format!(r#"P{{{proof},"received":{received},"consumed":{consumed}{more}"#);
        if !queue.is_empty() {
            self.serial += 1;
            let (serial, first) = (self.serial, self.said + 1);
            head.push_str(&format!(r#","serial":{serial},"first":{first}"#));
        }
        let mut body = head.into_bytes();
        body.extend_from_slice(b"}\n");
        for packet in queue.iter() {
            body.extend_from_slice(packet);
            body.push(b'\n');
            self.said += 1;
        }
        queue.clear();
        self.told = self.consumed;
        self.asked = false;
        body
    }

    /// Is this message the next one? A carrier may bring what an answer has brought already.
    fn accept(&mut self) -> bool {
        let place = self.position;
        self.position += 1;
        let next = place == self.received + 1;
        self.received += u64::from(next);
        next
    }

    fn welcome(&mut self, body: &[u8]) {
        let body = String::from_utf8_lossy(body);
        self.position = field(&body, "first").and_then(|first| first.parse().ok()).expect("a position");
        if let (Some(session), Some(token)) = (field(&body, "session"), field(&body, "token")) {
            self.proof = format!(r#""session":"{session}","token":"{token}""#);
            self.ticket = field(&body, "ticket").map(Into::into);
        }
    }
}

impl Dialect for Native {
    fn websocket(&self) -> String {
        "/everwire/websocket".into()
    }

    fn upgraded(&mut self, queue: &mut Packets, _hear: &mut Hear<'_>) {
        self.attach("").iter().for_each(|packet| queue.push(&[packet.as_bytes()]));
    }

    fn event(&mut self, queue: &mut Packets, name: &str, arguments: &[u8], id: Option<usize>) {
        push_event(queue, "e", name, arguments, id);
    }

    fn packet(&mut self, packet: &[u8], _queue: &mut Packets, hear: &mut Hear<'_>) {
        let Some((kind, body)) = packet.split_first() else { return };
        if b"eaxodl".contains(kind) && !self.accept() {
            return;
        }
        match kind {
            b'W' => self.welcome(body),
            b'o' => hear(Heard::Opened),
            b'e' => {
                self.consumed += packet.len() as u64;
                hear(Heard::Event(arguments(body)));
            }
            b'a' => hear(Heard::Answer),
            b'h' => {
                self.asked = true;
                hear(Heard::Heartbeat);
            }
            b'r' | b'z' | b'x' | b'd' => panic!("refused: {}", String::from_utf8_lossy(packet)),
            _ => {}
        }
    }

    fn heard_all(&mut self, queue: &mut Packets) {
        self.asked |= self.consumed - self.told >= WINDOW / 4;
        if self.asked && self.transport == Transport::WebSocket {
            self.asked = false;
            self.told = self.consumed;
            queue.push(&[format!("n{},{}", self.received, self.consumed).as_bytes()]);
        }
    }

    fn poll(&mut self, queue: &mut Packets) -> Request {
        if self.proof.is_empty() {
            return self.opening("long_polling");
        }
        self.polls += 1;
        let more = format!(r#","attach":1,"poll":{}"#, self.polls);
        Request::post("/everwire/long_polling".into(), self.body(queue, &more))
    }

    fn post(&mut self, queue: &mut Packets) -> Option<Request> {
        let wanted = !self.proof.is_empty() && (self.asked || !queue.is_empty());
        wanted.then(|| Request::post("/everwire/send".into(), self.body(queue, "")))
    }

    fn polls_alternate(&self) -> bool {
        true
    }

    fn stream(&mut self, _queue: &mut Packets) -> Request {
        match (self.transport, self.ticket.take()) {
            (Transport::EventSource, None) => self.opening("event_source"),
            (Transport::EventSource, Some(ticket)) => {
                Request::get(format!("/everwire/event_source?ticket={ticket}"))
            }
            _ => self.opening("streaming"),
        }
    }
}
