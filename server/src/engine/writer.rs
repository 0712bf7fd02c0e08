//! The current live way down of a session, as seen from its send half.

use std::cell::RefCell;
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
use crate::dialect::native::Control;
use crate::outgoing::Frame;

/// Bytes in a writer above which messages stay in the send half: a reader that is slow costs references, not memory.
const HIGH: usize = 256 << 10;

/// Frames given to one system call.
const SLICES: usize = 64;

/// Bytes of small messages that are put side by side for one system call.
const GATHERED: usize = 16 << 10;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

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

    /// Has everything that was put in here been written?
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
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

    pub(crate) fn control(&mut self, control: Control) {
        self.push(if self.is_websocket() { control.frame() } else { control.line() });
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
        while self.wants_more(send) {
            self.give(send, log.as_deref_mut());
        }
    }

    /// Moves one message here.
    fn give(&mut self, send: &mut SendHalf<Frame>, log: Option<&mut Log>) {
        let Some(message) = send.next() else { return };
        self.message(message);
        if given(message, log) {
            forget(send);
        }
    }

    /// Is there something to send, and room for it? An answer that is full calls its driver when it has been read.
    pub(crate) fn wants_more(&self, send: &SendHalf<Frame>) -> bool {
        self.queued() < HIGH && send.is_ready()
    }

    /// Moves messages here and writes what can be written without a task to wait: plain TCP and answers.
    pub(crate) fn write(&mut self, send: &mut SendHalf<Frame>, log: Option<&mut Log>) -> Written {
        if matches!(self.sink, Sink::Tcp(_)) {
            return self.write_tcp(send, log);
        }
        self.pump(send, log);
        self.write_queue()
    }

    /// Small messages go from the send half to the system call, over memory that a thread's sessions share: to queue each here and take it out again
    /// costs more than to copy it. A message counts as given to this way when its first byte is.
    fn write_tcp(&mut self, send: &mut SendHalf<Frame>, mut log: Option<&mut Log>) -> Written {
        let mut left = HIGH;
        while left > 0 && (self.bytes > 0 || send.is_ready()) {
            if self.bytes > GATHERED {
                match self.write_queue() {
                    Written::All => continue,
                    other => return other,
                }
            }
            let mut count = 0;
            let tried: io::Result<_> = SCRATCH.with_borrow_mut(|scratch| {
                scratch.clear();
                self.queue.iter().for_each(|bytes| scratch.extend_from_slice(bytes));
                for wire in send.ready().map(Frame::wire) {
                    if scratch.len() + wire.len() > GATHERED {
                        break;
                    }
                    scratch.extend_from_slice(wire);
                    count += 1;
                }
                let Sink::Tcp(tcp) = &self.sink else { return Ok((0, 0)) };
                // A large one alone is not copied.
                if scratch.is_empty() { Ok((0, 0)) } else { Ok((tcp.try_write(scratch)?, scratch.len())) }
            });
            match tried {
                Ok((_, 0)) => self.give(send, log.as_deref_mut()),
                Ok((0, _)) => return Written::Dead,
                Ok((written, all)) if written < all => {
                    self.written(written, send, log.as_deref_mut());
                    return Written::Blocked;
                }
                Ok((_, all)) => {
                    left = left.saturating_sub(all);
                    self.all_written(all, count, send, log.as_deref_mut());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Written::Blocked,
                Err(_) => return Written::Dead,
            }
        }
        Written::All
    }

    /// The queue has been written, and the first `count` messages that are ready: so many bytes.
    fn all_written(&mut self, bytes: usize, count: usize, send: &mut SendHalf<Frame>, log: Option<&mut Log>) {
        self.carried += (bytes - self.bytes) as u64;
        if self.bytes > 0 {
            self.begun = false;
            self.bytes = 0;
            // An idle session keeps no buffer.
            self.queue = VecDeque::new();
        }
        if let Some(log) = log {
            send.ready().take(count).for_each(|message| log.written(message));
        }
        let foreign = send.ready().next().is_some_and(is_foreign);
        send.give(count);
        if foreign {
            forget(send);
        }
    }

    /// So many bytes have been written: of the queue first, then of the messages that are ready.
    fn written(&mut self, mut bytes: usize, send: &mut SendHalf<Frame>, mut log: Option<&mut Log>) {
        let queued = bytes.min(self.bytes);
        bytes -= queued;
        if queued > 0 {
            self.begun = advance(&mut self.queue, &mut self.bytes, queued);
        }
        let mut foreign = false;
        while bytes > 0
            && let Some(message) = send.next()
        {
            let size = message.wire().len();
            self.carried += size as u64;
            if bytes < size {
                let mut rest = message.frame();
                rest.advance(bytes);
                self.bytes = rest.len();
                self.begun = true;
                self.queue.push_back(rest);
            }
            bytes = bytes.saturating_sub(size);
            foreign |= given(message, log.as_deref_mut());
        }
        if foreign {
            forget(send);
        }
    }

    /// Writes what is in here, as far as that can be done without a task to wait.
    pub(crate) fn write_queue(&mut self) -> Written {
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

    /// The same as [`write`](Self::write) in the driver's task, which is woken when more can be written.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        send: &mut SendHalf<Frame>,
        mut log: Option<&mut Log>,
    ) -> Written {
        loop {
            let written = self.write(send, log.as_deref_mut());
            if written != Written::Blocked {
                return written;
            }
            let Sink::Tcp(tcp) = &self.sink else { return self.poll_queue(cx) };
            match tcp.as_ref().poll_write_ready(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Written::Dead,
                Poll::Pending => return Written::Blocked,
            }
        }
    }

    /// The same as [`write_queue`](Self::write_queue) in the driver's task.
    pub(crate) fn poll_queue(&mut self, cx: &mut Context<'_>) -> Written {
        if matches!(self.sink, Sink::Exchange(_)) {
            return self.write_queue();
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

/// Notes what a client that comes back may have missed. `true`: the message is of a foreign protocol.
fn given(message: &Frame, log: Option<&mut Log>) -> bool {
    if let Some(log) = log {
        log.written(message);
    }
    is_foreign(message)
}

fn is_foreign(message: &Frame) -> bool {
    matches!(message, Frame::Guest(_))
}

/// Nobody will ever confirm what a foreign client got: what is written is gone.
fn forget(send: &mut SendHalf<Frame>) {
    let _ = send.confirm(send.sent());
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
