//! One WebSocket, native or bare.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;

use crate::frames;

/// What the welcome would call our window.
const WINDOW: u64 = 1 << 20;

#[derive(Clone, Copy, PartialEq)]
pub enum Dialect {
    /// Frames without any protocol above them: for the floor.
    Bare,
    /// Everwire's own.
    Native,
}

/// What a read brought.
pub enum Event<'a> {
    /// An event with this argument, quotes included.
    Message(&'a [u8]),
    /// It can be used now.
    Opened,
}

pub struct Client {
    pub stream: TcpStream,
    dialect: Dialect,
    state: State,
    kept: Vec<u8>,
    out: Vec<u8>,
    /// Messages received, their bytes, and how many of those were said.
    received: u64,
    bytes: u64,
    said: u64,
}

#[derive(PartialEq)]
enum State {
    Open,
    /// The upgrade is asked for.
    Upgrading,
    /// The attach has been sent.
    Welcoming,
}

impl Client {
    pub fn connect(address: SocketAddr, dialect: Dialect) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        let _ = stream.set_nodelay(true);
        let out = format!(
            "GET /everwire/websocket HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let out = out.into_bytes();
        Ok(Self {
            stream,
            dialect,
            state: State::Upgrading,
            kept: Vec::new(),
            out,
            received: 0,
            bytes: 0,
            said: 0,
        })
    }

    /// Queues `e["name","argument"]`.
    pub fn emit(&mut self, name: &str, argument: &[u8]) {
        let mut text = [0; 1024];
        let mut rest = &mut text[..];
        let _ = write!(rest, "e[\"{name}\",\"");
        let _ = rest.write_all(argument);
        let _ = rest.write_all(b"\"]");
        let used = 1024 - rest.len();
        frames::write_text(&mut self.out, &text[..used]);
    }

    pub fn flush(&mut self) -> io::Result<()> {
        while !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => drop(self.out.drain(..written)),
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected) =>
                {
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads all there is.
    pub fn read(&mut self, scratch: &mut [u8], mut take: impl FnMut(&mut Self, Event<'_>)) -> io::Result<()> {
        loop {
            let read = match self.stream.read(scratch) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            };
            if self.kept.is_empty() {
                let used = self.input(&scratch[..read], &mut take);
                self.kept.extend_from_slice(&scratch[used..read]);
            } else {
                let mut kept = std::mem::take(&mut self.kept);
                kept.extend_from_slice(&scratch[..read]);
                let used = self.input(&kept, &mut take);
                kept.drain(..used);
                self.kept = kept;
            }
            if read < scratch.len() {
                break;
            }
        }
        self.say_counts();
        self.flush()
    }

    fn input(&mut self, input: &[u8], take: &mut impl FnMut(&mut Self, Event<'_>)) -> usize {
        let mut at = 0;
        if self.state == State::Upgrading {
            let Some(end) = input.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return 0 };
            at = end + 4;
            self.upgraded(take);
        }
        while let Some((payload, used)) = frames::next(&input[at..]) {
            self.packet(payload, take);
            at += used;
        }
        at
    }

    fn upgraded(&mut self, take: &mut impl FnMut(&mut Self, Event<'_>)) {
        if self.dialect == Dialect::Bare {
            self.state = State::Open;
            return take(self, Event::Opened);
        }
        self.state = State::Welcoming;
        // Unique among the clients of one server, which is what a key is for.
        let port = self.stream.local_addr().map_or(0, |address| address.port());
        let attach = format!(
            r#"A{{"v":1,"attach":1,"key":"{port:022}","received":0,"consumed":0,"window":{WINDOW},"first":1}}"#
        );
        frames::write_text(&mut self.out, attach.as_bytes());
        frames::write_text(&mut self.out, b"c");
    }

    fn packet(&mut self, payload: &[u8], take: &mut impl FnMut(&mut Self, Event<'_>)) {
        if matches!(payload.first(), Some(b'e' | b'o')) {
            self.received += 1;
            self.bytes += if payload[0] == b'e' { payload.len() as u64 } else { 0 };
        }
        match payload {
            [b'h', ..] => self.counts(),
            [b'e', ..] if payload.starts_with(b"e[\"auth\"") && self.state == State::Welcoming => {
                self.state = State::Open;
                take(self, Event::Opened);
            }
            [b'e', b'[', rest @ .., b']'] => {
                let argument =
                    rest.iter().position(|byte| *byte == b',').map_or(rest, |comma| &rest[comma + 1..]);
                take(self, Event::Message(argument));
            }
            [b'r', ..] => panic!("refused: {}", String::from_utf8_lossy(payload)),
            _ => {}
        }
    }

    fn say_counts(&mut self) {
        if self.dialect == Dialect::Native && self.bytes - self.said >= WINDOW / 4 {
            self.counts();
        }
    }

    fn counts(&mut self) {
        self.said = self.bytes;
        let text = format!("n{},{}", self.received, self.bytes);
        frames::write_text(&mut self.out, text.as_bytes());
    }
}
