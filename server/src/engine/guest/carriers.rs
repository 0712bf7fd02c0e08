//! The ways down of a foreign session: a WebSocket, or requests that wait, one after the other.

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use everwire_session::code::Code;

use super::{Guest, GuestJob, Probe};
use crate::config::Transport;
use crate::dialect::Part;
use crate::engine::exchange::Exchange;
use crate::engine::live::Shared;
use crate::engine::socket::{self, WebSocket};
use crate::engine::writer::{Sink, Writer};
use crate::outgoing::line;
use crate::transport::ws_frame;

/// Bytes that go into one answer at the most, if they are of more than one message.
const POLL_BYTES: usize = 256 << 10;

/// A request that waits.
pub(super) struct Answer {
    pub(super) exchange: Arc<Exchange>,
    /// None: it is over with the first that is said.
    pub(super) limit: Option<usize>,
}

impl Guest {
    pub(super) fn attach(&mut self, answer: Answer, transport: Transport) {
        {
            let mut shared = self.live.lock();
            shared.transport = Some(transport);
            if answer.limit.is_some() {
                let exchange = answer.exchange.clone();
                shared.writer = Some(Writer::new(exchange.pipe, Sink::Exchange(exchange)));
            } else {
                shared.volatile = Some(Vec::new());
            }
        }
        self.answer = Some(answer);
        let pause = self.probe.as_ref().and_then(|probe| probe.noop.as_ref()).map(|(_, pause)| *pause);
        self.release_at = pause.map(|pause| self.now() + pause);
        self.act(|tongue, now, deeds| tongue.attached(now, transport, deeds));
    }

    /// A WebSocket: the session's, if it has no other carrier yet, or one that asks to take over.
    pub(super) fn socket(&mut self, socket: WebSocket) {
        let WebSocket { reader, writer } = socket;
        let (taken, fresh) = {
            let shared = self.live.lock();
            (
                shared.writer.is_some() || self.probe.is_some(),
                shared.transport.is_none() && self.answer.is_none(),
            )
        };
        let patience = if fresh { Some(Duration::ZERO) } else { self.tongue.upgrades() };
        let Some(patience) = patience.filter(|_| self.ended.is_none() && !taken) else {
            return socket::finish(Some(reader), writer, ws_frame::close_frame(1000, ""));
        };
        self.readers.push((writer.pipe, reader));
        if fresh {
            self.adopt(writer);
        } else {
            self.probe = Some(Probe { writer, until: self.now() + patience, noop: None });
        }
    }

    /// What must not wait while a WebSocket asks to take over: the poll that keeps it from that, and in the end the WebSocket.
    pub(super) fn hasten(&mut self, now: Duration) {
        if self.release_at.take_if(|at| *at <= now).is_some()
            && let Some((noop, _)) = self.probe.as_ref().and_then(|probe| probe.noop.clone())
        {
            self.release(&noop);
        }
        if let Some(probe) = self.probe.take_if(|probe| probe.until <= now) {
            let at = self.readers.iter().position(|(pipe, _)| *pipe == probe.writer.pipe);
            let reader = at.map(|at| self.readers.swap_remove(at).1);
            socket::finish(reader, probe.writer, ws_frame::close_frame(1000, ""));
        }
    }

    fn adopt(&mut self, writer: Writer) {
        let transport = Transport::Websocket;
        {
            let mut shared = self.live.lock();
            shared.writer = Some(writer);
            shared.transport = Some(transport);
        }
        self.act(|tongue, now, deeds| tongue.attached(now, transport, deeds));
    }

    /// The WebSocket that has asked for it takes over. A poll that waits is answered with `noop`.
    pub(super) fn upgrade(&mut self, noop: &Part) {
        let Some(probe) = self.probe.take() else { return };
        self.release(noop);
        self.adopt(probe.writer);
        self.client.moved(Transport::Websocket.name());
    }

    /// Answers a poll that waits with `noop`, if there is nothing else.
    pub(super) fn release(&mut self, noop: &Part) {
        let live = self.live.clone();
        self.fill(&mut live.lock());
        if let Some(answer) = self.answer.take() {
            answer.exchange.push(line(noop));
            answer.exchange.end();
            self.live.lock().volatile = None;
            self.answered = true;
        }
    }

    /// Gives a poll that waits what there is; ends a stream that has carried enough.
    pub(super) fn fill(&mut self, shared: &mut Shared) {
        let Some(answer) = &self.answer else { return };
        let over = match answer.limit {
            Some(limit) => answer.exchange.total() >= limit,
            None => {
                let mut bytes = 0;
                while bytes < POLL_BYTES
                    && let Some(frame) = shared.send.next()
                {
                    bytes += frame.size().max(1);
                    frame.lines(|line| answer.exchange.push(line));
                    if let Some(log) = &mut shared.log {
                        log.written(frame);
                    }
                    let _ = shared.send.confirm(shared.send.sent());
                }
                for frame in shared.volatile.as_mut().map(std::mem::take).unwrap_or_default() {
                    bytes += frame.size().max(1);
                    frame.lines(|line| answer.exchange.push(line));
                }
                bytes > 0
            }
        };
        if over {
            answer.exchange.end();
            shared.volatile = None;
            self.answer = None;
            shared.writer = None;
            self.answered = true;
        }
    }

    /// Says what is left to say, and lets go of all carriers. Gives those who waited for room.
    pub(super) fn finish(&mut self, code: Code, reason: Option<&str>) -> Vec<Waker> {
        let live = self.live.clone();
        let mut shared = live.lock();
        shared.closed = true;
        shared.transport = None;
        let (number, reason) = self.tongue.close_frame(code, reason);
        let farewell = ws_frame::close_frame(number, &reason);
        let mut sockets: Vec<_> = self.probe.take().map(|probe| probe.writer).into_iter().collect();
        self.deferred.drain(..).for_each(GuestJob::refuse);
        if let Some(mut writer) = shared.take_writer(|_| true) {
            let _ = writer.write_queue();
            sockets.push(writer);
        }
        self.fill(&mut shared);
        if let Some(answer) = self.answer.take() {
            answer.exchange.end();
        }
        for writer in sockets {
            let at = self.readers.iter().position(|(pipe, _)| *pipe == writer.pipe);
            let reader = at.map(|at| self.readers.swap_remove(at).1);
            if writer.is_websocket() && self.reading == Some(writer.pipe) {
                self.parting = Some((writer, farewell.clone()));
            } else {
                socket::finish_politely(reader, writer, farewell.clone());
            }
        }
        shared.take_waiting()
    }
}
