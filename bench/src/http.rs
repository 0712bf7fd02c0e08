//! The client's side of HTTP/1.1, as much as a load generator needs.

use std::net::SocketAddr;

pub struct Request {
    pub method: &'static str,
    pub path: String,
    pub body: Vec<u8>,
}

impl Request {
    pub fn get(path: String) -> Self {
        Self { method: "GET", path, body: Vec::new() }
    }

    pub fn post(path: String, body: Vec<u8>) -> Self {
        Self { method: "POST", path, body }
    }

    pub fn write(&self, out: &mut Vec<u8>, address: SocketAddr) {
        let Self { method, path, body } = self;
        let head = match *method {
            "GET" => format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n"),
            _ => format!(
                "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: {}\r\n\r\n",
                body.len()
            ),
        };
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(body);
    }
}

/// Reads answers that come one after the other.
pub struct Answers(State);

enum State {
    /// So many bytes of a chunk are to come, and the line end behind it.
    Chunk(usize),
    ChunkEnd,
    ChunkSize,
    Head,
    /// So many bytes of a body whose length was said are to come.
    Length(usize),
}

pub enum Piece<'a> {
    /// Bytes of a body.
    Data(&'a [u8]),
    /// The answer is complete.
    End,
    /// Nothing to see.
    Frame,
}

impl Answers {
    pub fn new() -> Self {
        Self(State::Head)
    }

    /// The next piece of `input`, and how many bytes it took. `None`: more is needed.
    pub fn next<'a>(&mut self, input: &'a [u8]) -> Option<(Piece<'a>, usize)> {
        match self.0 {
            State::Head => {
                let len = find(input, b"\r\n\r\n")? + 4;
                self.0 = after_head(&input[..len]);
                Some((Piece::Frame, len))
            }
            State::Length(0) => {
                self.0 = State::Head;
                Some((Piece::End, 0))
            }
            State::Length(left) => {
                let len = left.min(input.len());
                self.0 = State::Length(left - len);
                (len > 0).then(|| (Piece::Data(&input[..len]), len))
            }
            State::ChunkSize => {
                let len = find(input, b"\r\n")?;
                let digits = std::str::from_utf8(&input[..len]).expect("a size");
                let size = usize::from_str_radix(digits.trim(), 16).expect("a size");
                self.0 = if size == 0 { State::ChunkEnd } else { State::Chunk(size) };
                Some((Piece::Frame, len + 2))
            }
            State::ChunkEnd => {
                input.starts_with(b"\r\n").then(|| self.0 = State::Head)?;
                Some((Piece::End, 2))
            }
            State::Chunk(0) => {
                input.starts_with(b"\r\n").then(|| self.0 = State::ChunkSize)?;
                Some((Piece::Frame, 2))
            }
            State::Chunk(left) => {
                let len = left.min(input.len());
                self.0 = State::Chunk(left - len);
                (len > 0).then(|| (Piece::Data(&input[..len]), len))
            }
        }
    }
}

fn after_head(head: &[u8]) -> State {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 2"), "refused: {head}");
    assert!(!head.contains("connection: close"), "the server closes: {head}");
    if head.contains("transfer-encoding: chunked") {
        return State::ChunkSize;
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    State::Length(length.map_or(0, |length| length.trim().parse().expect("a length")))
}

pub fn find(input: &[u8], what: &[u8]) -> Option<usize> {
    input.windows(what.len()).position(|bytes| bytes == what)
}

#[cfg(test)]
mod tests {
    use super::{Answers, Piece};

    /// The bodies in `input`, when it comes in pieces of `size` bytes.
    fn bodies(input: &[u8], size: usize) -> Vec<Vec<u8>> {
        let (mut answers, mut kept) = (Answers::new(), Vec::new());
        let (mut bodies, mut body) = (Vec::new(), Vec::new());
        for bytes in input.chunks(size) {
            kept.extend_from_slice(bytes);
            let mut at = 0;
            while let Some((piece, used)) = answers.next(&kept[at..]) {
                match piece {
                    Piece::Data(data) => body.extend_from_slice(data),
                    Piece::End => bodies.push(std::mem::take(&mut body)),
                    Piece::Frame => {}
                }
                at += used;
            }
            kept.drain(..at);
        }
        bodies
    }

    #[test]
    fn answers_are_told_apart_wherever_reads_cut_them() {
        let input = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc\
            HTTP/1.1 204 No Content\r\n\r\n\
            HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n";
        for size in 1..=input.len() {
            let expected: [&[u8]; 3] = [b"abc", b"", b"de0123456789abcdef"];
            assert_eq!(bodies(input, size), expected, "in pieces of {size}");
        }
    }
}
