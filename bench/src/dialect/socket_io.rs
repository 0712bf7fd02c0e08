//! Socket.IO 4 over Engine.IO 4.

use super::{Dialect, Hear, Heard, Packets, arguments, field, push_event};
use crate::http::Request;

const PATH: &str = "/socket.io/?EIO=4&transport=";

#[derive(Default)]
pub struct SocketIo {
    sid: String,
}

impl SocketIo {
    fn polling(&self) -> String {
        let sid = if self.sid.is_empty() { String::new() } else { format!("&sid={}", self.sid) };
        format!("{PATH}polling{sid}")
    }
}

impl Dialect for SocketIo {
    fn websocket(&self) -> String {
        format!("{PATH}websocket")
    }

    fn upgraded(&mut self, _queue: &mut Packets, _hear: &mut Hear<'_>) {}

    fn event(&mut self, queue: &mut Packets, name: &str, arguments: &[u8], id: Option<usize>) {
        push_event(queue, "42", name, arguments, id);
    }

    fn packet(&mut self, packet: &[u8], queue: &mut Packets, hear: &mut Hear<'_>) {
        match packet {
            [b'0', body @ ..] => {
                self.sid = field(&String::from_utf8_lossy(body), "sid").expect("a session").into();
                queue.push(&[b"40"]);
            }
            [b'2', ..] => {
                queue.push(&[b"3"]);
                hear(Heard::Heartbeat);
            }
            [b'4', b'0', ..] => hear(Heard::Opened),
            [b'4', b'2', body @ ..] => hear(Heard::Event(arguments(body))),
            [b'4', b'3', ..] => hear(Heard::Answer),
            [b'6'] => {}
            _ => panic!("not expected: {}", String::from_utf8_lossy(packet)),
        }
    }

    fn separator(&self) -> u8 {
        0x1e
    }

    fn poll(&mut self, _queue: &mut Packets) -> Request {
        Request::get(self.polling())
    }

    fn post(&mut self, queue: &mut Packets) -> Option<Request> {
        let body = queue.iter().collect::<Vec<_>>().join(&0x1e);
        queue.clear();
        (!body.is_empty()).then(|| Request::post(self.polling(), body))
    }

    fn stream(&mut self, _queue: &mut Packets) -> Request {
        unreachable!("the plan has none for Socket.IO")
    }
}
