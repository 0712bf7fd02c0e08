//! What drives a session: one task, from its opening to its end, over all its carriers.
//!
//! A turn runs to completion: take jobs, read, decode all that came, let handlers run as far as they go without waiting, gather
//! what they emitted, write once. No task and no channel stands between a frame that comes in and the reply that goes out.

mod down;
mod jobs;
mod notes;
mod reading;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use everwire_session::SendHalf;
use everwire_session::code::Code;
use everwire_session::server::{Input, Machine, Pipe, State};
use everwire_session::wire::Secret;

use self::jobs::Attaching;
use self::notes::{Note, Traffic};
use super::doors::Place;
use super::exchange::Exchange;
use super::live::{Job, Live};
use super::probation::Probation;
use super::socket::Reader;
use super::turn::{self, Backlog};
use super::writer::{Writer, Written};
use super::{Engine, ids};
use crate::chunk::Chunk;
use crate::client::Client;
use crate::handshake::RequestInfo;
use crate::incoming::Incoming;
use crate::link::Peer;
use crate::outgoing::Frame;
use crate::rate::Meter;

/// How often in one turn what handlers cause is looked at, before others on this thread have their turn.
const ROUNDS: usize = 16;

/// How long handlers may go on after the end of their session.
const AFTERLIFE: Duration = Duration::from_secs(30);

pub(crate) struct Driver {
    engine: Arc<Engine>,
    live: Arc<Live>,
    machine: Machine<Frame, Incoming>,
    client: Client,
    /// The key of the open, while it proves the session.
    key: Option<Arc<str>>,
    /// The current WebSocket's read side; its write side is in the shared part.
    socket: Option<(Pipe, Box<Reader>)>,
    /// The WebSocket that is being read, and how to part from it if that is what a frame leads to.
    reading: Option<Pipe>,
    parting: Option<Box<(Writer, Bytes)>>,
    /// Requests that wait for their answer, and streams.
    exchanges: Vec<Arc<Exchange>>,
    /// Of the last attach: what it is to become once the machine has accepted it.
    attaching: Option<Attaching>,
    /// For the application, gathered while the lock was held.
    notes: Vec<Note>,
    /// Receivers of what was emitted in the last turn.
    backlog: Backlog,
    traffic: Traffic,
    /// What the client sends, if that is limited.
    meter: Option<Box<Meter>>,
    /// Until the end.
    place: Option<Place>,
    /// When this round of the turn began: the time for all that happens in it, since to ask the clock for each message would cost as much as to decode it.
    round: Duration,
    /// Has a carrier ever attached?
    opened: bool,
    probation: Probation,
    ended: Option<Duration>,
}

/// However it ends, by a panic of user code or with its runtime too: nobody waits for it in vain.
impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.engine.forget_key(&key);
        }
        self.engine.forget(&self.live);
        self.live.bury();
        for exchange in self.exchanges.drain(..) {
            exchange.refuse((Code::UnknownSession, None));
        }
    }
}

/// Not an `async fn`: its future would hold the driver twice, before and after it has begun.
impl Future for Driver {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.get_mut().drive(cx)
    }
}

impl Driver {
    pub(crate) fn new(
        engine: Arc<Engine>,
        live: Arc<Live>,
        key: &Secret,
        request: RequestInfo,
        place: Place,
    ) -> Self {
        let now = engine.wheel.now();
        let probation = Probation::new(now, engine.config.handshake);
        let token = Secret::new(ids::random());
        let machine = Machine::new(engine.machine.clone(), live.id.clone(), key.clone(), token, now);
        let client = Client::new(engine.hub.clone(), live.clone(), request, Peer::Native);
        let meter = Meter::new(engine.config.messages, engine.config.bytes, now);
        Self {
            engine,
            live,
            machine,
            client,
            key: Some(key.share()),
            socket: None,
            reading: None,
            parting: None,
            exchanges: Vec::new(),
            attaching: None,
            notes: Vec::new(),
            backlog: Backlog::default(),
            traffic: Traffic::default(),
            meter,
            place: Some(place),
            round: now,
            opened: false,
            probation,
            ended: None,
        }
    }

    fn drive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.live.register(cx);
        if self.backlog.write() {
            let turn = turn::enter(&self.live);
            self.turn(cx);
            self.backlog = turn.end();
        }
        if !self.backlog.write() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.is_over() { Poll::Ready(()) } else { Poll::Pending }
    }

    fn turn(&mut self, cx: &mut Context<'_>) {
        let mut rounds = 0;
        loop {
            self.round = self.now();
            self.jobs();
            self.tick();
            // What came another way before comes before what is read now.
            self.tell();
            let more = self.read_all(cx);
            self.tell();
            let consumed = self.client.poll(cx);
            self.settle(cx, consumed);
            let quiet = self.notes.is_empty() && !self.live.has_jobs();
            if !more && quiet {
                break;
            }
            rounds += 1;
            if more || rounds == ROUNDS {
                cx.waker().wake_by_ref();
                break;
            }
        }
    }

    fn now(&self) -> Duration {
        self.engine.wheel.now()
    }

    fn is_over(&mut self) -> bool {
        let Some(ended) = self.ended else { return false };
        let now = self.now();
        self.machine.state() == State::Forgotten && (self.client.is_idle() || now > ended + AFTERLIFE)
    }

    /// Gives the machine an input, and does what it says.
    fn input(&mut self, input: Input<Incoming>) {
        self.step(|machine, send, now| machine.handle(send, now, input));
    }

    fn step(&mut self, step: impl FnOnce(&mut Machine<Frame, Incoming>, &mut SendHalf<Frame>, Duration)) {
        let (live, now) = (self.live.clone(), self.round);
        let mut shared = live.lock();
        step(&mut self.machine, &mut shared.send, now);
        self.outputs(&mut shared);
        let waiting = shared.take_waiting();
        drop(shared);
        waiting.into_iter().for_each(Waker::wake);
        if !self.machine.has_key()
            && let Some(key) = self.key.take()
        {
            self.engine.forget_key(&key);
        }
    }

    fn tick(&mut self) {
        let now = self.round;
        if self.machine.next_timeout().is_some_and(|due| due <= now) {
            self.input(Input::Timeout);
            self.report_traffic();
        }
        if self.ended.is_none() && self.probation.ends().is_some_and(|end| end <= now) {
            self.input(Input::Kill { code: Code::NoNamespace });
        }
    }

    /// Bytes that came from the client and are still here.
    fn inbound(&self) -> usize {
        let partial = self.socket.as_ref().map_or(0, |(_, reader)| reader.held());
        self.machine.unconsumed() as usize + partial
    }

    fn kill_as_full(&self) {
        if self.ended.is_none() {
            self.live.submit(Job::Kill(Code::Full));
        }
    }

    /// Writes all there is, and sets the alarm.
    fn settle(&mut self, cx: &mut Context<'_>, consumed: u64) {
        let (live, now) = (self.live.clone(), self.round);
        let mut guard = live.lock();
        let shared = &mut *guard;
        shared.dirty = false;
        shared.chunk = Chunk::default();
        if consumed > 0 {
            self.machine.handle(&mut shared.send, now, Input::Consumed(consumed));
            self.outputs(shared);
        }
        let mut written = match &mut shared.writer {
            Some(writer) => writer.poll_write(cx, &mut shared.send, None),
            None => Written::All,
        };
        if let Some(volatile) = shared.volatile.take() {
            self.machine.volatile(&mut shared.send, now, volatile);
        }
        if shared.writer.is_none() || !shared.send.is_ready() {
            self.machine.flush(&mut shared.send, now);
        } else {
            self.machine.flush_beside(&mut shared.send, now);
        }
        self.outputs(shared);
        shared.volatile = (shared.writer.is_none() && self.machine.takes_volatile()).then(Vec::new);
        let mut lost = None;
        if let Some(writer) = &mut shared.writer {
            if written == Written::All && !writer.is_empty() {
                // Counts, or a close.
                written = writer.poll_write(cx, &mut shared.send, None);
            }
            self.traffic.down += writer.take_carried();
            // What waited behind the high mark may follow now.
            if written == Written::All && writer.wants_more(&shared.send) {
                cx.waker().wake_by_ref();
            }
            if written == Written::Dead {
                lost = Some(writer.pipe);
            }
            if writer.total() > self.engine.config.stream_bytes {
                let pipe = writer.pipe;
                self.exchange(pipe, true).inspect(|exchange| exchange.end());
                lost = Some(pipe);
            }
        }
        let fits = shared.weigh(self.inbound());
        drop(guard);
        if !fits {
            self.kill_as_full();
        }
        if let Some(pipe) = lost {
            self.lose_socket(pipe, None);
        }
        if self.probation.watch(now, &self.client)
            && let Some(place) = &mut self.place
        {
            place.let_in();
        }
        let wheel = &self.engine.wheel;
        let end = match self.ended {
            None => self.probation.ends(),
            Some(ended) => Some(ended + AFTERLIFE),
        };
        let client = self.client.next_timeout().map(|due| wheel.at(due));
        if let Some(due) = self.machine.next_timeout().into_iter().chain(end).chain(client).min() {
            wheel.arm(&self.live, due);
        }
    }
}
