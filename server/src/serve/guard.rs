//! A connection whose incoming bytes are looked at on their way to hyper, and that knows when hyper has written all it has.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::head::Scanner;
use super::takeover::Takeover;

#[derive(Debug)]
pub(super) struct Guard<S> {
    stream: S,
    /// `None` as soon as there is nothing more to look at; a WebSocket then carries no more than a pointer.
    scanner: Option<Box<Scanner>>,
    violation: Option<&'static str>,
    /// Told whether what hyper has written is flushed.
    takeover: Takeover,
}

impl<S> Guard<S> {
    pub(super) fn new(stream: S, takeover: Takeover) -> Self {
        Self { stream, scanner: Some(Box::default()), violation: None, takeover }
    }

    /// Lets the rest pass as it is, and says which rule the client broke, if that is why reading failed.
    pub(super) fn stop_looking(&mut self) -> Option<&'static str> {
        self.scanner = None;
        self.violation.take()
    }

    pub(super) fn into_stream(self) -> S {
        self.stream
    }

    fn look(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(scanner) = &mut self.scanner else {
            return Ok(());
        };
        match scanner.scan(bytes) {
            Ok(true) => {}
            Ok(false) => self.scanner = None,
            Err(rule) => {
                self.violation = Some(rule);
                return Err(io::Error::new(io::ErrorKind::InvalidData, rule));
            }
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        Poll::Ready(self.look(&buf.filled()[before..]))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.takeover.note_flushed(false);
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.takeover.note_flushed(false);
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.takeover.note_flushed(flushed.is_ready());
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.violation.is_some() {
            // hyper gives up without a word; the refusal is still to be written.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
