//! One answer to an HTTP request, filled by a session's driver and read by hyper.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use everwire_session::code::Code;
use everwire_session::server::Pipe;
use parking_lot::Mutex;

use super::live::{Job, Live};

/// A refusal that a driver gave: the code, and for `gap` the number that is missing.
pub(crate) type Refused = (Code, Option<u64>);

/// Bytes that are around a line, more or less, whatever the transport.
const FRAME: usize = 4;

/// What keeping a line takes, beside its bytes.
const LINE: usize = 64;

/// The way from a driver to a response. Lines go in, each with its `\n`; what is around them is the transport's matter.
pub(crate) struct Exchange {
    pub(crate) pipe: Pipe,
    /// Whether a welcome in here names a ticket.
    pub(crate) ticketed: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Bytes>,
    queued: usize,
    total: usize,
    refused: Option<Refused>,
    ended: bool,
    waker: Option<Waker>,
}

impl State {
    fn push(&mut self, line: Bytes) {
        self.queued += line.len() + LINE;
        self.total += line.len() + FRAME;
        self.lines.push_back(line);
    }
}

impl Exchange {
    pub(crate) fn new(pipe: Pipe, ticketed: bool) -> Arc<Self> {
        Arc::new(Self { pipe, ticketed, state: Mutex::default() })
    }

    pub(crate) fn push(&self, line: Bytes) {
        self.change(|state| {
            state.push(line);
        });
    }

    /// Several lines with one wake.
    pub(crate) fn push_all(&self, lines: impl Iterator<Item = Bytes>) {
        self.change(|state| {
            for line in lines {
                state.push(line);
            }
        });
    }

    pub(crate) fn end(&self) {
        self.change(|state| state.ended = true);
    }

    pub(crate) fn refuse(&self, refused: Refused) {
        self.change(|state| {
            state.refused.get_or_insert(refused);
            state.ended = true;
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let waker = {
            let mut state = self.state.lock();
            change(&mut state);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// What nobody has read yet takes, in bytes.
    pub(crate) fn queued(&self) -> usize {
        self.state.lock().queued
    }

    /// Bytes that ever went in, with what is around them.
    pub(crate) fn total(&self) -> usize {
        self.state.lock().total
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.state.lock().ended
    }

    /// Waits for the end, and gives everything.
    pub(crate) fn poll_whole(&self, cx: &mut Context<'_>) -> Poll<Result<VecDeque<Bytes>, Refused>> {
        let mut state = self.state.lock();
        if !state.ended {
            state.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(state.refused.map_or_else(|| Ok(std::mem::take(&mut state.lines)), Err))
    }

    /// Waits for the first line, so that a refusal before it can become a status.
    pub(crate) fn poll_begun(&self, cx: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        let mut state = self.state.lock();
        if !state.lines.is_empty() {
            return Poll::Ready(Ok(()));
        }
        if state.ended {
            return Poll::Ready(state.refused.map_or(Ok(()), Err));
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Waits for lines. At the end a refusal that came in mid-stream, then nothing.
    pub(crate) fn poll_lines(&self, cx: &mut Context<'_>) -> Poll<Lines> {
        let mut state = self.state.lock();
        if !state.lines.is_empty() {
            state.queued = 0;
            return Poll::Ready(Lines::Some(std::mem::take(&mut state.lines)));
        }
        if state.ended {
            return Poll::Ready(Lines::End(state.refused.take()));
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// What a stream gives.
pub(crate) enum Lines {
    Some(VecDeque<Bytes>),
    End(Option<Refused>),
}

/// Tells the session when hyper drops the request: its client has gone.
pub(crate) struct Caller {
    pub(crate) exchange: Arc<Exchange>,
    live: Arc<Live>,
    handed_over: bool,
}

impl Caller {
    pub(crate) fn new(exchange: Arc<Exchange>, live: Arc<Live>) -> Self {
        Self { exchange, live, handed_over: false }
    }

    /// There is room again for a driver that waits for its reader.
    pub(crate) fn wake(&self) {
        self.live.wake();
    }

    /// Another request carries the answer.
    pub(crate) fn hand_over(mut self) {
        self.handed_over = true;
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        if !self.handed_over && !self.exchange.is_ended() {
            self.live.submit(Job::Gone(self.exchange.pipe));
        }
    }
}
