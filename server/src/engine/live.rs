//! A live session, as everybody but its driver sees it: the send half behind one short lock, and an inbox.

use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll, Waker};

use everwire_session::SendHalf;
use everwire_session::code::Code;
use everwire_session::packet::Kind;
use everwire_session::server::{How, Pipe, Shape, Up};
use everwire_session::wire::{Attach, Post, Secret};
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;

use super::exchange::Exchange;
use super::guest::GuestJob;
use super::guest::log::Log;
use super::hold::Held;
use super::socket::WebSocket;
use super::turn;
use super::wheel::Alarm;
use super::writer::{Writer, Written};
use crate::chunk::Chunk;
use crate::config::{Config, Overflow, Transport};
use crate::counters::Counters;
use crate::dialect::Speech;
use crate::dialect::native::Control;
use crate::incoming::Incoming;
use crate::outgoing::{Frame, Outgoing};
use crate::outlet::{Outlet, SendError};

/// Bytes on their way to the network above which volatile events are dropped: this client is behind.
const VOLATILE_HIGH: usize = 64 << 10;

/// Volatile events above which more are dropped while a poll is being answered.
const VOLATILE_MANY: usize = 256;

/// What others want of a driver.
pub(crate) enum Job {
    Attach {
        exchange: Arc<Exchange>,
        transport: Transport,
        shape: Shape,
        head: Attach,
        batch: Vec<Up<Incoming>>,
    },
    Close {
        code: Code,
        reason: Option<String>,
        retry: Option<u64>,
    },
    /// It has ended long enough ago.
    Forget,
    Gone(Pipe),
    /// Of a foreign session.
    Guest(GuestJob),
    Kill(Code),
    Malformed {
        exchange: Arc<Exchange>,
        token: Secret,
        code: Code,
        first: Option<u64>,
        before: u64,
    },
    Post {
        exchange: Arc<Exchange>,
        head: Post,
        batch: Vec<Up<Incoming>>,
        how: How,
    },
    Socket {
        socket: Box<WebSocket>,
        head: Attach,
    },
    Stream {
        exchange: Arc<Exchange>,
        attach: u64,
    },
}

impl Job {
    /// There is no such session any more.
    pub(crate) fn refuse(self) {
        match self {
            Self::Attach { exchange, .. }
            | Self::Malformed { exchange, .. }
            | Self::Post { exchange, .. }
            | Self::Stream { exchange, .. } => exchange.refuse((Code::UnknownSession, None)),
            Self::Socket { socket, .. } => socket.refuse(Code::UnknownSession),
            Self::Guest(job) => job.refuse(),
            Self::Close { .. } | Self::Forget | Self::Gone(_) | Self::Kill(_) => {}
        }
    }
}

pub(crate) struct Live {
    pub(crate) id: Arc<str>,
    pub(crate) alarm: Alarm,
    /// Itself, for who has to write it later.
    pub(super) me: Weak<Self>,
    speech: Speech,
    /// By which a client that comes back names the session, if it may.
    secret: Option<Box<str>>,
    overflow: Overflow,
    counters: Arc<Counters>,
    shared: Mutex<Shared>,
    /// The session that this one has become part of.
    heir: OnceLock<Arc<Self>>,
    /// `None` when the driver is gone.
    inbox: Mutex<Option<Vec<Job>>>,
    driver: AtomicWaker,
}

/// What the lock guards. It is held for one non-blocking write at the most, never over an await and never while user code runs.
pub(crate) struct Shared {
    pub(crate) send: SendHalf<Frame>,
    held: Held,
    /// Bytes that came in and are still here, as its driver has last seen it.
    inbound: usize,
    /// The way that takes messages as they come; none while suspended or polled.
    pub(crate) writer: Option<Writer>,
    /// Volatile events for a poll that hangs; `None` while there is no such poll.
    pub(crate) volatile: Option<Vec<Frame>>,
    pub(crate) transport: Option<Transport>,
    /// What a client that comes back may have missed.
    pub(crate) log: Option<Box<Log>>,
    pub(crate) closed: bool,
    /// Where what is emitted in this turn is written.
    pub(crate) chunk: Chunk,
    /// Something was emitted and not yet looked at: noted for the end of a turn.
    pub(crate) dirty: bool,
    waiting: Vec<Waker>,
}

impl Shared {
    fn has_room(&self) -> bool {
        // What a client may leave unconfirmed must always fit, or both would wait for each other.
        let half = self.send.limit() / 2;
        let small = self.send.weight() <= half || self.send.bytes() as u64 <= self.send.window() / 2;
        self.closed || self.send.bytes() <= half && small
    }

    /// Takes the way down, if it is this one, with all that was queued for it.
    pub(crate) fn take_writer(&mut self, is_it: impl FnOnce(&Writer) -> bool) -> Option<Writer> {
        let mut writer = self.writer.take_if(|writer| is_it(writer))?;
        while !writer.is_abandoned()
            && let Some(frame) = self.send.next()
        {
            writer.message(frame);
        }
        Some(writer)
    }

    /// What the session makes the server hold, beside what is on its way to the network.
    fn weight(&self) -> usize {
        self.inbound + self.send.weight()
    }

    /// Notes what the session holds, `inbound` bytes of it from its client. `false`: more than there is room for.
    #[must_use]
    pub(crate) fn weigh(&mut self, inbound: usize) -> bool {
        self.inbound = inbound;
        let queued = self.writer.as_ref().map_or(0, Writer::queued);
        self.held.set(self.weight() + queued)
    }

    /// Has the session told its end? Between being closed and that it may still flush.
    pub(crate) fn is_over(&self) -> bool {
        self.closed && self.send.limit() == 0
    }

    /// Those who waited for room and have it now: to be woken when the lock is free, since with a waker a task may go that emits.
    #[must_use]
    pub(crate) fn take_waiting(&mut self) -> Vec<Waker> {
        if self.has_room() { std::mem::take(&mut self.waiting) } else { Vec::new() }
    }
}

impl Live {
    /// With a secret its client can come back, and what it may have missed is kept, in a quarter of the queue's bytes.
    pub(crate) fn new(
        id: Arc<str>,
        speech: Speech,
        config: &Config,
        counters: Arc<Counters>,
        held: Held,
        secret: Option<Box<str>>,
    ) -> Arc<Self> {
        let Config { queue_bytes, overflow, .. } = *config;
        Arc::new_cyclic(|me| Self {
            id,
            alarm: Alarm::default(),
            me: me.clone(),
            speech,
            overflow,
            counters,
            heir: OnceLock::new(),
            shared: Mutex::new(Shared {
                send: SendHalf::new(queue_bytes),
                held,
                inbound: 0,
                writer: None,
                volatile: None,
                transport: None,
                log: secret.as_ref().map(|_| Box::new(Log::new(queue_bytes / 4))),
                closed: false,
                chunk: Chunk::default(),
                dirty: false,
                waiting: Vec::new(),
            }),
            secret,
            inbox: Mutex::new(Some(Vec::new())),
            driver: AtomicWaker::new(),
        })
    }

    pub(crate) fn speech(&self) -> Speech {
        self.speech
    }

    pub(crate) fn lock(&self) -> parking_lot::MutexGuard<'_, Shared> {
        self.shared.lock()
    }

    /// Hands a job to the driver. When that is gone, so is the session.
    pub(crate) fn submit(&self, job: Job) {
        let late = match &mut *self.inbox.lock() {
            Some(jobs) => {
                // A job is large, and seldom is there a second.
                jobs.reserve_exact(1);
                jobs.push(job);
                None
            }
            None => Some(job),
        };
        match late {
            Some(job) => match self.heir.get() {
                Some(heir) => heir.submit(job),
                None => job.refuse(),
            },
            None => self.driver.wake(),
        }
    }

    /// From now on all jobs are another session's.
    pub(crate) fn bequeath(&self, heir: &Arc<Self>) {
        let jobs = {
            let mut inbox = self.inbox.lock();
            let _ = self.heir.set(heir.clone());
            inbox.take()
        };
        jobs.into_iter().flatten().for_each(|job| heir.submit(job));
    }

    pub(crate) fn secret(&self) -> Option<&str> {
        self.secret.as_deref()
    }

    /// Is there all that came after this event?
    pub(crate) fn recovers(&self, namespace: &str, offset: Option<&str>) -> bool {
        let shared = self.shared.lock();
        !shared.closed && shared.log.as_ref().is_some_and(|log| log.reaches(namespace, offset))
    }

    pub(crate) fn take_jobs(&self) -> Vec<Job> {
        self.inbox.lock().as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(crate) fn has_jobs(&self) -> bool {
        self.inbox.lock().as_ref().is_some_and(|jobs| !jobs.is_empty())
    }

    /// The driver is gone: whatever comes now is refused.
    pub(crate) fn bury(&self) {
        let waiting = {
            let mut shared = self.shared.lock();
            shared.closed = true;
            shared.take_waiting()
        };
        waiting.into_iter().for_each(Waker::wake);
        let jobs = self.inbox.lock().take();
        jobs.into_iter().flatten().for_each(Job::refuse);
    }

    pub(crate) fn register(&self, cx: &Context<'_>) {
        self.driver.register(cx.waker());
    }

    pub(crate) fn wake(&self) {
        self.driver.wake();
    }

    /// Writes what is queued, in the turn of whoever calls.
    pub(crate) fn write(&self) {
        let mut shared = self.shared.lock();
        if !std::mem::replace(&mut shared.dirty, false) {
            // Its driver has been here first.
            return;
        }
        let Shared { send, writer, log, chunk, .. } = &mut *shared;
        *chunk = Chunk::default();
        let Some(writer) = writer else {
            drop(shared);
            // A poll may hang, or a close may wait for this.
            return self.driver.wake();
        };
        let mut written = writer.write(send, log.as_deref_mut());
        if self.speech == Speech::Native && send.asks() {
            writer.control(Control::heartbeat());
            if written == Written::All {
                written = writer.write_queue();
            }
        }
        // The driver goes on with what does not fit, and with what waited behind the high mark.
        if written != Written::All || writer.wants_more(send) {
            drop(shared);
            self.driver.wake();
        }
    }

    fn overflow(&self, shared: &mut Shared, code: Code) -> SendError {
        self.counters.rejected("queue_full");
        if self.overflow == Overflow::Disconnect {
            shared.closed = true;
            if let Some(writer) = &mut shared.writer {
                writer.abandon();
            }
            self.submit(Job::Kill(code));
        }
        SendError::Full
    }

    /// Queues; `patient`: not if those who emit should wait. `true`: it is the first since this session was written.
    fn put(&self, out: &Outgoing<'_>, patient: bool) -> Result<bool, SendError> {
        let mut guard = self.shared.lock();
        let shared = &mut *guard;
        if shared.closed {
            return Err(SendError::Closed);
        }
        let takes_a_place = || out.key().is_some_and(|key| shared.send.holds(key));
        if patient && !shared.has_room() && !takes_a_place() {
            return Err(SendError::Busy);
        }
        let frame = match &self.secret {
            Some(secret) if out.kind() == Kind::Opened => Some(out.opened_with(self.speech, secret)),
            _ => out.frame(self.speech, &mut shared.chunk),
        };
        let Some(frame) = frame else {
            drop(guard);
            if self.speech.has_one_namespace()
                && let Some((code, reason)) = out.parting()
            {
                self.close(code, reason);
            }
            return Ok(false);
        };
        if out.kind() == Kind::Volatile {
            match (&mut shared.writer, &mut shared.volatile) {
                (Some(writer), _) => {
                    // What was emitted before it goes first.
                    writer.pump(&mut shared.send, shared.log.as_deref_mut());
                    if writer.queued() >= VOLATILE_HIGH {
                        self.counters.rejected("volatile");
                        return Ok(false);
                    }
                    writer.message(&frame);
                }
                (None, Some(volatile)) if volatile.len() < VOLATILE_MANY => {
                    volatile.push(frame);
                }
                _ => {
                    self.counters.rejected("volatile");
                    return Ok(false);
                }
            }
        } else if frame.is_credited() && frame.size() as u64 > shared.send.window() {
            tracing::warn!(session = &*self.id, "an event larger than the client's window was not sent");
            self.counters.rejected("too_large");
            return Err(SendError::TooLarge);
        } else if !shared.held.grow(shared.weight() + frame.weight()) {
            return Err(self.overflow(shared, Code::Full));
        } else {
            let pushed = match out.key() {
                Some(key) => shared.send.push_latest(key, frame),
                None => shared.send.push(frame),
            };
            if pushed.is_err() {
                return Err(self.overflow(shared, Code::SlowConsumer));
            }
        }
        Ok(!std::mem::replace(&mut shared.dirty, true))
    }

    fn put_and_touch(&self, out: &Outgoing<'_>, patient: bool) -> Result<(), SendError> {
        if self.put(out, patient)? {
            turn::touch(self);
        }
        Ok(())
    }
}

impl Outlet for Live {
    fn send(&self, out: &Outgoing<'_>) -> Result<(), SendError> {
        self.put_and_touch(out, false)
    }

    fn deliver(self: Arc<Self>, out: &Outgoing<'_>) {
        // Its own limit closes a slow receiver: nothing for the others to do.
        if let Ok(true) = self.put(out, false) {
            turn::keep(self);
        }
    }

    fn try_send(&self, out: &Outgoing<'_>) -> Result<(), SendError> {
        self.put_and_touch(out, true)
    }

    fn poll_room(&self, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        let mut shared = self.shared.lock();
        if shared.closed {
            return Poll::Ready(Err(SendError::Closed));
        }
        if shared.has_room() {
            return Poll::Ready(Ok(()));
        }
        if !shared.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            shared.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    fn close(&self, code: Code, reason: Option<String>) {
        self.submit(Job::Close { code, reason, retry: None });
    }

    fn kill(&self, code: Code) {
        self.submit(Job::Kill(code));
    }

    fn transport(&self) -> Option<&'static str> {
        self.shared.lock().transport.map(Transport::name)
    }

    fn session_id(&self) -> &str {
        &self.id
    }
}
