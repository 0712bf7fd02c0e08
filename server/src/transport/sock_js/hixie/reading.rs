//! From the client: hixie-76 in, frames of RFC 6455 out.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, BytesMut};
use tokio::io::{AsyncRead, ReadBuf};

/// First bytes of frames: texts, closes, and one that no WebSocket knows.
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const NONSENSE: u8 = 0x83;

/// The bit that says that a frame is masked, as a client's must be; a mask of zeros changes nothing.
const MASKED: u8 = 0x80;
const MASK: [u8; 4] = [0; 4];

/// Bytes read at once.
const PIECE: usize = 4096;

pub(crate) struct Reading<R> {
    io: R,
    /// Messages up to here are taken.
    max: usize,
    state: State,
    /// The message under way.
    message: Vec<u8>,
    /// Frames that have not been read yet.
    out: BytesMut,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Between,
    Closing,
    Over,
    Text,
}

impl<R> Reading<R> {
    pub(crate) fn new(io: R, max: usize) -> Self {
        Self { io, max, state: State::Between, message: Vec::new(), out: BytesMut::new() }
    }

    fn take(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            match (self.state, *first) {
                (State::Over, _) => return,
                (State::Text, _) => {
                    bytes = self.text(bytes);
                    continue;
                }
                (State::Between, 0x00) => self.state = State::Text,
                (State::Between, 0xff) => self.state = State::Closing,
                (State::Closing, 0x00) => self.end(CLOSE),
                (State::Between | State::Closing, _) => self.end(NONSENSE),
            }
            bytes = rest;
        }
    }

    /// Takes what is of the message under way, and gives the rest.
    fn text<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let end = memchr::memchr(0xff, bytes);
        let (text, rest) = end.map_or((bytes, &[][..]), |end| (&bytes[..end], &bytes[end + 1..]));
        self.message.extend_from_slice(text);
        if self.message.len() > self.max {
            // So that it is refused as any other that is too long.
            self.end(TEXT);
        } else if end.is_some() {
            self.state = State::Between;
            self.frame(TEXT);
        }
        rest
    }

    fn end(&mut self, kind: u8) {
        self.state = State::Over;
        self.frame(kind);
    }

    fn frame(&mut self, kind: u8) {
        let payload = std::mem::take(&mut self.message);
        self.out.put_u8(kind);
        match payload.len() {
            len @ ..126 => self.out.put_u8(MASKED | len as u8),
            len @ ..0x1_0000 => {
                self.out.put_u8(MASKED | 126);
                self.out.put_u16(len as u16);
            }
            len => {
                self.out.put_u8(MASKED | 127);
                self.out.put_u64(len as u64);
            }
        }
        self.out.put_slice(&MASK);
        self.out.put_slice(&payload);
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Reading<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.out.is_empty() {
            let mut piece = [0; PIECE];
            let mut read = ReadBuf::new(&mut piece);
            ready!(Pin::new(&mut self.io).poll_read(cx, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.take(read.filled());
        }
        let len = self.out.len().min(buf.remaining());
        buf.put_slice(&self.out[..len]);
        self.out.advance(len);
        if self.out.is_empty() {
            // Who is idle holds no buffer.
            self.out = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::transport::ws_frame::{Decoder, Frame};

    /// What our decoder makes of it, a line for each frame, however the bytes are cut.
    fn read(bytes: &[u8], max: usize) -> String {
        let whole = read_in(bytes, max, bytes.len().max(1));
        for size in [1, 2, 3, 7] {
            assert_eq!(read_in(bytes, max, size), whole, "in pieces of {size}");
        }
        whole
    }

    fn read_in(bytes: &[u8], max: usize, size: usize) -> String {
        let mut reading = Reading::new(tokio::io::empty(), max);
        bytes.chunks(size).for_each(|piece| reading.take(piece));
        let mut frames = reading.out.to_vec();
        let mut decoder = Decoder::new(max);
        let mut frames = decoder.read(&mut frames);
        let mut out = String::new();
        loop {
            let _ = match frames.next() {
                Ok(None) => return out,
                Ok(Some(Frame::Text(text))) => writeln!(out, "{text}"),
                Ok(Some(Frame::Close { .. })) => return out + "close",
                Ok(Some(other)) => writeln!(out, "{other:?}"),
                Err(error) => return out + &error.close_code().to_string(),
            };
        }
    }

    #[test]
    fn messages() {
        assert_eq!(read(b"\x00one\xff\x00\xff\x00\xc3\xa4\xff", 9), "one\n\nä\n");
        assert_eq!(read(b"\x00not yet whole", 99), "");
    }

    #[test]
    fn lengths_of_each_kind() {
        for len in [125, 126, 0xffff, 0x1_0000, 0x1_0001] {
            let text = "x".repeat(len);
            let read = read_in(&[b"\x00", text.as_bytes(), b"\xff"].concat(), len, 1 << 20);
            assert_eq!(read.len(), len + 1);
        }
    }

    #[test]
    fn the_end() {
        assert_eq!(read(b"\x00x\xff\xff\x00\x00y\xff", 9), "x\nclose");
        assert_eq!(read(b"\x00four\xff\x00five5\xff\x00x\xff", 4), "four\n1009");
        assert_eq!(read(b"\x00endless", 4), "1009");
        for bad in [&b"x"[..], b"\x80\x01x", b"\xff\x01", b"\x01x\xff"] {
            assert_eq!(read(bad, 9), "1002", "{bad:?}");
        }
        assert_eq!(read(b"\x00\xc3\xff", 9), "1007");
    }
}
