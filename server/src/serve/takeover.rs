//! Streams over HTTP/1.1, without hyper.
//!
//! Once its head is out, such an answer is chunks, one after the other, for hours. hyper would keep two read buffers for it, and go through all it does for a
//! connection at each of them: twice the memory of the session, and as much work again as the write. So the connection takes the body and
//! its own socket from hyper, writes the chunks, and goes back to hyper for the next request.

use std::cell::RefCell;
use std::io::{self, Write as _};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::answer::Source;

/// What ends a body in chunks.
const LAST: &[u8] = b"0\r\n\r\n";

/// Bytes that go to one system call, unless one piece is larger.
const GATHERED: usize = 16 << 10;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Among the extensions of an answer: its body is a stream without an end in sight. The accept loop may write it itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Streamed;

/// Where an answer of HTTP/1.1 leaves its body to its connection, once hyper has written the head and asks for more than the first piece.
#[derive(Clone, Debug, Default)]
pub(super) struct Takeover(Arc<Shared>);

#[derive(Default)]
struct Shared {
    rest: Mutex<Option<Rest>>,
    /// Has hyper given to the socket all that it has?
    flushed: AtomicBool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// What is left of an answer.
pub(super) struct Rest {
    pub(super) source: Source,
    /// No request follows on this connection.
    pub(super) is_last: bool,
}

impl Takeover {
    pub(super) fn leave(&self, rest: Rest) {
        *self.0.rest.lock() = Some(rest);
    }

    pub(super) fn note_flushed(&self, flushed: bool) {
        self.0.flushed.store(flushed, Ordering::Relaxed);
    }

    /// To be asked when hyper has nothing more to do. It writes whatever it has before it waits, and flushes the socket when all is written.
    pub(super) fn take(&self) -> Option<Rest> {
        if self.0.flushed.load(Ordering::Relaxed) { self.0.rest.lock().take() } else { None }
    }
}

/// Will hyper write a body of unknown length in chunks?
pub(super) fn is_chunked(answer: &HeaderMap) -> bool {
    !answer.contains_key(CONTENT_LENGTH) && !answer.contains_key(TRANSFER_ENCODING)
}

/// Does this head say that no request follows?
pub(super) fn is_last(head: &HeaderMap) -> bool {
    let mut options =
        head.get_all(CONNECTION).iter().flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
}

/// Writes the rest of an answer, until its end or the client's. `true`: the client may go on with the next request.
pub(super) struct Carry<I> {
    pub(super) stream: I,
    source: Source,
    /// What of a chunk has not been written.
    left: Bytes,
    is_last: bool,
    ended: bool,
    /// The client has sent more than its request. It is not listened to until the answer has ended; then it has to come again.
    heard: bool,
}

impl<I> Carry<I> {
    pub(super) fn new(stream: I, rest: Rest, heard: bool) -> Self {
        let Rest { source, is_last } = rest;
        Self { stream, source, left: Bytes::new(), is_last, ended: false, heard }
    }
}

impl<I> Carry<I>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        self.listen(cx)?;
        loop {
            while !self.left.is_empty() {
                let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.left))?;
                if written == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                self.left.advance(written);
            }
            if self.ended || !self.write(cx)? {
                ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
                return if self.ended {
                    Poll::Ready(Ok(!self.heard && !self.is_last))
                } else {
                    Poll::Pending
                };
            }
        }
    }

    /// Notices when the client goes away.
    fn listen(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.heard {
            return Ok(());
        }
        let mut byte = [0];
        let mut read = ReadBuf::new(&mut byte);
        if Pin::new(&mut self.stream).poll_read(cx, &mut read)?.is_ready() {
            if read.filled().is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.heard = true;
        }
        Ok(())
    }

    /// Writes what there is in one go, and keeps what the socket does not take. `false`: there is nothing.
    fn write(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        // Not borrowed: the body is another's code.
        let mut chunks = SCRATCH.take();
        let written = self.gather(cx, &mut chunks).and_then(|()| match &chunks[..] {
            [] => Ok(0),
            chunks => match Pin::new(&mut self.stream).poll_write(cx, chunks) {
                Poll::Ready(written) => written,
                Poll::Pending => Ok(0),
            },
        });
        let any = !chunks.is_empty();
        if let Ok(written) = written {
            self.left = Bytes::copy_from_slice(&chunks[written..]);
        }
        chunks.clear();
        chunks.shrink_to(GATHERED);
        SCRATCH.set(chunks);
        written.map(|_| any)
    }

    /// Puts pieces side by side, each a chunk, until the body has no more for now.
    fn gather(&mut self, cx: &mut Context<'_>, chunks: &mut Vec<u8>) -> io::Result<()> {
        while chunks.len() < GATHERED {
            match self.source.body.as_mut().poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    let Ok(data) = frame.into_data() else { continue };
                    // An empty one would be the end.
                    if !data.is_empty() {
                        write!(chunks, "{:x}\r\n", data.len())?;
                        chunks.extend_from_slice(&data);
                        chunks.extend_from_slice(b"\r\n");
                    }
                }
                Poll::Ready(Some(Err(error))) => return Err(io::Error::other(error)),
                Poll::Ready(None) => {
                    self.ended = true;
                    chunks.extend_from_slice(LAST);
                    break;
                }
                Poll::Pending => break,
            }
        }
        Ok(())
    }
}
