//! What drives the session of a foreign client: Socket.IO's, SockJS's. No replay and no resume, for their protocols have none: what is written is gone.
//!
//! A turn runs to completion, as a native session's does (`driver.rs`).

mod carriers;
mod jobs;
pub(crate) mod log;
mod reading;
mod recovery;
#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use everwire_session::code::Code;
use everwire_session::server::Pipe;

use self::carriers::Answer;
pub(crate) use self::jobs::GuestJob;
use self::jobs::Late;
use self::recovery::{Moving, Recovery};
use super::Engine;
use super::doors::Place;
use super::exchange::Exchange;
use super::live::{Job, Live, Shared};
use super::probation::Probation;
use super::socket::Reader;
use super::turn::{self, Backlog};
use super::writer::{Writer, Written};
use crate::chunk::Chunk;
use crate::client::Client;
use crate::config::Transport;
use crate::dialect::Part;
use crate::handshake::RequestInfo;
use crate::incoming::Incoming;
use crate::link::Peer;
use crate::outgoing::{Frame, GuestFrame};
use crate::rate::Meter;

/// How often in one turn what handlers cause is looked at, before others on this thread have their turn.
const ROUNDS: usize = 16;

/// How long handlers may go on after the end of their session.
const AFTERLIFE: Duration = Duration::from_secs(30);

/// A foreign protocol's side of a session: what its packets mean, and when what is due. No I/O.
pub(crate) trait Tongue: Send {
    /// A message of the client.
    fn take(&mut self, now: Duration, part: Part, deeds: &mut Vec<Deed>);

    /// The same for a text on a WebSocket, if it is an event and nothing else: the usual case, which goes on without a detour. `None`: it is for
    /// [`take`](Self::take), which also knows what is wrong with it.
    fn event(&mut self, _now: Duration, _text: &str, _chunk: &mut Chunk) -> Option<Incoming> {
        None
    }

    /// Time has come to look at the clock.
    fn timeout(&mut self, now: Duration, deeds: &mut Vec<Deed>);

    /// When that is next, at the latest.
    fn next_timeout(&self) -> Option<Duration>;

    /// The client can get something, over this transport.
    fn attached(&mut self, now: Duration, transport: Transport, deeds: &mut Vec<Deed>);

    /// It cannot any more.
    fn detached(&mut self, _now: Duration) {}

    /// A request that waited was given up by the client. `Some`: that is the end of the session.
    fn aborted(&self) -> Option<Code> {
        None
    }

    /// What to do with a second request that waits, while the first still does.
    fn second(&self) -> Second;

    /// The last words, if the server ends it.
    fn farewell(&self, code: Code, reason: Option<&str>) -> Option<Part>;

    /// The number and reason of the WebSocket's close frame.
    fn close_frame(&self, code: Code, reason: Option<&str>) -> (u16, String);

    /// How long a session that has ended goes on telling so.
    fn linger(&self) -> Duration {
        Duration::ZERO
    }

    /// What a request hears that comes meanwhile.
    fn afterwards(&mut self, code: Code, reason: Option<&str>) -> Option<Part> {
        self.farewell(code, reason).filter(|_| !self.linger().is_zero())
    }

    /// May the session move from requests to a WebSocket? Then so long may that take to ask for it.
    fn upgrades(&self) -> Option<Duration> {
        None
    }

    /// How long the session waits for a client that is gone. None: it does not.
    fn recovery(&self) -> Option<Duration> {
        None
    }

    /// The client is back, over this transport, and begins anew.
    fn resumed(&mut self, _now: Duration, _transport: Transport) {}

    /// What a WebSocket says that asks to take over.
    fn probed(&mut self, _part: &Part) -> Probed {
        Probed::Nonsense
    }
}

/// What a WebSocket is to hear that asks to take over. `noop` answers a poll that waits, and after `pause` each that comes meanwhile: before the client
/// has read the answer, it polls on, and it moves only between two polls.
pub(crate) enum Probed {
    Answer { answer: Part, noop: Part, pause: Duration },
    Nonsense,
    Upgrade { noop: Part },
}

/// What a protocol wants done.
pub(crate) enum Deed {
    Deliver(Incoming),
    /// The session is over; the client knows, or is told nothing.
    End(Code),
    /// The same, and a poll that waits is answered with this.
    EndWith(Code, Part),
    /// What was said goes out before anything else is.
    Flush,
    Say(Part),
}

/// What a second waiting request leads to.
pub(crate) enum Second {
    /// The first is answered with this, the second refused, and the session is over.
    Fatal(Part),
    /// The second is answered with this.
    Told(Part),
}

/// A WebSocket that asks to take over.
struct Probe {
    writer: Writer,
    until: Duration,
    /// What answers polls from now on, and after how long.
    noop: Option<(Part, Duration)>,
}

pub(crate) struct Guest {
    engine: Arc<Engine>,
    live: Arc<Live>,
    /// What finds it in the engine.
    key: Box<str>,
    client: Client,
    tongue: Box<dyn Tongue>,
    /// The current WebSocket's read side, and that of one which asks to become it.
    readers: Vec<(Pipe, Box<Reader>)>,
    probe: Option<Probe>,
    /// When a poll is answered that would keep it from taking over.
    release_at: Option<Duration>,
    /// The WebSocket that is being read, and how to part from it if that is what a frame leads to.
    reading: Option<Pipe>,
    parting: Option<(Writer, Bytes)>,
    /// Another WebSocket is about to come.
    expected: bool,
    /// The request that waits for what goes down.
    answer: Option<Answer>,
    /// One has just been answered.
    answered: bool,
    /// Requests that must wait until the expected WebSocket is here.
    deferred: Vec<GuestJob>,
    /// A request that came while another waited.
    late: Option<Late>,
    /// When this round of the turn began: asking the clock for each message would cost as much as to decode it.
    round: Duration,
    /// Bytes of events that wait for handlers. Above the window nothing is read, and a body is not answered: the client waits.
    unhandled: u64,
    held: Option<Arc<Exchange>>,
    /// What the client sends, if that is limited.
    meter: Option<Box<Meter>>,
    /// Until the end.
    place: Option<Place>,
    /// Receivers of what was emitted in the last turn.
    backlog: Backlog,
    probation: Probation,
    recovery: Option<Recovery>,
    /// The session that this one becomes part of.
    moving: Option<Moving>,
    ended: Option<(Duration, Code, Option<String>)>,
}

/// However it ends, by a panic of user code or with its runtime too: nobody waits for it in vain.
impl Drop for Guest {
    fn drop(&mut self) {
        self.engine.forget_guest(&self.key);
        self.engine.forget_recoverable(&self.live);
        self.live.bury();
        if let Some(answer) = self.answer.take() {
            answer.exchange.refuse((Code::UnknownSession, None));
        }
        if let Some(exchange) = self.held.take() {
            exchange.refuse((Code::UnknownSession, None));
        }
        if let Some(late) = self.late.take() {
            late.exchange.refuse((Code::UnknownSession, None));
        }
        self.deferred.drain(..).for_each(GuestJob::refuse);
    }
}

impl Future for Guest {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.get_mut().drive(cx)
    }
}

impl Guest {
    pub(crate) fn new(
        engine: Arc<Engine>,
        live: Arc<Live>,
        key: Box<str>,
        tongue: Box<dyn Tongue>,
        request: RequestInfo,
        place: Place,
    ) -> Self {
        let now = engine.wheel.now();
        let probation = Probation::new(now, engine.config.handshake);
        let meter = Meter::new(engine.config.messages, engine.config.bytes, now);
        let client = Client::new(engine.hub.clone(), live.clone(), request, Peer::Guest);
        Self {
            engine,
            live,
            key,
            client,
            recovery: tongue.recovery().map(Recovery::new),
            moving: None,
            tongue,
            readers: Vec::new(),
            probe: None,
            release_at: None,
            reading: None,
            parting: None,
            expected: false,
            answer: None,
            answered: false,
            deferred: Vec::new(),
            late: None,
            round: now,
            unhandled: 0,
            held: None,
            meter,
            place: Some(place),
            backlog: Backlog::default(),
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
        for round in 0.. {
            // First of all: a request that comes after the end does not prevent it.
            self.tick();
            self.jobs(cx);
            self.look_again();
            let more = self.read_all(cx);
            if self.hand_over() {
                self.live.write();
                break;
            }
            let more = self.handle(cx) || more;
            self.settle(cx);
            if more || round == ROUNDS {
                cx.waker().wake_by_ref();
                break;
            }
            if !self.live.has_jobs() {
                break;
            }
        }
    }

    /// Lets handlers run. `true`: the client may go on.
    fn handle(&mut self, cx: &mut Context<'_>) -> bool {
        let was_full = self.is_full();
        self.unhandled = self.unhandled.saturating_sub(self.client.poll(cx));
        if self.is_full() {
            return false;
        }
        if let Some(exchange) = self.held.take() {
            exchange.end();
        }
        was_full
    }

    /// Bytes that came from the client and are still here.
    fn inbound(&self) -> usize {
        self.unhandled as usize + self.readers.iter().map(|(_, reader)| reader.held()).sum::<usize>()
    }

    fn kill_as_full(&self) {
        if self.ended.is_none() {
            self.live.submit(Job::Kill(Code::Full));
        }
    }

    fn is_full(&self) -> bool {
        self.unhandled > self.engine.config.window as u64 || self.client.owes_too_much()
    }

    fn now(&self) -> Duration {
        self.engine.wheel.now()
    }

    fn is_over(&self) -> bool {
        let Some((ended, ..)) = &self.ended else { return false };
        let now = self.now();
        now >= *ended + self.tongue.linger() && (self.client.is_idle() || now > *ended + AFTERLIFE)
    }

    /// Lets the protocol act, and does what it wants.
    fn act(&mut self, act: impl FnOnce(&mut dyn Tongue, Duration, &mut Vec<Deed>)) {
        if self.ended.is_some() {
            return;
        }
        let mut deeds = Vec::new();
        act(&mut *self.tongue, self.round, &mut deeds);
        for deed in deeds {
            match deed {
                Deed::Deliver(incoming) => {
                    self.unhandled += incoming.credit();
                    self.deliver(incoming);
                }
                Deed::Flush => {
                    let live = self.live.clone();
                    self.fill(&mut live.lock());
                }
                Deed::Say(part) => self.say(part),
                Deed::End(code) => self.end(code, None, None),
                Deed::EndWith(code, last) => self.end(code, None, Some(last)),
            }
        }
    }

    /// Queues a control message behind all others.
    fn say(&self, part: Part) {
        let frame = GuestFrame::new(self.live.speech(), vec![part]);
        // A queue that is full ends the session elsewhere.
        let _ = self.live.lock().send.push(Frame::Guest(frame));
    }

    fn tick(&mut self) {
        let now = self.now();
        self.round = now;
        if self.waits(now) {
            return;
        }
        if self.tongue.next_timeout().is_some_and(|due| due <= now) {
            self.act(|tongue, now, deeds| tongue.timeout(now, deeds));
        }
        self.hasten(now);
        if self.ended.is_none() && self.probation.ends().is_some_and(|end| end <= now) {
            self.leave(Code::NoNamespace, None);
        }
    }

    /// The server ends it, with the protocol's last words.
    fn leave(&mut self, code: Code, reason: Option<&str>) {
        let last = self.tongue.farewell(code, reason);
        self.end(code, reason, last);
    }

    /// The session is over: `last` is said, what waits is answered, the application is told.
    fn end(&mut self, code: Code, reason: Option<&str>, last: Option<Part>) {
        if self.ended.is_some() || self.suspend(code, last.as_ref()) {
            return;
        }
        self.ended = Some((self.now(), code, reason.map(Into::into)));
        self.place = None;
        if let Some(last) = last {
            self.say(last);
        }
        if let Some(exchange) = self.held.take() {
            exchange.refuse((Code::UnknownSession, None));
        }
        let waiting = self.finish(code, reason);
        waiting.into_iter().for_each(Waker::wake);
        let unconfirmed = self.live.lock().send.clear();
        tracing::debug!(session = &*self.live.id, %code, unconfirmed, "session ended");
        self.client.end(code, reason, unconfirmed);
    }

    /// Writes all there is, and sets the alarm.
    fn settle(&mut self, cx: &mut Context<'_>) {
        let live = self.live.clone();
        let mut guard = live.lock();
        let shared = &mut *guard;
        shared.dirty = false;
        shared.chunk = Chunk::default();
        let mut dead = None;
        if let Shared { writer: Some(writer), send, log, .. } = &mut *shared {
            let written = writer.poll_write(cx, send, log.as_deref_mut());
            if written == Written::All && writer.wants_more(send) {
                cx.waker().wake_by_ref();
            }
            dead = (written == Written::Dead).then_some(writer.pipe);
        }
        if let Some(probe) = &mut self.probe {
            let _ = probe.writer.poll_queue(cx);
        }
        self.fill(shared);
        let waiting = shared.take_waiting();
        let fits = shared.weigh(self.inbound());
        drop(guard);
        if !fits {
            self.kill_as_full();
        }
        waiting.into_iter().for_each(Waker::wake);
        if let Some(pipe) = dead {
            self.gone(pipe);
        }
        if std::mem::take(&mut self.answered) {
            self.act(|tongue, now, _| tongue.detached(now));
        }
        if self.probation.watch(self.now(), &self.client)
            && let Some(place) = &mut self.place
        {
            place.let_in();
        }
        let lonely = self.probation.ends().filter(|_| self.ended.is_none());
        let client = self.client.next_timeout().map(|due| self.engine.wheel.at(due));
        let end = self.ended.as_ref().map(|(ended, ..)| match self.client.is_idle() {
            true => *ended + self.tongue.linger(),
            false => *ended + AFTERLIFE,
        });
        let timeout = self.tongue.next_timeout().filter(|_| self.ended.is_none() && !self.is_suspended());
        let recovery = self.recovery.as_ref().filter(|_| self.ended.is_none());
        let waits =
            recovery.and_then(|recovery| recovery.until.into_iter().chain(recovery.absent_until).min());
        let probe = self.probe.as_ref().map(|probe| probe.until);
        let late = self.late.as_ref().map(|late| late.until);
        let release = self.release_at.filter(|_| self.answer.is_some());
        if let Some(due) = timeout
            .into_iter()
            .chain(lonely)
            .chain(client)
            .chain(end)
            .chain(probe)
            .chain(late)
            .chain(release)
            .chain(waits)
            .min()
        {
            self.engine.wheel.arm(&self.live, due);
        }
    }
}
