//! No protocol: for servers that know WebSocket's frames only, and for what HTTP alone costs.

use super::{Dialect, Hear, Heard, Packets, arguments, push_event};
use crate::http::Request;

#[derive(Default)]
pub struct Bare {
    answered: bool,
}

impl Dialect for Bare {
    fn websocket(&self) -> String {
        "/".into()
    }

    fn upgraded(&mut self, _queue: &mut Packets, hear: &mut Hear<'_>) {
        hear(Heard::Opened);
    }

    fn event(&mut self, queue: &mut Packets, name: &str, arguments: &[u8], id: Option<usize>) {
        push_event(queue, "e", name, arguments, id);
    }

    fn packet(&mut self, packet: &[u8], _queue: &mut Packets, hear: &mut Hear<'_>) {
        match packet {
            [b'o'] => hear(Heard::Opened),
            [b'e', body @ ..] => hear(Heard::Event(arguments(body))),
            _ => {}
        }
    }

    /// A first request that is answered, as all protocols have one, and a second that hangs.
    fn poll(&mut self, _queue: &mut Packets) -> Request {
        let path = if self.answered { "/hang" } else { "/answer" };
        self.answered = true;
        Request::get(path.into())
    }

    fn post(&mut self, _queue: &mut Packets) -> Option<Request> {
        None
    }

    fn stream(&mut self, _queue: &mut Packets) -> Request {
        Request::get("/stream".into())
    }
}
