//! Sessions that outlive their carriers: Socket.IO's connection state recovery.
//!
//! A client that comes back opens a new session, and names in its connect what it had: `{"pid":"<session's secret>.<socket's id>","offset":"<last event>"}`.
//! If the old session is there, and all the client has missed with it, the new one hands over its carriers and is no more:
//!
//! ```text
//! old  ──── suspended ────────────────▶ adopts ── 40{sid,pid} ── missed events ──▶
//! new            open ── 40{pid,offset} ──┘
//! ```

use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use bytes::Bytes;
use everwire_session::code::Code;
use everwire_session::packet::{Kind, MAIN};
use everwire_session::server::Pipe;
use serde::Deserialize;

use super::carriers::Answer;
use super::{Guest, GuestJob, Probe};
use crate::config::Transport;
use crate::dialect::Part;
use crate::engine::Engine;
use crate::engine::live::{Job, Live};
use crate::engine::socket::{self, Reader};
use crate::engine::writer::Writer;
use crate::incoming::Incoming;
use crate::outgoing::Frame;
use crate::transport::ws_frame;

/// Of a session that can be recovered.
pub(super) struct Recovery {
    /// How long it waits for its client.
    time: Duration,
    /// Until when it waits now.
    pub(super) until: Option<Duration>,
    /// Namespaces that the client had and has not asked for since it is back, and how long they wait.
    absent: Vec<Box<str>>,
    pub(super) absent_until: Option<Duration>,
}

impl Recovery {
    pub(super) fn new(time: Duration) -> Self {
        Self { time, until: None, absent: Vec::new(), absent_until: None }
    }
}

/// This session is about to become part of another one: what its client says meanwhile.
pub(super) struct Moving {
    to: Arc<Live>,
    connect: Incoming,
    pub(super) parts: Vec<Part>,
}

/// All that a session hands over.
pub(crate) struct Moved {
    engine: Arc<Engine>,
    key: Box<str>,
    writer: Option<Writer>,
    transport: Option<Transport>,
    readers: Vec<(Pipe, Box<Reader>)>,
    probe: Option<Probe>,
    answer: Option<Answer>,
    expected: bool,
    deferred: Vec<GuestJob>,
    /// Said and not written.
    frames: Vec<Frame>,
    connect: Incoming,
    parts: Vec<Part>,
}

impl Moved {
    /// The other session has ended meanwhile.
    pub(super) fn refuse(self) {
        self.engine.forget_guest(&self.key);
        self.deferred.into_iter().for_each(GuestJob::refuse);
        if let Some(answer) = self.answer {
            answer.exchange.refuse((Code::UnknownSession, None));
        }
        part(self.writer.into_iter().chain(self.probe.map(|probe| probe.writer)), self.readers);
    }
}

/// What a client says in a connect that it had.
#[derive(Deserialize)]
struct Claim {
    pid: String,
    offset: Option<String>,
}

impl Claim {
    fn of(connect: &Incoming) -> Option<Self> {
        serde_json::from_slice(&connect.body).ok()
    }

    /// The session's secret, and the socket's id.
    fn split(&self) -> Option<(&str, &str)> {
        self.pid.split_once('.')
    }
}

impl Guest {
    pub(super) fn is_suspended(&self) -> bool {
        self.recovery.as_ref().is_some_and(|recovery| recovery.until.is_some())
    }

    /// Takes a message, or keeps it for the session that this one becomes part of.
    pub(super) fn take(&mut self, part: Part) {
        let now = self.now();
        if let Some(meter) = &mut self.meter
            && !meter.take(now, 1, part.len() as u64)
        {
            return self.leave(Code::Rate, None);
        }
        match &mut self.moving {
            Some(moving) => moving.parts.push(part),
            None => self.act(|tongue, now, deeds| tongue.take(now, part, deeds)),
        }
    }

    /// Instead of ending: waits for the client, if it may come back. `false`: it may not.
    pub(super) fn suspend(&mut self, code: Code, last: Option<&Part>) -> bool {
        let now = self.now();
        let Some(recovery) = &mut self.recovery else { return false };
        let waits = matches!(code, Code::ClientDisconnect | Code::Timeout) && recovery.until.is_none();
        if !waits || self.client.namespaces() == 0 {
            return false;
        }
        recovery.until = Some(now + recovery.time);
        recovery.absent_until = None;
        if let (Some(answer), Some(last)) = (&self.answer, last) {
            answer.exchange.push(crate::outgoing::line(last));
        }
        self.let_go();
        // Its id in requests is dead; the engine still counts it.
        let key = format!("suspended {}", self.live.id);
        self.engine.rename_guest(&std::mem::replace(&mut self.key, key.clone().into()), &key, &self.live);
        self.client.suspended();
        true
    }

    /// Lets go of all carriers, without a word but what is on its way.
    fn let_go(&mut self) {
        let writer = {
            let mut shared = self.live.lock();
            shared.transport = None;
            shared.volatile = None;
            shared.writer.take()
        };
        self.deferred.drain(..).for_each(GuestJob::refuse);
        self.expected = false;
        if let Some(answer) = self.answer.take() {
            answer.exchange.end();
        }
        let mut writers: Vec<_> =
            writer.into_iter().chain(self.probe.take().map(|probe| probe.writer)).collect();
        if let Some(at) =
            writers.iter().position(|writer| writer.is_websocket() && self.reading == Some(writer.pipe))
        {
            self.parting = Some((writers.swap_remove(at), ws_frame::close_frame(1000, "")));
        }
        part(writers, std::mem::take(&mut self.readers));
    }

    /// Looks at the clock. `true`: it waits on.
    pub(super) fn waits(&mut self, now: Duration) -> bool {
        let Some(recovery) = &mut self.recovery else { return false };
        if recovery.absent_until.take_if(|until| *until <= now).is_some() {
            for namespace in std::mem::take(&mut recovery.absent) {
                self.client.receive(left(&namespace));
            }
        }
        let Some(until) = self.recovery.as_ref().and_then(|recovery| recovery.until) else { return false };
        if until <= now || self.client.namespaces() == 0 {
            self.end(Code::Timeout, None, None);
        }
        self.ended.is_none()
    }

    /// Gives the application a message. A connect may be that of a client that comes back.
    pub(super) fn deliver(&mut self, incoming: Incoming) {
        if incoming.kind != Kind::Connect || self.recovery.is_none() {
            return self.client.receive(incoming);
        }
        let claim = Claim::of(&incoming);
        if self.return_to(&incoming, claim.as_ref()) {
            return;
        }
        if let Some(claim) = claim
            && self.client.namespaces() == 0
            && let Some((secret, _)) = claim.split()
            && let Some(to) = self.engine.find_recoverable(secret).filter(|to| !Arc::ptr_eq(to, &self.live))
            && to.recovers(incoming.namespace(), claim.offset.as_deref())
        {
            self.moving = Some(Moving { to, connect: incoming, parts: Vec::new() });
            return;
        }
        self.client.receive(incoming);
    }

    /// A namespace that the client had before the cut: the same socket and what was missed, or a new socket. `false`: it had it not.
    fn return_to(&mut self, connect: &Incoming, claim: Option<&Claim>) -> bool {
        let namespace = connect.namespace();
        let Some(recovery) = &mut self.recovery else { return false };
        let Some(at) = recovery.absent.iter().position(|absent| **absent == *namespace) else { return false };
        recovery.absent.swap_remove(at);
        let missed = claim.and_then(|claim| {
            let (_, socket) = claim.split()?;
            let same = self.client.socket_id(namespace) == Some(socket);
            let mut shared = self.live.lock();
            shared.log.as_mut().filter(|_| same)?.take_since(namespace, claim.offset.as_deref())
        });
        let Some(missed) = missed else {
            self.client.receive(left(namespace));
            self.client.receive(connect.clone());
            return true;
        };
        // It is connected already, so it is told so again.
        self.client.receive(connect.clone());
        let mut shared = self.live.lock();
        let full = missed.into_iter().any(|frame| shared.send.push(Frame::Guest(frame)).is_err());
        drop(shared);
        if full {
            self.live.submit(Job::Kill(Code::SlowConsumer));
        }
        true
    }

    /// Becomes part of the session that the client had before, if it has asked for that.
    pub(super) fn hand_over(&mut self) -> bool {
        let Some(Moving { to, connect, parts }) = self.moving.take() else { return false };
        let mut frames = Vec::new();
        let (writer, transport) = {
            let mut shared = self.live.lock();
            while let Some(frame) = shared.send.next() {
                frames.push(frame.clone());
            }
            shared.closed = true;
            (shared.writer.take(), shared.transport.take())
        };
        let moved = Moved {
            engine: self.engine.clone(),
            key: std::mem::take(&mut self.key),
            writer,
            transport,
            readers: std::mem::take(&mut self.readers),
            probe: self.probe.take(),
            answer: self.answer.take(),
            expected: self.expected,
            deferred: std::mem::take(&mut self.deferred),
            frames,
            connect,
            parts,
        };
        self.engine.rename_guest("", &moved.key, &to);
        to.submit(Job::Guest(GuestJob::Adopt(Box::new(moved))));
        self.live.bequeath(&to);
        self.ended = Some((self.now(), Code::ClientDisconnect, None));
        self.client.end(Code::ClientDisconnect, None, 0);
        true
    }

    /// The client is back: goes on over the carriers of the session that it came with.
    pub(super) fn adopt_all(&mut self, moved: Moved, cx: &mut Context<'_>) {
        let now = self.now();
        if self.ended.is_some() || self.recovery.is_none() {
            return moved.refuse();
        }
        self.let_go();
        self.engine.forget_guest(&self.key);
        self.key = moved.key;
        {
            let mut guard = self.live.lock();
            let shared = &mut *guard;
            // What was not sent is an event that was missed, or of no more use.
            while let Some(frame) = shared.send.next() {
                if let Some(log) = &mut shared.log {
                    log.unsent(frame);
                }
            }
            let _ = shared.send.confirm(shared.send.sent());
            shared.writer = moved.writer;
            shared.transport = moved.transport;
            shared.volatile = moved.answer.as_ref().map(|_| Vec::new());
            for frame in moved.frames {
                let _ = shared.send.push(frame);
            }
        }
        (self.readers, self.probe, self.answer) = (moved.readers, moved.probe, moved.answer);
        (self.expected, self.deferred) = (moved.expected, moved.deferred);
        let transport = moved.transport.unwrap_or(Transport::LongPolling);
        if let Some(recovery) = &mut self.recovery {
            recovery.until = None;
            recovery.absent = self.client.names();
            recovery.absent_until = Some(now + self.engine.config.handshake);
        }
        self.client.resumed(transport.name());
        self.act(|tongue, now, _| tongue.resumed(now, transport));
        self.deliver(moved.connect);
        moved.parts.into_iter().for_each(|part| self.take(part));
        if !self.expected {
            for job in std::mem::take(&mut self.deferred) {
                self.job(job, cx);
            }
        }
    }
}

/// Closes WebSockets.
fn part(writers: impl IntoIterator<Item = Writer>, mut readers: Vec<(Pipe, Box<Reader>)>) {
    for writer in writers {
        let at = readers.iter().position(|(pipe, _)| *pipe == writer.pipe);
        let reader = at.map(|at| readers.swap_remove(at).1);
        socket::finish(reader, writer, ws_frame::close_frame(1000, ""));
    }
}

/// As if the client had left it.
fn left(namespace: &str) -> Incoming {
    Incoming {
        kind: Kind::Left,
        namespace: (namespace != MAIN).then(|| namespace.into()),
        id: None,
        body: Bytes::from_static(b"{}"),
        attachments: Vec::new(),
        size: 0,
    }
}
