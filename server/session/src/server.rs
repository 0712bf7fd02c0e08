//! The server's role: one session, driven by inputs, in time that is handed in.
//!
//! - *getters*: [`Machine::state`], [`Machine::next_timeout`], [`Machine::is_ready`]
//! - *inputs*: [`Machine::handle`], and [`Machine::accept`] for a message on a WebSocket, which needs no lock on the send half
//! - *outputs*: [`Machine::poll_output`]
//!
//! The order of calls: any number of inputs; let the application handle what was delivered, as far as it goes without waiting;
//! [`Machine::flush`]; then [`Machine::poll_output`] until it gives `None`, and sleep until [`Machine::next_timeout`].
//!
//! The machine names what goes down by *pipe*: a WebSocket, a stream, or the answer to one request.

use std::collections::VecDeque;
use std::time::Duration;

use crate::code::{Code, Scope};
use crate::receive::{Accept, ReceiveHalf};
use crate::secrets::Secrets;
use crate::send::{Message, SendHalf};
use crate::wire::{Attach, Close, Grant, Post, Secret, Welcome};

/// Time since an origin that the caller chooses.
pub type Instant = Duration;

/// One way down, named by the caller; never used twice in a session.
pub type Pipe = u64;

/// Times and sizes of a session; section 13 has the defaults.
#[derive(Clone, Debug)]
pub struct Config {
    /// Heartbeat interval.
    pub ping: Duration,
    /// Time for the answer.
    pub timeout: Duration,
    /// How long a session is kept without a carrier.
    pub grace: Duration,
    /// How long a close may take.
    pub close: Duration,
    /// How long an opening request may wait for the answer to its namespace connect.
    pub opening: Duration,
    /// How long an ended session still tells its code.
    pub linger: Duration,
    /// Credit given to the client, in bytes.
    pub window: u64,
    /// The largest message.
    pub max: u64,
    /// Acks that may be pending.
    pub acks: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ping: Duration::from_secs(10),
            timeout: Duration::from_secs(8),
            grace: Duration::from_secs(120),
            close: Duration::from_secs(5),
            opening: Duration::from_secs(1),
            linger: Duration::from_secs(30),
            window: 1_048_576,
            max: 1_000_000,
            acks: 1_000,
        }
    }
}

/// How a carrier carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Both ways: `websocket`.
    Duplex,
    /// By answers to requests, one after the other: `long_polling`, `jsonp`.
    Poll,
    /// Down, in the answer to the attach: `streaming`.
    Stream,
    /// Down, in a request that names a ticket; until it stands, in answers: `event_source`, `forever_iframe`.
    Ticketed,
}

/// What a body or a WebSocket brings up.
#[derive(Clone, Debug)]
pub enum Up<U> {
    /// The client ends the session.
    Close(Close),
    /// Received and consumed.
    Counts(u64, u64),
    /// A counted packet.
    Message(U),
    /// A volatile event.
    Volatile(U),
}

/// What can happen to a session.
#[derive(Clone, Debug)]
pub enum Input<U> {
    /// A carrier attaches. `fresh` becomes the next token, if one is due.
    Attach {
        /// Its way down.
        pipe: Pipe,
        /// How it carries.
        shape: Shape,
        /// What it said.
        head: Attach,
        /// What follows in the same body.
        batch: Vec<Up<U>>,
        /// Fresh randomness.
        fresh: Secret,
    },
    /// The application ends the session, after what was emitted before.
    Close {
        /// Why.
        code: Code,
        /// In words.
        reason: Option<String>,
        /// Milliseconds before which the client should not come back.
        retry: Option<u64>,
    },
    /// The application has finished with so many credited bytes.
    Consumed(u64),
    /// A pipe is gone: cut, aborted or written to its end.
    Gone {
        /// Which one.
        pipe: Pipe,
    },
    /// The session ends at once, whatever is still to be sent.
    Kill {
        /// Why.
        code: Code,
    },
    /// Something malformed came: on a WebSocket, or in the body that begins with `first`, behind `before` messages.
    Malformed {
        /// The pipe to refuse.
        pipe: Pipe,
        /// What is wrong.
        code: Code,
        /// The position where the body begins.
        first: Option<u64>,
        /// Messages of that body before the malformed line.
        before: u64,
    },
    /// A packet on a WebSocket.
    Packet {
        /// The WebSocket.
        pipe: Pipe,
        /// What it brought.
        up: Up<U>,
    },
    /// A post, or a poll.
    Post {
        /// Its answer.
        pipe: Pipe,
        /// What it said.
        head: Post,
        /// What follows.
        batch: Vec<Up<U>>,
        /// How it is proved and answered.
        how: How,
    },
    /// The stream of a [`Shape::Ticketed`] carrier stands.
    Stream {
        /// The stream.
        pipe: Pipe,
        /// The attach whose ticket it named.
        attach: u64,
    },
    /// Time has passed.
    Timeout,
}

/// How a post is proved and answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By its token; the client reads the answer.
    Readable,
    /// By a ticket that the caller has checked; the client reads the answer.
    Ticket,
    /// By its token; nobody can read the answer.
    Unreadable,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Output<M, U> {
    /// Say the counts on a WebSocket or stream.
    Counts(Pipe, u64, u64),
    /// Write `z`.
    Close(Pipe, Close),
    /// A message for the application.
    Deliver(U),
    /// Nothing more goes down this pipe: end the answer, close the WebSocket.
    End(Pipe),
    /// The session is over.
    Ended {
        /// Why.
        code: Code,
        /// In words.
        reason: Option<String>,
        /// Messages that the client has not confirmed.
        unconfirmed: u64,
    },
    /// Write `h`.
    Heartbeat(Pipe),
    /// Write a message.
    Message(Pipe, M),
    /// A carrier attached: the first one, one after a suspension, or one in place of another.
    Attached {
        /// Its way down, or the pipe that told its ticket.
        pipe: Pipe,
        /// Was the session suspended?
        resumed: bool,
    },
    /// Refuse, and end the pipe.
    Refuse(Pipe, Code, Option<u64>),
    /// The session has no carrier now.
    Suspended,
    /// A volatile event for the application.
    Volatile(U),
    /// Write the welcome.
    Welcome(Pipe, Box<Welcome>),
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A close is under way.
    Closing,
    /// Over; still there to tell why.
    Ended,
    /// Over, and nothing left to tell: forget it.
    Forgotten,
    /// A carrier stands.
    Open,
    /// No carrier.
    Suspended,
}

/// The way down that is current.
#[derive(Debug)]
enum Down {
    None,
    Duplex {
        pipe: Pipe,
        position: u64,
    },
    Poll {
        hanging: Option<Hanging>,
        highest: u64,
    },
    Stream {
        pipe: Pipe,
    },
    /// The ticket was told, the stream does not stand yet.
    Waiting,
}

/// A poll that has not been answered.
#[derive(Debug)]
struct Hanging {
    pipe: Pipe,
    until: Instant,
    /// The full welcome, if this is an attach.
    grant: Option<Grant>,
    /// Answer it whether or not there is news.
    at_once: bool,
    /// The client waits for its namespace: counts alone are no reason to answer.
    opening: bool,
    /// How far the carrier was written when this poll came: older answers are known to the client or lost.
    since: u64,
}

/// A request that gets one answer and is no poll.
#[derive(Debug)]
struct Answer {
    pipe: Pipe,
    grant: Option<Grant>,
    readable: bool,
    received: u64,
    /// Waits for the answer to its namespace connect until then.
    until: Option<Instant>,
}

/// The deadlines of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timer {
    /// When to give up a close.
    Close,
    /// When to forget an ended session.
    Forget,
    /// When to end a suspended session.
    Grace,
    /// When to send a heartbeat.
    Heartbeat,
    /// When to drop a carrier on which nothing was heard.
    Liveness,
}

const TIMERS: [Timer; 5] = [Timer::Close, Timer::Forget, Timer::Grace, Timer::Heartbeat, Timer::Liveness];

#[derive(Debug)]
struct Closing {
    code: Code,
    reason: Option<String>,
    retry: Option<u64>,
    /// `z` has been written to the current carrier.
    said: bool,
}

/// Everything of a session but its send half, which is lent to each call: the caller may keep it behind a lock of its own.
#[derive(Debug)]
pub struct Machine<M, U> {
    config: Config,
    id: String,
    state: State,
    secrets: Secrets,
    receive: ReceiveHalf,
    /// The last attach accepted.
    attach: u64,
    /// The highest serial seen.
    serial: u64,
    down: Down,
    answers: Vec<Answer>,
    closing: Option<Closing>,
    /// The client's `z`: its final count.
    peer_final: Option<Close>,
    ended: Option<Code>,
    heard: Instant,
    timers: [Option<Instant>; TIMERS.len()],
    outputs: VecDeque<Output<M, U>>,
}

impl<M: Message, U: Message> Machine<M, U> {
    /// A session that was made by an attach with `key`. Its first input must be that attach.
    pub fn new(config: Config, id: String, key: Secret, token: Secret, now: Instant) -> Self {
        let receive = ReceiveHalf::new(config.window);
        let mut machine = Self {
            config,
            id,
            state: State::Suspended,
            secrets: Secrets::new(key, token),
            receive,
            attach: 0,
            serial: 0,
            down: Down::None,
            answers: Vec::new(),
            closing: None,
            peer_final: None,
            ended: None,
            heard: now,
            timers: [None; TIMERS.len()],
            outputs: VecDeque::new(),
        };
        machine.arm(Timer::Grace, now + machine.config.grace);
        machine
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// The public id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Must the key of the open still lead here? Longer than it proves anything: else an open that comes late makes a second session.
    pub fn has_key(&self) -> bool {
        self.state != State::Forgotten
    }

    /// When to call [`Input::Timeout`] next.
    pub fn next_timeout(&self) -> Option<Instant> {
        let hanging = match &self.down {
            Down::Poll { hanging: Some(hanging), .. } => Some(hanging.until),
            _ => None,
        };
        let answers = self.answers.iter().filter_map(|answer| answer.until);
        self.timers.iter().flatten().copied().chain(hanging).chain(answers).min()
    }

    /// The last attach that was accepted; 0 before the first.
    pub fn attach_number(&self) -> u64 {
        self.attach
    }

    /// Why it ended, if it has.
    pub fn ended(&self) -> Option<Code> {
        self.ended
    }

    /// The pipe that takes messages as they come.
    pub fn live_pipe(&self) -> Option<Pipe> {
        match self.down {
            Down::Duplex { pipe, .. } | Down::Stream { pipe } => Some(pipe),
            Down::None | Down::Poll { .. } | Down::Waiting => None,
        }
    }

    /// Can a volatile event be written now?
    pub fn takes_volatile(&self) -> bool {
        match &self.down {
            Down::Duplex { .. } | Down::Stream { .. } => true,
            Down::Poll { hanging, .. } => hanging.is_some(),
            Down::None | Down::Waiting => false,
        }
    }

    /// Writes a volatile event, if a carrier can take it now.
    pub fn volatile(&mut self, send: &mut SendHalf<M>, now: Instant, message: M) {
        match self.down {
            Down::Duplex { pipe, .. } | Down::Stream { pipe } => {
                self.outputs.push_back(Output::Message(pipe, message));
            }
            Down::Poll { .. } => {
                if let Some(pipe) = self.begin_poll_answer(send, now) {
                    self.outputs.push_back(Output::Message(pipe, message));
                    self.outputs.push_back(Output::End(pipe));
                }
            }
            Down::None | Down::Waiting => {}
        }
    }

    /// Checks a token outside of any input: a body that is malformed counts against a session only when it proves it.
    ///
    /// # Errors
    /// The code to refuse with.
    pub fn prove(&mut self, token: &Secret) -> Result<(), Code> {
        self.secrets.prove(token)
    }

    /// Takes a message from the WebSocket `pipe`: `true` when it is for the application. The common case, and the only one that
    /// needs nothing of the send half. An error is to be handed to [`Self::fault`].
    ///
    /// # Errors
    /// The code by which the carrier or session must end.
    pub fn accept(&mut self, now: Instant, pipe: Pipe, message: &U) -> Result<bool, Code> {
        // A carrier that was taken over may still bring what was under way.
        let Down::Duplex { pipe: current, position } = &mut self.down else { return Ok(false) };
        if *current != pipe || matches!(self.state, State::Ended | State::Forgotten) {
            return Ok(false);
        }
        self.heard = now;
        Ok(self.receive.accept(position, message)? == Accept::New)
    }

    /// Takes an input.
    pub fn handle(&mut self, send: &mut SendHalf<M>, now: Instant, input: Input<U>) {
        if let (State::Ended | State::Forgotten, Some(code)) = (self.state, self.ended) {
            return self.after_the_end(send, now, input, code);
        }
        match input {
            Input::Attach { pipe, shape, head, batch, fresh } => {
                self.attach(send, now, pipe, shape, &head, batch, fresh);
            }
            Input::Close { code, reason, retry } => self.close(now, code, reason, retry),
            Input::Consumed(bytes) => self.receive.consume(bytes),
            Input::Gone { pipe } => self.gone(now, pipe),
            Input::Kill { code } => self.kill(send, now, code, None),
            Input::Malformed { pipe, code, first, before } => {
                self.malformed(send, now, pipe, code, first, before);
            }
            Input::Packet { pipe, up } => self.packet(send, now, pipe, up),
            Input::Post { pipe, head, batch, how } => self.post(send, now, pipe, &head, batch, how),
            Input::Stream { pipe, attach } => self.stream(send, now, pipe, attach),
            Input::Timeout => self.timeout(send, now),
        }
        self.answer_close(send, now);
    }

    /// Writes what there is to write. To be called when the application has had its turn.
    pub fn flush(&mut self, send: &mut SendHalf<M>, now: Instant) {
        self.flush_answers(send, now);
        match &self.down {
            Down::Duplex { pipe, .. } | Down::Stream { pipe } => {
                let pipe = *pipe;
                self.flush_messages(send, pipe);
                if self.receive.owes() {
                    self.say_counts(pipe);
                }
                self.say_close(send, pipe);
            }
            Down::Poll { hanging: Some(hanging), .. } => {
                let news = !hanging.opening && self.receive.has_news() || self.closes_now(send);
                if hanging.at_once || hanging.until <= now || send.is_ready() || news {
                    let beat = !hanging.opening && hanging.until <= now;
                    if let Some(pipe) = self.begin_poll_answer(send, now) {
                        if beat {
                            self.outputs.push_back(Output::Heartbeat(pipe));
                        }
                        self.outputs.push_back(Output::End(pipe));
                    }
                }
            }
            Down::None | Down::Poll { hanging: None, .. } | Down::Waiting => {}
        }
    }

    /// The same where the carrier has too much on its way for more messages: answers and counts do not wait behind them.
    pub fn flush_beside(&mut self, send: &mut SendHalf<M>, now: Instant) {
        self.flush_answers(send, now);
        if let Some(pipe) = self.live_pipe()
            && self.receive.owes()
        {
            self.say_counts(pipe);
        }
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output<M, U>> {
        let output = self.outputs.pop_front();
        if output.is_none() && self.outputs.capacity() > 16 {
            self.outputs = VecDeque::new();
        }
        output
    }

    // ---- attach -------------------------------------------------------------------------------------------------------

    #[expect(clippy::too_many_arguments, reason = "the fields of one input, taken apart")]
    fn attach(
        &mut self,
        send: &mut SendHalf<M>,
        now: Instant,
        pipe: Pipe,
        shape: Shape,
        head: &Attach,
        batch: Vec<Up<U>>,
        fresh: Secret,
    ) {
        let proof = match (&head.token, &head.key) {
            (Some(token), _) => self.secrets.prove(token),
            (None, Some(key)) => self.secrets.prove_key(key),
            (None, None) => Err(Code::UnknownSession),
        };
        if let Err(code) = proof {
            return self.refuse(pipe, code, None);
        }
        if head.attach <= self.attach {
            return self.refuse(pipe, Code::Stale, None);
        }
        if send.confirm(head.received).is_err() {
            self.refuse(pipe, Code::BadAck, None);
            return self.kill(send, now, Code::BadAck, None);
        }
        let expected = self.receive.received() + 1;
        if head.first.is_some_and(|first| first > expected) {
            return self.refuse(pipe, Code::Gap, Some(expected));
        }
        let first_ever = self.attach == 0;
        let resumed = !first_ever && matches!(self.down, Down::None);
        self.attach = head.attach;
        self.heard = now;
        send.set_window(head.window);
        send.grant(head.consumed);
        self.take_over();
        let grant = self.grant(fresh);
        self.outputs.push_back(Output::Attached { pipe, resumed });
        if self.state == State::Suspended {
            self.state = State::Open;
        }
        self.disarm(Timer::Grace);
        self.arm(Timer::Liveness, now + self.config.ping + self.config.timeout);
        if let Some(closing) = &mut self.closing {
            closing.said = false;
        }
        send.rewind(head.received);
        let opening =
            first_ever && batch.iter().any(|up| matches!(up, Up::Message(message) if message.is_connect()));
        let hold = now + self.config.opening;
        let mut live = Some(grant);
        match shape {
            Shape::Duplex => {
                self.down = Down::Duplex { pipe, position: head.first.unwrap_or(expected) };
            }
            Shape::Poll => {
                let until = if opening { hold } else { now + self.config.ping };
                let hanging = Hanging {
                    pipe,
                    until,
                    grant: live.take(),
                    at_once: !opening,
                    opening,
                    since: send.first() - 1,
                };
                self.down = Down::Poll { hanging: Some(hanging), highest: 0 };
            }
            Shape::Stream => self.down = Down::Stream { pipe },
            Shape::Ticketed => {
                self.down = Down::Waiting;
                let until = opening.then_some(hold);
                self.answers.push(Answer {
                    pipe,
                    grant: live.take(),
                    readable: true,
                    received: head.received,
                    until,
                });
            }
        }
        if let Err(code) = self.batch(send, head.first, head.serial, batch) {
            return self.fault(send, now, code);
        }
        if live.is_some() {
            // Behind the messages of the same body, so that it confirms them.
            self.begin_live(send, now, pipe, live);
        }
    }

    fn grant(&mut self, fresh: Secret) -> Grant {
        Grant {
            session: self.id.clone(),
            token: self.secrets.issue(fresh),
            attach: self.attach,
            ping: millis(self.config.ping),
            timeout: millis(self.config.timeout),
            grace: millis(self.config.grace),
            window: self.config.window,
            max: self.config.max,
            acks: self.config.acks,
        }
    }

    /// Lets go of the current carrier, because another takes its place.
    fn take_over(&mut self) {
        match std::mem::replace(&mut self.down, Down::None) {
            Down::Duplex { pipe, .. } | Down::Stream { pipe } => self.refuse(pipe, Code::TakenOver, None),
            Down::Poll { hanging: Some(hanging), .. } => self.refuse(hanging.pipe, Code::TakenOver, None),
            Down::None | Down::Poll { hanging: None, .. } | Down::Waiting => {}
        }
        for answer in std::mem::take(&mut self.answers) {
            if answer.grant.is_some() {
                self.refuse(answer.pipe, Code::TakenOver, None);
            } else {
                self.answers.push(answer);
            }
        }
    }

    fn begin_live(&mut self, send: &SendHalf<M>, now: Instant, pipe: Pipe, grant: Option<Grant>) {
        self.welcome(send, pipe, grant);
        self.arm(Timer::Heartbeat, now + self.config.ping);
    }

    fn stream(&mut self, send: &mut SendHalf<M>, now: Instant, pipe: Pipe, attach: u64) {
        if attach != self.attach || !matches!(self.down, Down::Waiting) {
            return self.refuse(pipe, Code::Stale, None);
        }
        self.heard = now;
        self.down = Down::Stream { pipe };
        send.rewind(0);
        self.begin_live(send, now, pipe, None);
    }

    // ---- what comes up ------------------------------------------------------------------------------------------------

    fn packet(&mut self, send: &mut SendHalf<M>, now: Instant, pipe: Pipe, up: Up<U>) {
        let Down::Duplex { pipe: current, position } = &mut self.down else { return };
        if *current != pipe {
            return;
        }
        self.heard = now;
        let taken = match up {
            Up::Close(close) => {
                self.peer_final = Some(close);
                Ok(())
            }
            Up::Counts(received, consumed) => Self::counts(send, received, consumed),
            Up::Message(message) => self.receive.accept(position, &message).map(|accept| {
                if accept == Accept::New {
                    self.outputs.push_back(Output::Deliver(message));
                }
            }),
            Up::Volatile(message) => {
                self.outputs.push_back(Output::Volatile(message));
                Ok(())
            }
        };
        if let Err(code) = taken {
            self.fault(send, now, code);
        }
    }

    fn counts(send: &mut SendHalf<M>, received: u64, consumed: u64) -> Result<(), Code> {
        send.confirm(received).map_err(|_| Code::BadAck)?;
        send.grant(consumed);
        Ok(())
    }

    /// Takes what follows in a body.
    fn batch(
        &mut self,
        send: &mut SendHalf<M>,
        first: Option<u64>,
        serial: Option<u64>,
        batch: Vec<Up<U>>,
    ) -> Result<(), Code> {
        if batch.is_empty() {
            return Ok(());
        }
        let serial = serial.unwrap_or(0);
        let repeated = serial <= self.serial;
        self.serial = self.serial.max(serial);
        // Without a number nothing that counts may follow: such a message stands in a gap.
        let mut position = first.unwrap_or(self.receive.received() + 2);
        for up in batch {
            match up {
                Up::Close(close) => self.peer_final = Some(close),
                Up::Counts(received, consumed) => Self::counts(send, received, consumed)?,
                Up::Message(message) => {
                    if self.receive.accept(&mut position, &message)? == Accept::New {
                        self.outputs.push_back(Output::Deliver(message));
                    }
                }
                Up::Volatile(message) => {
                    if !repeated {
                        self.outputs.push_back(Output::Volatile(message));
                    }
                }
            }
        }
        Ok(())
    }

    fn post(
        &mut self,
        send: &mut SendHalf<M>,
        now: Instant,
        pipe: Pipe,
        head: &Post,
        batch: Vec<Up<U>>,
        how: How,
    ) {
        if how != How::Ticket
            && let Err(code) = self.secrets.prove(&head.token)
        {
            return self.refuse(pipe, code, None);
        }
        let expected = self.receive.received() + 1;
        if head.first.is_some_and(|first| first > expected) {
            return self.refuse(pipe, Code::Gap, Some(expected));
        }
        self.heard = now;
        let brings = !batch.is_empty();
        if let Err(code) = Self::counts(send, head.received, head.consumed)
            .and_then(|()| self.batch(send, head.first, head.serial, batch))
        {
            let expected = (code == Code::Gap).then(|| self.receive.received() + 1);
            self.refuse(pipe, code, expected);
            if code.scope() == Scope::Session {
                self.kill(send, now, code, None);
            }
            return;
        }
        if let Some(poll) = head.poll {
            self.poll(send, now, pipe, poll, head, brings);
        } else {
            let readable = how != How::Unreadable;
            self.answers.push(Answer { pipe, grant: None, readable, received: head.received, until: None });
        }
    }

    fn poll(
        &mut self,
        send: &mut SendHalf<M>,
        now: Instant,
        pipe: Pipe,
        poll: u64,
        head: &Post,
        brings: bool,
    ) {
        let fits = head.attach == Some(self.attach);
        let Down::Poll { hanging, highest } = &mut self.down else {
            return self.refuse(pipe, Code::Stale, None);
        };
        if !fits {
            return self.refuse(pipe, Code::Stale, None);
        }
        if poll <= *highest {
            return self.refuse(pipe, Code::StalePoll, None);
        }
        *highest = poll;
        let older = hanging.take();
        let mut overlaps = false;
        if let Some(older) = older {
            overlaps = true;
            if head.received < older.since {
                // What was written before the older poll came is neither known to the client nor under way: it was lost.
                send.rewind(head.received);
            }
            self.set_hanging(older);
            self.answer_older(send);
        } else {
            send.rewind(head.received);
        }
        let until = now + self.config.ping;
        let since = send.first() - 1;
        self.set_hanging(Hanging {
            pipe,
            until,
            grant: None,
            at_once: brings && !overlaps,
            opening: false,
            since,
        });
    }

    fn set_hanging(&mut self, poll: Hanging) {
        if let Down::Poll { hanging, .. } = &mut self.down {
            *hanging = Some(poll);
        }
    }

    /// Turns the hanging poll into an answer. It is given at the next flush, so that replies to what the newer poll brought ride on it.
    fn answer_older(&mut self, send: &SendHalf<M>) {
        if let Down::Poll { hanging, .. } = &mut self.down
            && let Some(older) = hanging.take()
        {
            let received = send.first() - 1;
            self.answers.push(Answer {
                pipe: older.pipe,
                grant: older.grant,
                readable: true,
                received,
                until: None,
            });
        }
    }

    fn malformed(
        &mut self,
        send: &mut SendHalf<M>,
        now: Instant,
        pipe: Pipe,
        code: Code,
        first: Option<u64>,
        before: u64,
    ) {
        let position = match &self.down {
            Down::Duplex { pipe: current, position } if *current == pipe => Some(*position),
            _ => first.map(|first| first + before),
        };
        self.refuse(pipe, code, None);
        self.gone(now, pipe);
        if position.is_some_and(|position| self.receive.malformed(position)) {
            self.kill(send, now, code, None);
        }
    }

    /// Ends the carrier or the session, as the code says.
    pub fn fault(&mut self, send: &mut SendHalf<M>, now: Instant, code: Code) {
        if code.scope() == Scope::Session {
            return self.kill(send, now, code, None);
        }
        if let Down::Duplex { pipe, .. } | Down::Stream { pipe } = self.down {
            let expected = (code == Code::Gap).then(|| self.receive.received() + 1);
            self.refuse(pipe, code, expected);
            self.gone(now, pipe);
        }
    }

    // ---- what goes down -----------------------------------------------------------------------------------------------

    fn refuse(&mut self, pipe: Pipe, code: Code, expected: Option<u64>) {
        self.outputs.push_back(Output::Refuse(pipe, code, expected));
    }

    fn welcome(&mut self, send: &SendHalf<M>, pipe: Pipe, grant: Option<Grant>) {
        // The answer to a post may reach nobody. A carrier that stands does, and tells for itself.
        if !matches!(self.down, Down::Duplex { pipe: live, .. } | Down::Stream { pipe: live } if live != pipe)
        {
            self.receive.told();
        }
        let (received, consumed) = self.receive.counts();
        let welcome = Welcome { first: send.first(), received, consumed, ticket: None, grant };
        self.outputs.push_back(Output::Welcome(pipe, Box::new(welcome)));
    }

    fn say_counts(&mut self, pipe: Pipe) {
        self.receive.told();
        let (received, consumed) = self.receive.counts();
        self.outputs.push_back(Output::Counts(pipe, received, consumed));
    }

    fn flush_messages(&mut self, send: &mut SendHalf<M>, pipe: Pipe) {
        while let Some(message) = send.next() {
            self.outputs.push_back(Output::Message(pipe, message.clone()));
        }
    }

    /// Answers posts and attaches. While a stream is awaited, messages ride on them.
    fn flush_answers(&mut self, send: &mut SendHalf<M>, now: Instant) {
        for mut answer in std::mem::take(&mut self.answers) {
            let waiting = matches!(self.down, Down::Waiting);
            let poll = matches!(self.down, Down::Poll { .. });
            if answer.until.is_some_and(|until| until > now) && send.total() == answer.received {
                self.answers.push(answer);
                continue;
            }
            if !answer.readable {
                self.outputs.push_back(Output::End(answer.pipe));
                continue;
            }
            if waiting {
                send.rewind(answer.received);
            }
            self.welcome(send, answer.pipe, answer.grant.take());
            if waiting || poll {
                self.flush_messages(send, answer.pipe);
                self.say_close(send, answer.pipe);
            }
            self.outputs.push_back(Output::End(answer.pipe));
        }
    }

    /// Writes the beginning of the answer to the hanging poll: welcome, messages, close.
    fn begin_poll_answer(&mut self, send: &mut SendHalf<M>, now: Instant) -> Option<Pipe> {
        let Down::Poll { hanging, .. } = &mut self.down else { return None };
        let Hanging { pipe, grant, .. } = hanging.take()?;
        self.arm(Timer::Liveness, now.max(self.heard) + self.config.timeout);
        self.welcome(send, pipe, grant);
        self.flush_messages(send, pipe);
        self.say_close(send, pipe);
        Some(pipe)
    }

    // ---- loss and time ------------------------------------------------------------------------------------------------

    fn gone(&mut self, now: Instant, pipe: Pipe) {
        self.answers.retain(|answer| answer.pipe != pipe);
        match &mut self.down {
            Down::Duplex { pipe: current, .. } | Down::Stream { pipe: current } if *current == pipe => {
                self.suspend(now);
            }
            // A request may die; the carrier lives while the client comes back in time.
            Down::Poll { hanging, .. } if hanging.as_ref().is_some_and(|hanging| hanging.pipe == pipe) => {
                *hanging = None;
            }
            _ => {}
        }
    }

    fn suspend(&mut self, now: Instant) {
        self.down = Down::None;
        self.disarm(Timer::Heartbeat);
        self.disarm(Timer::Liveness);
        if self.state == State::Open {
            self.state = State::Suspended;
            self.arm(Timer::Grace, now + self.config.grace);
        }
        self.outputs.push_back(Output::Suspended);
    }

    fn timeout(&mut self, send: &mut SendHalf<M>, now: Instant) {
        for timer in TIMERS {
            if self.timers[timer as usize].is_none_or(|due| due > now) {
                continue;
            }
            self.disarm(timer);
            match timer {
                Timer::Close => self.finish_close(send, now),
                Timer::Forget => self.state = State::Forgotten,
                Timer::Grace => self.kill(send, now, Code::GraceOver, None),
                Timer::Heartbeat => {
                    if let Down::Duplex { pipe, .. } | Down::Stream { pipe } = self.down {
                        self.outputs.push_back(Output::Heartbeat(pipe));
                        if self.receive.has_news() {
                            // Else a client that says little would never hear that it has been heard.
                            self.say_counts(pipe);
                        }
                        self.arm(Timer::Heartbeat, now + self.config.ping);
                    }
                }
                Timer::Liveness => self.check_liveness(now),
            }
        }
    }

    fn check_liveness(&mut self, now: Instant) {
        let due = match &self.down {
            Down::None => return,
            // A poll that hangs is answered first; only then must the client speak.
            Down::Poll { hanging: Some(hanging), .. } => hanging.until + self.config.timeout,
            _ => self.heard + self.config.ping + self.config.timeout,
        };
        if due > now {
            return self.arm(Timer::Liveness, due);
        }
        if let Down::Duplex { pipe, .. } | Down::Stream { pipe } = self.down {
            self.refuse(pipe, Code::Heartbeat, None);
        }
        self.suspend(now);
    }

    fn arm(&mut self, timer: Timer, due: Instant) {
        self.timers[timer as usize] = Some(due);
    }

    fn disarm(&mut self, timer: Timer) {
        self.timers[timer as usize] = None;
    }

    // ---- ends ---------------------------------------------------------------------------------------------------------

    fn close(&mut self, now: Instant, code: Code, reason: Option<String>, retry: Option<u64>) {
        if self.closing.is_some() {
            return;
        }
        self.state = State::Closing;
        self.disarm(Timer::Grace);
        self.arm(Timer::Close, now + self.config.close);
        self.closing = Some(Closing { code, reason, retry, said: false });
    }

    fn closes_now(&self, send: &SendHalf<M>) -> bool {
        self.closing.as_ref().is_some_and(|closing| !closing.said) && send.is_drained()
    }

    fn say_close(&mut self, send: &SendHalf<M>, pipe: Pipe) {
        if self.closes_now(send) && self.receive.has_news() {
            self.say_counts(pipe);
        }
        if self.closes_now(send)
            && let Some(closing) = &mut self.closing
        {
            closing.said = true;
            let close = Close {
                code: closing.code.as_str().to_owned(),
                reason: closing.reason.clone(),
                last: send.total(),
                retry: closing.retry,
            };
            self.outputs.push_back(Output::Close(pipe, close));
        }
    }

    /// Ends the session when the client's `z` has come, and with it all that it counts.
    fn answer_close(&mut self, send: &mut SendHalf<M>, now: Instant) {
        let Some(close) = &self.peer_final else { return };
        if self.ended.is_some() {
            return;
        }
        if self.receive.received() < close.last {
            if self.timers[Timer::Close as usize].is_none() {
                self.arm(Timer::Close, now + self.config.close);
            }
            return;
        }
        let (code, reason) = match &self.closing {
            Some(closing) => (closing.code, closing.reason.clone()),
            None => (Code::ClientDisconnect, close.reason.clone()),
        };
        let answered = self.closing.as_ref().is_some_and(|closing| closing.said);
        if answered && close.code == code.as_str() {
            // It is the answer to ours: everything has arrived.
            let _ = send.confirm(send.sent());
        }
        self.end(send, now, code, reason, !answered);
    }

    fn finish_close(&mut self, send: &mut SendHalf<M>, now: Instant) {
        let (code, reason) = match self.closing.take() {
            Some(closing) => (closing.code, closing.reason),
            None => (Code::ClientDisconnect, None),
        };
        self.end(send, now, code, reason, true);
    }

    fn kill(&mut self, send: &mut SendHalf<M>, now: Instant, code: Code, reason: Option<String>) {
        if self.ended.is_none() {
            self.end(send, now, code, reason, true);
        }
    }

    /// The session is over: tells the carrier, ends every pipe, frees what was kept.
    fn end(&mut self, send: &mut SendHalf<M>, now: Instant, code: Code, reason: Option<String>, tell: bool) {
        self.ended = Some(code);
        self.state = State::Ended;
        let answers = std::mem::take(&mut self.answers);
        let down = std::mem::replace(&mut self.down, Down::None);
        let mut last = Vec::new();
        match down {
            Down::Duplex { pipe, .. } | Down::Stream { pipe } => last.push((pipe, false, None)),
            Down::Poll { hanging: Some(hanging), .. } => last.push((hanging.pipe, true, hanging.grant)),
            Down::None | Down::Poll { hanging: None, .. } | Down::Waiting => {}
        }
        last.extend(answers.into_iter().map(|answer| (answer.pipe, answer.readable, answer.grant)));
        for (pipe, is_body, grant) in last {
            if is_body {
                self.welcome(send, pipe, grant);
            }
            if tell {
                // Its count covers what went down before it, and nothing that never will.
                self.flush_messages(send, pipe);
                let last = send.first() - 1;
                let code = code.as_str().to_owned();
                let close = Close { code, reason: reason.clone(), last, retry: None };
                self.outputs.push_back(Output::Close(pipe, close));
            }
            self.outputs.push_back(Output::End(pipe));
        }
        let unconfirmed = send.clear();
        self.timers = [None; TIMERS.len()];
        self.arm(Timer::Forget, now + self.config.linger);
        self.outputs.push_back(Output::Ended { code, reason, unconfirmed });
    }

    /// Only tells why it ended, to those who can prove the session.
    fn after_the_end(&mut self, send: &mut SendHalf<M>, now: Instant, input: Input<U>, code: Code) {
        let (pipe, proof) = match input {
            Input::Attach { pipe, head, .. } => match (&head.token, &head.key) {
                (Some(token), _) => (pipe, self.secrets.prove(token)),
                (None, Some(key)) => (pipe, self.secrets.prove_key(key)),
                (None, None) => (pipe, Err(Code::UnknownSession)),
            },
            Input::Post { pipe, how: How::Ticket, .. } => (pipe, Ok(())),
            Input::Post { pipe, head, .. } => (pipe, self.secrets.prove(&head.token)),
            Input::Malformed { pipe, .. } | Input::Stream { pipe, .. } => (pipe, Err(Code::UnknownSession)),
            Input::Timeout => return self.timeout(send, now),
            Input::Close { .. }
            | Input::Consumed(_)
            | Input::Gone { .. }
            | Input::Kill { .. }
            | Input::Packet { .. } => return,
        };
        self.refuse(pipe, proof.err().unwrap_or(code), None);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A whole session: the machine and its send half. For tests, simulation and small servers; a large one keeps the send half
/// behind a lock of its own.
#[derive(Debug)]
pub struct Session<M, U> {
    /// Everything but the send half.
    pub machine: Machine<M, U>,
    /// What is emitted.
    pub send: SendHalf<M>,
}

impl<M: Message, U: Message> Session<M, U> {
    /// See [`Machine::new`]; the queue holds at most `limit` bytes.
    pub fn new(config: Config, id: String, key: Secret, token: Secret, now: Instant, limit: usize) -> Self {
        Self { machine: Machine::new(config, id, key, token, now), send: SendHalf::new(limit) }
    }

    /// Takes an input.
    pub fn handle(&mut self, now: Instant, input: Input<U>) {
        self.machine.handle(&mut self.send, now, input);
    }

    /// Emits a message. `false`: the queue was full, and the session has ended with `slow_consumer`.
    pub fn emit(&mut self, now: Instant, message: M) -> bool {
        if matches!(self.machine.state(), State::Closing | State::Ended | State::Forgotten) {
            return false;
        }
        let pushed = self.send.push(message).is_ok();
        if !pushed {
            self.machine.kill(&mut self.send, now, Code::SlowConsumer, None);
        }
        pushed
    }

    /// What is to be done next; `None` when it is time to wait.
    pub fn poll_output(&mut self, now: Instant) -> Option<Output<M, U>> {
        if self.machine.outputs.is_empty() {
            self.machine.flush(&mut self.send, now);
        }
        self.machine.poll_output()
    }
}
