//! One echoed message without input and output.
//!
//! *codec* parses a packet and writes the frame of its answer. *session* does the same, and all that the session machine does for a
//! message in each direction: places and counts, replay buffer, credit, and what the client says about them.

use std::time::Duration;

use bytes::Bytes;
use everwire_session::Message;
use everwire_session::packet::Packet;
use everwire_session::server::{Config, Input, Instant, Output, Pipe, Session, Shape, Up};
use everwire_session::wire::Secret;

const PIPE: Pipe = 1;
const NOW: Instant = Duration::from_secs(1);
const QUEUE: usize = 4 << 20;
/// The client says its counts with so many messages between.
const COUNTS: u64 = 1000;

/// A packet's text, shared with whoever keeps it.
#[derive(Clone)]
struct Text(Bytes);

impl Message for Text {
    fn size(&self) -> usize {
        self.0.len()
    }

    fn is_credited(&self) -> bool {
        self.0.first() == Some(&b'e')
    }
}

/// The packet alone.
pub fn codec(times: u64) {
    let (event, mut socket) = (event(), Vec::new());
    (0..times).for_each(|_| write(&mut socket, &answer(&event)));
}

/// The packet, and its session.
pub fn session(times: u64) {
    let (event, mut socket) = (event(), Vec::new());
    let mut session = open();
    (1..=times).for_each(|number| echo(&mut session, &event, number, &mut socket));
}

fn event() -> Bytes {
    format!("e[\"echo\",\"{}\"]", "x".repeat(64)).into()
}

/// Reads a packet, and encodes its answer.
fn answer(text: &Bytes) -> Text {
    let packet = Packet::parse(std::str::from_utf8(text).expect("text")).expect("a packet");
    let mut answer = Vec::with_capacity(packet.body.len() + 1);
    answer.push(b'e');
    answer.extend_from_slice(packet.body.as_bytes());
    Text(answer.into())
}

fn write(socket: &mut Vec<u8>, text: &Text) {
    socket.clear();
    socket.extend_from_slice(&[0x81, text.0.len() as u8]);
    socket.extend_from_slice(&text.0);
    std::hint::black_box(socket);
}

fn open() -> Session<Text, Text> {
    let secret = || Secret::new("0".repeat(22));
    let mut session =
        Session::new(Config::default(), "session".into(), secret(), secret(), Duration::ZERO, QUEUE);
    let head = format!(
        r#"{{"v":1,"attach":1,"key":"{:022}","received":0,"consumed":0,"window":1048576,"first":1}}"#,
        0
    );
    let head = serde_json::from_str(&head).expect("an attach");
    session.handle(
        NOW,
        Input::Attach { pipe: PIPE, shape: Shape::Duplex, head, batch: Vec::new(), fresh: secret() },
    );
    while session.poll_output(NOW).is_some() {}
    session
}

fn echo(session: &mut Session<Text, Text>, event: &Bytes, number: u64, socket: &mut Vec<u8>) {
    let answer = answer(event);
    let bytes = event.len() as u64;
    if session.machine.accept(NOW, PIPE, &Text(event.clone())) != Ok(true) {
        panic!("the session has not taken message {number}");
    }
    assert!(session.emit(NOW, answer), "the queue is full");
    session.handle(NOW, Input::Consumed(bytes));
    if number.is_multiple_of(COUNTS) {
        let up = Up::Counts(number - 1, (number - 1) * bytes);
        session.handle(NOW, Input::Packet { pipe: PIPE, up });
    }
    while let Some(output) = session.poll_output(NOW) {
        if let Output::Message(PIPE, text) = output {
            write(socket, &text);
        }
    }
}
