//! What sessions say, whatever carries it.

mod bare;
mod native;
mod sock_js;
mod socket_io;

use crate::http::Request;
use crate::plan::{Plan, Protocol, Scenario, Transport};

/// What the application hears.
pub enum Heard<'a> {
    /// An answer to a call.
    Answer,
    /// The arguments of an event, as JSON with commas between them.
    Event(&'a [u8]),
    Heartbeat,
    /// Events may be said now.
    Opened,
}

pub type Hear<'a> = dyn FnMut(Heard<'_>) + 'a;

/// Packets that wait for their way up.
#[derive(Default)]
pub struct Packets {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Packets {
    pub fn push(&mut self, parts: &[&[u8]]) {
        parts.iter().for_each(|part| self.bytes.extend_from_slice(part));
        self.ends.push(self.bytes.len());
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[*start..*end])
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

/// One session's side of a protocol. What it says goes into `queue`; over HTTP, `poll`, `post` and `stream` take it from there.
pub trait Dialect {
    /// Where a WebSocket is asked for.
    fn websocket(&self) -> String;

    /// A WebSocket stands.
    fn upgraded(&mut self, queue: &mut Packets, hear: &mut Hear<'_>);

    /// An event, and if it has an id, one that is answered.
    fn event(&mut self, queue: &mut Packets, name: &str, arguments: &[u8], id: Option<usize>);

    fn packet(&mut self, packet: &[u8], queue: &mut Packets, hear: &mut Hear<'_>);

    /// All that came at once has been heard.
    fn heard_all(&mut self, _queue: &mut Packets) {}

    /// What stands between the packets of a body coming down.
    fn separator(&self) -> u8 {
        b'\n'
    }

    /// The request that hangs; the first one opens the session.
    fn poll(&mut self, queue: &mut Packets) -> Request;

    /// A request beside that, if there is anything to say.
    fn post(&mut self, queue: &mut Packets) -> Option<Request>;

    /// Is something said by another poll, in place of the one that hangs, and not by posts?
    fn polls_alternate(&self) -> bool {
        false
    }

    /// The next request towards a stream, whose answer may be the stream itself.
    fn stream(&mut self, queue: &mut Packets) -> Request;
}

/// The `index`th session of a run over `transport`.
pub fn new(plan: &Plan, transport: Transport, index: usize) -> Box<dyn Dialect> {
    match plan.protocol {
        Protocol::Bare => Box::new(bare::Bare::default()),
        Protocol::Native => Box::new(native::Native::new(transport, index)),
        Protocol::SocketIo => Box::new(socket_io::SocketIo::default()),
        Protocol::SockJs => {
            let broadcasts = plan.scenario == Scenario::FanOut;
            Box::new(sock_js::SockJs::new(if broadcasts { "/broadcast" } else { "/echo" }, transport, index))
        }
    }
}

/// The string or number called `name` in a flat object.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("\"{name}\":"))?;
    match rest.strip_prefix('"') {
        Some(rest) => rest.split('"').next(),
        None => rest.split([',', '}']).next(),
    }
}

/// What stands behind the name of `["name",…]`.
fn arguments(body: &[u8]) -> &[u8] {
    let body = body.strip_prefix(b"[").and_then(|body| body.strip_suffix(b"]")).unwrap_or_default();
    body.iter().position(|byte| *byte == b',').map_or(&[], |comma| &body[comma + 1..])
}

/// `prefix id ["name",arguments]`.
fn push_event(queue: &mut Packets, prefix: &str, name: &str, arguments: &[u8], id: Option<usize>) {
    let id = id.map_or(String::new(), |id| id.to_string());
    queue.push(&[prefix.as_bytes(), id.as_bytes(), b"[\"", name.as_bytes(), b"\",", arguments, b"]"]);
}
