//! The current live way down of a session, as seen from its send half.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use everwire_session::SendHalf;
use everwire_session::server::Pipe;
use tokio::io::AsyncWrite;
use tokio::net::tcp::OwnedWriteHalf;

use super::exchange::Exchange;
use super::guest::log::Log;
use crate::outgoing::Frame;

/// Bytes in a writer above which messages stay in the send half: a reader that is slow costs references, not memory.
const HIGH: usize = 256 << 10;

/// Frames given to one system call.
const SLICES: usize = 64;

/// Where bytes go.
pub(crate) enum Sink {
    /// A WebSocket that only its driver can write: TLS, HTTP/2, whatever else.
    Driver(Box<dyn AsyncWrite + Send + Unpin>),
    /// The answer to a request.
    Exchange(Arc<Exchange>),
    /// A WebSocket on plain TCP: any publisher writes to it in its own turn.
    Tcp(OwnedWriteHalf),
}

/// Bytes on their way, and where to.
pub(crate) struct Writer {
    pub(crate) pipe: Pipe,
    sink: Sink,
    queue: VecDeque<Bytes>,
    bytes: usize,
    /// The first of the queue has been written in part.
    begun: bool,
    /// The client does not read: what was not begun is not sent any more.
    abandoned: bool,
    /// Bytes that came in here since they were last asked for.
    carried: u64,
}

/// Whether a write went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    All,
    /// The driver must go on when the socket takes more.
    Blocked,
    /// The socket is dead; its reader will see it too.
    Dead,
}

impl Writer {
    pub(crate) fn new(pipe: Pipe, sink: Sink) -> Self {
        Self { pipe, sink, queue: VecDeque::new(), bytes: 0, begun: false, abandoned: false, carried: 0 }
    }

    pub(crate) fn is_websocket(&self) -> bool {
        !matches!(self.sink, Sink::Exchange(_))
    }

    /// Bytes not yet taken by the network.
    pub(crate) fn queued(&self) -> usize {
        match &self.sink {
            Sink::Exchange(exchange) => self.bytes + exchange.queued(),
            Sink::Driver(_) | Sink::Tcp(_) => self.bytes,
        }
    }

    /// Bytes that this way has carried in all, where that is limited.
    pub(crate) fn total(&self) -> usize {
        match &self.sink {
            Sink::Exchange(exchange) => exchange.total(),
            Sink::Driver(_) | Sink::Tcp(_) => 0,
        }
    }

    /// Bytes that came in here since this was last called.
    pub(crate) fn take_carried(&mut self) -> u64 {
        std::mem::take(&mut self.carried)
    }

    pub(crate) fn push(&mut self, bytes: Bytes) {
        self.bytes += bytes.len();
        self.carried += bytes.len() as u64;
        self.queue.push_back(bytes);
    }

    pub(crate) fn message(&mut self, message: &Frame) {
        if self.is_websocket() {
            self.push(message.frame());
        } else {
            message.lines(|line| self.push(line));
        }
    }

    /// Forgets what the network has not begun to take, so that what follows, the end, has a chance to arrive.
    pub(crate) fn abandon(&mut self) {
        self.queue.truncate(usize::from(self.begun));
        self.bytes = self.queue.iter().map(Bytes::len).sum();
        self.abandoned = true;
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned
    }

    /// Moves messages here, as far as credit and the high mark allow.
    pub(crate) fn pump(&mut self, send: &mut SendHalf<Frame>, mut log: Option<&mut Log>) {
        let mut room = HIGH.saturating_sub(self.queued());
        while room > 0
            && let Some(message) = send.next()
        {
            room = room.saturating_sub(message.size());
            let foreign = matches!(message, Frame::Guest(_));
            self.message(message);
            if let Some(log) = &mut log {
                log.written(message);
            }
            if foreign {
                // Nobody will ever confirm it: what is written is gone.
                let _ = send.confirm(send.sent());
            }
        }
    }

    /// Is there something to send, and room for it? An answer that is full calls its driver when it has been read.
    pub(crate) fn wants_more(&self, send: &SendHalf<Frame>) -> bool {
        self.queued() < HIGH && send.is_ready()
    }

    /// Writes what can be written without a task to wait: plain TCP and answers.
    pub(crate) fn try_write(&mut self) -> Written {
        match &self.sink {
            Sink::Exchange(exchange) => {
                self.bytes = 0;
                exchange.push_all(self.queue.drain(..));
                Written::All
            }
            Sink::Driver(_) => Written::Blocked,
            Sink::Tcp(tcp) => {
                while let Some(front) = self.queue.front() {
                    // The system call for one piece is the cheaper one.
                    let written = match self.queue.len() {
                        1 => tcp.try_write(front),
                        _ => with_slices(&self.queue, |slices| tcp.try_write_vectored(slices)),
                    };
                    match written {
                        Ok(written) => self.begun = advance(&mut self.queue, &mut self.bytes, written),
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Written::Blocked,
                        Err(_) => return Written::Dead,
                    }
                }
                Written::All
            }
        }
    }

    /// Writes in the driver's task, which is woken when more can be written.
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>) -> Written {
        if matches!(self.sink, Sink::Exchange(_)) {
            return self.try_write();
        }
        while let Some(front) = self.queue.front() {
            let sink: &mut (dyn AsyncWrite + Unpin) = match &mut self.sink {
                Sink::Driver(io) => io.as_mut(),
                Sink::Tcp(tcp) => tcp,
                Sink::Exchange(_) => return Written::All,
            };
            let sink = Pin::new(sink);
            let polled = match self.queue.len() {
                1 => sink.poll_write(cx, front),
                _ => with_slices(&self.queue, |slices| sink.poll_write_vectored(cx, slices)),
            };
            match polled {
                Poll::Ready(Ok(0) | Err(_)) => return Written::Dead,
                Poll::Ready(Ok(written)) => self.begun = advance(&mut self.queue, &mut self.bytes, written),
                Poll::Pending => return Written::Blocked,
            }
        }
        self.poll_flush(cx)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Written {
        let Sink::Driver(io) = &mut self.sink else { return Written::All };
        match Pin::new(io).poll_flush(cx) {
            Poll::Ready(Ok(())) => Written::All,
            Poll::Ready(Err(_)) => Written::Dead,
            Poll::Pending => Written::Blocked,
        }
    }

    /// Gives the socket away, with what was not written, to be ended elsewhere.
    pub(crate) fn into_parts(self) -> (Sink, VecDeque<Bytes>) {
        (self.sink, self.queue)
    }
}

fn with_slices<R>(queue: &VecDeque<Bytes>, write: impl FnOnce(&[IoSlice<'_>]) -> R) -> R {
    let mut slices = [IoSlice::new(&[]); SLICES];
    let mut used = 0;
    for (slice, bytes) in slices.iter_mut().zip(queue) {
        *slice = IoSlice::new(bytes);
        used += 1;
    }
    write(&slices[..used])
}

/// Takes what was written off the queue. `true`: not all of what is now its first.
fn advance(queue: &mut VecDeque<Bytes>, bytes: &mut usize, mut written: usize) -> bool {
    *bytes -= written;
    while let Some(front) = queue.front_mut() {
        if written < front.len() {
            front.advance(written);
            return written > 0;
        }
        written -= front.len();
        queue.pop_front();
    }
    // An idle session keeps no buffer.
    *queue = VecDeque::new();
    false
}
