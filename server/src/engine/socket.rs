//! A WebSocket, from the upgrade until it is closed.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use everwire_session::code::Code;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::tcp::OwnedReadHalf;

use super::writer::{Sink, Writer};
use crate::dialect::native::Control;
use crate::serve::Seat;
use crate::transport::websocket::EarlyFrame;
use crate::transport::ws_frame::{self, Decoder, Frame};

/// Bytes read at once, into memory that all sessions of a thread share.
const SCRATCH: usize = 64 << 10;

/// How long what was said before the end may take to be written, and the end to be noticed.
const LINGER: Duration = Duration::from_secs(5);

/// How long that is for a client that has not read for a while, and is to hear why it has lost its session. All that is kept for it is the rest of one frame.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long it may take to answer that.
const ANSWER: Duration = Duration::from_secs(1);

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH].into_boxed_slice());
}

/// Where frames come from.
pub(crate) enum Source {
    Other(Box<dyn AsyncRead + Send + Unpin>),
    Tcp(OwnedReadHalf),
}

/// Reads frames. Bytes that came with the handshake are read first.
pub(crate) struct Reader {
    source: Source,
    early: BytesMut,
    /// Frames that came with the first one.
    pub(crate) early_frames: Vec<EarlyFrame>,
    decoder: Decoder,
    /// Its connection's place at the server.
    _seat: Option<Seat>,
}

/// A WebSocket whose first frame has been read.
pub(crate) struct WebSocket {
    pub(crate) reader: Box<Reader>,
    pub(crate) writer: Writer,
}

impl Reader {
    /// Boxed, since it is moved at each read.
    pub(crate) fn new(source: Source, early: BytesMut, max_message: usize, seat: Option<Seat>) -> Box<Self> {
        let decoder = Decoder::new(max_message);
        Box::new(Self { source, early, early_frames: Vec::new(), decoder, _seat: seat })
    }

    /// Reads once and gives the bytes, with the decoder, to `take`. `Ready(Ok(None))` is the end.
    pub(crate) fn poll_read<R>(
        &mut self,
        cx: &mut Context<'_>,
        take: impl FnOnce(&mut Decoder, &mut [u8]) -> R,
    ) -> Poll<io::Result<Option<R>>> {
        if !self.early.is_empty() {
            let mut early = std::mem::take(&mut self.early);
            return Poll::Ready(Ok(Some(take(&mut self.decoder, &mut early))));
        }
        BUFFER.with_borrow_mut(|buffer| {
            let mut read = ReadBuf::new(buffer);
            let polled = match &mut self.source {
                Source::Other(io) => Pin::new(io).poll_read(cx, &mut read),
                Source::Tcp(io) => Pin::new(io).poll_read(cx, &mut read),
            };
            match polled {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) if read.filled().is_empty() => Poll::Ready(Ok(None)),
                Poll::Ready(Ok(())) => Poll::Ready(Ok(Some(take(&mut self.decoder, read.filled_mut())))),
            }
        })
    }
}

impl Reader {
    /// From now on a message may have so many bytes.
    pub(crate) fn limit(&mut self, max_message: usize) {
        self.decoder.limit(max_message);
    }

    /// Bytes of a message that is not whole yet.
    pub(crate) fn held(&self) -> usize {
        self.decoder.held()
    }

    /// Waits for the client's close frame, or the end.
    async fn closed(&mut self) {
        let heard = |decoder: &mut Decoder, bytes: &mut [u8]| {
            let mut frames = decoder.read(bytes);
            loop {
                match frames.next() {
                    Ok(None) => return false,
                    Ok(Some(Frame::Close { .. })) | Err(_) => return true,
                    Ok(Some(_)) => {}
                }
            }
        };
        while let Ok(Some(false)) = poll_fn(|cx| self.poll_read(cx, heard)).await {}
    }
}

impl WebSocket {
    /// Refuses it: an `r` packet and a close frame (protocol.md, section 10.1).
    pub(crate) fn refuse(mut self, code: Code) {
        self.writer.push(Control::refusal(code, None).frame());
        self.part(ws_frame::close_frame(code.websocket(), code.as_str()));
    }

    /// Closes it with this close frame.
    pub(crate) fn part(self, farewell: Bytes) {
        finish(Some(self.reader), self.writer, farewell);
    }
}

/// Writes what is left, says goodbye, and waits a moment for the client's close, so that the last bytes are not lost by a reset.
pub(crate) fn finish(reader: Option<Box<Reader>>, writer: Writer, farewell: Bytes) {
    leave(reader, writer, farewell, false);
}

/// The same, but the connection ends behind the client's answer: some take an end that comes with the close frame for a loss, and never look at the frame.
pub(crate) fn finish_politely(reader: Option<Box<Reader>>, writer: Writer, farewell: Bytes) {
    leave(reader, writer, farewell, true);
}

fn leave(reader: Option<Box<Reader>>, writer: Writer, farewell: Bytes, politely: bool) {
    let patience = if writer.is_abandoned() { PATIENCE } else { LINGER };
    let (sink, mut queue) = writer.into_parts();
    if matches!(sink, Sink::Exchange(_)) {
        return;
    }
    queue.push_back(farewell);
    tokio::spawn(async move {
        let _ = tokio::time::timeout(patience, say_goodbye(reader, sink, queue, politely)).await;
    });
}

async fn say_goodbye(
    mut reader: Option<Box<Reader>>,
    sink: Sink,
    queue: VecDeque<Bytes>,
    politely: bool,
) -> io::Result<()> {
    let mut io: Box<dyn AsyncWrite + Send + Unpin> = match sink {
        Sink::Driver(io) => io,
        Sink::Tcp(io) => Box::new(io),
        Sink::Exchange(_) => return Ok(()),
    };
    for bytes in queue {
        io.write_all(&bytes).await?;
    }
    io.flush().await?;
    if politely && let Some(reader) = &mut reader {
        let _ = tokio::time::timeout(ANSWER, reader.closed()).await;
    }
    io.shutdown().await?;
    let Some(reader) = reader else { return Ok(()) };
    let mut rest = [0; 1024];
    let mut budget = 64;
    match reader.source {
        Source::Other(mut io) => {
            while budget > 0 && io.read(&mut rest).await? > 0 {
                budget -= 1;
            }
        }
        Source::Tcp(mut io) => {
            while budget > 0 && io.read(&mut rest).await? > 0 {
                budget -= 1;
            }
        }
    }
    Ok(())
}
