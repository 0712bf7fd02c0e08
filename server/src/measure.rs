//! What `bench/instructions` counts: a message of 64 bytes on its way through each codec, so many times. Only in builds for measuring, and in tests.

use std::hint::black_box;

use everwire_session::payload::Payload;

use crate::chunk::Chunk;
use crate::dialect::sock_js::{frames, messages};
use crate::dialect::socket_io::Reader;
use crate::dialect::{Part, Speech};
use crate::incoming::Incoming;
use crate::outgoing::{Outgoing, line};
use crate::transport::ws_frame::{Decoder, Opcode, frame};
use crate::worker::event_name;

const TEXT: &str = "0123456789012345678901234567890123456789012345678901234567890123";

/// A WebSocket's frames: one is read and unmasked, and one is written.
pub fn ws_frame(times: u64) {
    let sent = masked(TEXT.as_bytes());
    let mut decoder = Decoder::new(1 << 20);
    for _ in 0..times {
        let mut sent = sent;
        let mut read = decoder.read(&mut sent);
        while let Some(frame) = read.next().expect("a frame") {
            black_box(frame);
        }
        black_box(frame(Opcode::Text, &[black_box(TEXT.as_bytes())]));
    }
}

/// A packet of Everwire's own protocol is read, and its event is said to one receiver.
pub fn native(times: u64) {
    let packet = format!("e{}", event());
    let (mut read, mut said) = (Chunk::default(), Chunk::default());
    for _ in 0..times {
        let incoming = Incoming::copied_to(black_box(&packet), &mut read).expect("a packet");
        again(&incoming, |out| drop(black_box(out.native(&mut said))));
    }
}

/// The same in Socket.IO's protocol, behind Engine.IO's digit.
pub fn socket_io(times: u64) {
    let packet = format!("2{}", event());
    let mut reader = Reader::new(1 << 20, false);
    let (mut read, mut said) = (Chunk::default(), Chunk::default());
    for _ in 0..times {
        let incoming = reader.event(black_box(&packet), &mut read).expect("an event");
        again(&incoming, |out| drop(black_box(out.frame(Speech::SocketIo4, &mut said))));
    }
}

/// The same in SockJS's, whose events are in a body, and an answer to a poll.
pub fn sock_js(times: u64) {
    let body = format!("[\"{TEXT}\"]");
    for _ in 0..times {
        for text in messages(black_box(body.as_bytes()), 100).expect("a body") {
            black_box(frames([line(&Part::text(crate::dialect::sock_js::quote(&text)))]));
        }
    }
}

fn event() -> String {
    format!("[\"echo\",\"{TEXT}\"]")
}

fn masked(payload: &[u8]) -> [u8; 6 + TEXT.len()] {
    let mut frame = [0; 6 + TEXT.len()];
    frame[..2].copy_from_slice(&[0x81, 0x80 | TEXT.len() as u8]);
    frame[6..].copy_from_slice(payload);
    frame
}

/// Says an event with the arguments that came.
fn again(incoming: &Incoming, say: impl FnOnce(&Outgoing<'_>)) {
    let (name, behind) = event_name(&incoming.body).expect("an event");
    let name = std::str::from_utf8(&name).expect("a packet is UTF-8");
    let payload = Payload::of_array(incoming.body.clone(), behind, incoming.attachments.clone());
    say(&Outgoing::event(incoming.namespace(), None, name, payload));
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_counted_does_something() {
        for work in [super::ws_frame, super::native, super::socket_io, super::sock_js] {
            let counted = allocation_counter::measure(|| work(10));
            assert!(counted.count_total >= 10, "{counted:?}");
        }
    }
}
