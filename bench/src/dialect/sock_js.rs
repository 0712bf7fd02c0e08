//! SockJS: messages are strings, and an event's only argument is one.

use super::{Dialect, Hear, Heard, Packets};
use crate::http::Request;
use crate::plan::Transport;

pub struct SockJs {
    /// Of the session, below the service.
    path: String,
    transport: Transport,
}

impl SockJs {
    pub fn new(service: &str, transport: Transport, index: usize) -> Self {
        Self { path: format!("{service}/000/s{index:07}"), transport }
    }
}

impl Dialect for SockJs {
    fn websocket(&self) -> String {
        format!("{}/websocket", self.path)
    }

    fn upgraded(&mut self, _queue: &mut Packets, _hear: &mut Hear<'_>) {}

    fn event(&mut self, queue: &mut Packets, _name: &str, arguments: &[u8], _id: Option<usize>) {
        queue.push(&[b"[", arguments, b"]"]);
    }

    fn packet(&mut self, packet: &[u8], _queue: &mut Packets, hear: &mut Hear<'_>) {
        match packet {
            [b'o', ..] => hear(Heard::Opened),
            [b'h', ..] => hear(Heard::Heartbeat),
            // None of our strings holds a comma.
            [b'a', b'[', messages @ .., b']'] => {
                messages.split(|byte| *byte == b',').for_each(|message| hear(Heard::Event(message)));
            }
            _ => panic!("not expected: {}", String::from_utf8_lossy(packet)),
        }
    }

    fn poll(&mut self, _queue: &mut Packets) -> Request {
        Request::post(format!("{}/xhr", self.path), Vec::new())
    }

    fn post(&mut self, queue: &mut Packets) -> Option<Request> {
        let messages: Vec<&[u8]> = queue.iter().map(|packet| &packet[1..packet.len() - 1]).collect();
        let body = [b"[", messages.join(&b',').as_slice(), b"]"].concat();
        let wanted = !messages.is_empty();
        queue.clear();
        wanted.then(|| Request::post(format!("{}/xhr_send", self.path), body))
    }

    fn stream(&mut self, _queue: &mut Packets) -> Request {
        match self.transport {
            Transport::EventSource => Request::get(format!("{}/eventsource", self.path)),
            _ => Request::post(format!("{}/xhr_streaming", self.path), Vec::new()),
        }
    }
}
