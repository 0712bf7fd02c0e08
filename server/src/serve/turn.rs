//! A connection that reads a little at a time.
//!
//! h2 handles frames for as long as there are bytes to read. Of frames that cost a peer nothing (PING, SETTINGS) that is a whole slice of time
//! in each turn, and all other connections wait.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Reads in one turn: some 32 KiB.
const READS: usize = 4;

/// What is left of a turn. Shared by who runs the connection and what it reads from.
#[derive(Clone, Debug, Default)]
pub(super) struct Turn(Arc<AtomicUsize>);

impl Turn {
    pub(super) fn begin(&self) {
        self.0.store(READS, Ordering::Relaxed);
    }

    /// Takes one read, if there is one left.
    fn take(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

/// The connection.
#[derive(Debug)]
pub(super) struct InTurns<S> {
    pub(super) stream: S,
    pub(super) turn: Turn,
}

impl<S: AsyncRead + Unpin> AsyncRead for InTurns<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.turn.take() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for InTurns<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn a_turn_has_an_end_and_another_one_comes() {
        let (ours, mut theirs) = tokio::io::duplex(100);
        theirs.write_all(&[0; READS + 1]).await.unwrap();
        let turn = Turn::default();
        let mut stream = InTurns { stream: ours, turn: turn.clone() };
        let mut turns = 0;
        let mut reads = 0;
        poll_fn(|cx| {
            turn.begin();
            turns += 1;
            let mut byte = [0];
            while Pin::new(&mut stream).poll_read(cx, &mut ReadBuf::new(&mut byte)).is_ready() {
                reads += 1;
                if reads == READS + 1 {
                    return Poll::Ready(());
                }
            }
            Poll::Pending
        })
        .await;
        assert_eq!(turns, 2);
    }
}
