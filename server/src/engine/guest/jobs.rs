//! What requests want of a foreign session: its inbox.

use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use everwire_session::code::Code;
use everwire_session::server::Pipe;

use super::carriers::Answer;
use super::recovery::Moved;
use super::{Guest, Second};
use crate::config::Transport;
use crate::dialect::Part;
use crate::engine::exchange::Exchange;
use crate::engine::live::Job;
use crate::engine::socket::WebSocket;

/// A request to a foreign session.
pub(crate) enum GuestJob {
    /// The client of another session is this one's, and is back.
    Adopt(Box<Moved>),
    /// A WebSocket will come, or nothing.
    Expect,
    /// A request that waits for what goes down: once (`limit` is none), or until so many bytes have gone.
    Get {
        exchange: Arc<Exchange>,
        transport: Transport,
        limit: Option<usize>,
    },
    /// Messages up; an error is a body that makes no sense.
    Post {
        exchange: Arc<Exchange>,
        parts: Result<Vec<Part>, Code>,
    },
    Socket(Option<Box<WebSocket>>),
}

/// How long a request that comes while another waits is kept: that the client has given up the other is told on another connection, and may come later.
const PATIENCE: Duration = Duration::from_millis(100);

/// A request that came while another waited.
pub(super) struct Late {
    pub(super) exchange: Arc<Exchange>,
    transport: Transport,
    limit: Option<usize>,
    pub(super) until: Duration,
}

impl GuestJob {
    /// Is this the request that waits on this pipe?
    fn is_of(&self, pipe: Pipe) -> bool {
        matches!(self, Self::Get { exchange, .. } if exchange.pipe == pipe)
    }

    /// There is no such session any more.
    pub(crate) fn refuse(self) {
        match self {
            Self::Get { exchange, .. } | Self::Post { exchange, .. } => {
                exchange.refuse((Code::UnknownSession, None));
            }
            Self::Adopt(moved) => moved.refuse(),
            Self::Socket(Some(socket)) => socket.part(crate::transport::ws_frame::close_frame(1000, "")),
            Self::Expect | Self::Socket(None) => {}
        }
    }
}

impl GuestJob {
    /// It may not open a session. `true`: nobody else says so, for it is a WebSocket.
    pub(crate) fn turn_away(self, code: Code) -> bool {
        match self {
            Self::Socket(Some(socket)) => {
                socket.part(crate::transport::ws_frame::close_frame(code.websocket(), code.as_str()));
                true
            }
            Self::Get { exchange, .. } => {
                exchange.refuse((code, None));
                false
            }
            other => {
                other.refuse();
                false
            }
        }
    }
}

impl Guest {
    pub(super) fn jobs(&mut self, cx: &mut Context<'_>) {
        for job in self.live.take_jobs() {
            match job {
                Job::Close { code, reason, .. } => {
                    self.live.lock().closed = true;
                    self.leave(code, reason.as_deref());
                }
                Job::Gone(pipe) => self.gone(pipe),
                Job::Guest(job) => self.job(job, cx),
                Job::Kill(code) => self.leave(code, None),
                // Of the native protocol, whose requests find no guests.
                other => other.refuse(),
            }
        }
    }

    pub(super) fn job(&mut self, job: GuestJob, cx: &mut Context<'_>) {
        match job {
            GuestJob::Adopt(moved) => self.adopt_all(*moved, cx),
            // What the client knows of it is dead.
            job if self.is_suspended() => job.refuse(),
            GuestJob::Expect => self.expected = true,
            GuestJob::Get { .. } if self.expected && self.ended.is_none() => self.deferred.push(job),
            GuestJob::Get { exchange, transport, limit } => {
                // What the client has said on a WebSocket before counts before.
                self.read_all(cx);
                self.get(exchange, transport, limit);
            }
            GuestJob::Post { exchange, parts } => self.post(&exchange, parts),
            GuestJob::Socket(socket) => {
                self.expected = false;
                if let Some(socket) = socket {
                    self.socket(*socket);
                }
                self.read_all(cx);
                for job in std::mem::take(&mut self.deferred) {
                    self.job(job, cx);
                }
            }
        }
    }

    fn post(&mut self, exchange: &Arc<Exchange>, parts: Result<Vec<Part>, Code>) {
        if self.ended.is_some() {
            return exchange.refuse((Code::UnknownSession, None));
        }
        if self.held.is_some() {
            // It sends one body after the other.
            return exchange.refuse((Code::Rate, None));
        }
        match parts {
            Ok(parts) => {
                for part in parts {
                    self.take(part);
                }
                if self.is_full() {
                    self.held = Some(exchange.clone());
                } else {
                    exchange.end();
                }
                if let Some((_, Code::Rate, _)) = self.ended {
                    exchange.refuse((Code::Rate, None));
                }
            }
            Err(code) => {
                exchange.refuse((code, None));
                self.leave(code, None);
            }
        }
    }

    fn get(&mut self, exchange: Arc<Exchange>, transport: Transport, limit: Option<usize>) {
        if let Some((_, code, reason)) = &self.ended {
            return match self.tongue.afterwards(*code, reason.as_deref()) {
                Some(last) => answer_with(&exchange, &last),
                None => exchange.refuse((Code::UnknownSession, None)),
            };
        }
        if self.live.lock().writer.as_ref().is_some_and(crate::engine::writer::Writer::is_websocket) {
            return exchange.refuse((Code::BadPacket, None));
        }
        if let Some(first) = &self.answer {
            match self.tongue.second() {
                Second::Told(_) if self.late.is_none() => {
                    self.late = Some(Late { exchange, transport, limit, until: self.now() + PATIENCE });
                }
                Second::Told(part) => answer_with(&exchange, &part),
                Second::Fatal(part) => {
                    answer_with(&first.exchange, &part);
                    self.answer = None;
                    exchange.refuse((Code::BadPacket, None));
                    self.end(Code::BadPacket, None, None);
                }
            }
            return;
        }
        self.attach(Answer { exchange, limit }, transport);
    }

    /// Looks again at a request that came while another waited.
    pub(super) fn look_again(&mut self) {
        let (now, waits) = (self.now(), self.answer.is_some());
        let Some(late) = self.late.take_if(|late| !waits || late.until <= now) else { return };
        match self.tongue.second() {
            Second::Told(part) if waits => answer_with(&late.exchange, &part),
            _ => self.get(late.exchange, late.transport, late.limit),
        }
    }

    /// The carrier of this name is gone.
    pub(super) fn gone(&mut self, pipe: Pipe) {
        self.readers.retain(|(other, _)| *other != pipe);
        self.probe.take_if(|probe| probe.writer.pipe == pipe);
        self.deferred.retain(|job| !job.is_of(pipe));
        self.late.take_if(|late| late.exchange.pipe == pipe);
        let request = self.answer.take_if(|answer| answer.exchange.pipe == pipe).is_some();
        let writer = self.live.lock().writer.take_if(|writer| writer.pipe == pipe).is_some();
        if request {
            self.live.lock().volatile = None;
            self.act(|tongue, now, _| tongue.detached(now));
            if let Some(code) = self.tongue.aborted() {
                self.end(code, None, None);
            }
        } else if writer {
            self.end(Code::ClientDisconnect, None, None);
        }
    }
}

/// Answers a request with one message and nothing else.
fn answer_with(exchange: &Exchange, part: &Part) {
    exchange.push(crate::outgoing::line(part));
    exchange.end();
}
