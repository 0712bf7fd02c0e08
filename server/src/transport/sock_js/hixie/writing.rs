//! To the client: frames of RFC 6455 in, hixie-76 out.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, BytesMut};
use tokio::io::AsyncWrite;

use super::super::super::ws_frame::MAX_HEADER;

/// Bytes translated at once, and so the most that can wait here.
const PIECE: usize = 64 << 10;

pub(super) struct Writing<W> {
    io: W,
    /// The header of the frame under way, as far as it has come.
    head: ([u8; MAX_HEADER], usize),
    /// Bytes that are still to come of its payload.
    left: u64,
    /// What is to be written.
    out: BytesMut,
}

impl<W> Writing<W> {
    pub(super) fn new(io: W) -> Self {
        Self { io, head: ([0; MAX_HEADER], 0), left: 0, out: BytesMut::new() }
    }

    fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.left == 0 {
                self.header(bytes[0]);
                bytes = &bytes[1..];
                continue;
            }
            let len = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            if self.is(TEXT) {
                self.out.put_slice(&bytes[..len]);
            }
            bytes = &bytes[len..];
            self.left -= len as u64;
            if self.left == 0 {
                self.end();
            }
        }
    }

    /// One more byte of a header.
    fn header(&mut self, byte: u8) {
        let (head, len) = &mut self.head;
        head[*len] = byte;
        *len += 1;
        // A server's frames have no mask, and ours no fragments.
        self.left = match (*len, head[1]) {
            (2, short @ ..126) => u64::from(short),
            (4, 126) => u64::from(u16::from_be_bytes([head[2], head[3]])),
            (MAX_HEADER, _) => (&head[2..]).get_u64(),
            _ => return,
        };
        if self.is(TEXT) {
            self.out.put_u8(0x00);
        }
        if self.left == 0 {
            self.end();
        }
    }

    fn end(&mut self) {
        if self.is(TEXT) {
            self.out.put_u8(0xff);
        } else if self.is(CLOSE) {
            self.out.put_slice(&[0xff, 0x00]);
        }
        // Of anything else the draft knows nothing.
        self.head.1 = 0;
    }

    fn is(&self, opcode: u8) -> bool {
        self.head.0[0] & 0x0f == opcode
    }
}

const TEXT: u8 = 1;
const CLOSE: u8 = 8;

impl<W: AsyncWrite + Unpin> Writing<W> {
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &self.out))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.out.advance(written);
        }
        self.out = BytesMut::new();
        Poll::Ready(Ok(()))
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Writing<W> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_drain(cx))?;
        let len = bytes.len().min(PIECE);
        self.take(&bytes[..len]);
        // What is not written now is when it is flushed.
        if let Poll::Ready(drained) = self.poll_drain(cx) {
            drained?;
        }
        Poll::Ready(Ok(len))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::transport::ws_frame::{Opcode, close_frame, frame};

    fn written(frames: &[u8], size: usize) -> Vec<u8> {
        let mut writing = Writing::new(tokio::io::sink());
        frames.chunks(size).for_each(|piece| writing.take(piece));
        writing.out.to_vec()
    }

    #[test]
    fn texts_and_the_end_and_nothing_else() {
        let long = "y".repeat(0x1_0000);
        let longer = "z".repeat(300);
        let frames = [
            frame(Opcode::Text, &[b"o"]),
            frame(Opcode::Pong, &[b"pong"]),
            frame(Opcode::Text, &[]),
            frame(Opcode::Binary, &[b"\xff\x00"]),
            frame(Opcode::Pong, &[]),
            frame(Opcode::Text, &[longer.as_bytes()]),
            frame(Opcode::Text, &[long.as_bytes()]),
            close_frame(3000, "Go away!"),
        ]
        .concat();
        let expected =
            [&b"\x00o\xff\x00\xff\x00"[..], longer.as_bytes(), b"\xff\x00", long.as_bytes(), b"\xff\xff\x00"];
        for size in [1, 2, 9, 1000, frames.len()] {
            assert_eq!(written(&frames, size), expected.concat(), "in pieces of {size}");
        }
    }

    #[tokio::test]
    async fn a_reader_that_is_slow_gets_all() {
        let (near, mut far) = tokio::io::duplex(16);
        let text = "x".repeat(3 * PIECE);
        let frame = frame(Opcode::Text, &[text.as_bytes()]);
        let writer = tokio::spawn(async move {
            let mut writing = Writing::new(near);
            writing.write_all(&frame).await.unwrap();
            writing.shutdown().await.unwrap();
        });
        let mut all = Vec::new();
        far.read_to_end(&mut all).await.unwrap();
        writer.await.unwrap();
        assert_eq!(all.len(), text.len() + 2);
        assert_eq!((all[0], all[all.len() - 1]), (0x00, 0xff));
    }
}
