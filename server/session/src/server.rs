//! The server's role: one session, driven by inputs, in time that is handed in.
//!
//! - *getters*: [`Machine::state`], [`Machine::next_timeout`]
//! - *inputs*: [`Machine::handle`], and [`Machine::accept`] for a message on a WebSocket, which needs no lock on the send half
//! - *outputs*: [`Machine::poll_output`]
//!
//! The order of calls: any number of inputs; let the application handle what was delivered, as far as it goes without waiting;
//! [`Machine::flush`]; then [`Machine::poll_output`] until it gives `None`, and sleep until [`Machine::next_timeout`].
//!
//! The machine names what goes down by *pipe*: a WebSocket, a stream, or the answer to one request.

mod attach;
mod carrier;
mod config;
mod down;
mod end;
mod io;
mod session;
mod timers;
mod up;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use self::carrier::{Answer, Down};
pub use self::config::Config;
use self::end::Closing;
pub use self::io::{How, Input, Output, Shape, Up};
pub use self::session::Session;
use self::timers::{TIMERS, Timer};
use crate::code::Code;
use crate::mutant::{Mutant, planted};
use crate::receive::{Accept, ReceiveHalf};
use crate::secrets::Secrets;
use crate::send::{Message, SendHalf};
use crate::wire::{Close, Secret};

/// Time since an origin that the caller chooses.
pub type Instant = Duration;

/// One way down, named by the caller; never used twice in a session.
pub type Pipe = u64;

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

/// Everything of a session but its send half, which is lent to each call: the caller may keep it behind a lock of its own.
#[derive(Debug)]
pub struct Machine<M, U> {
    config: Arc<Config>,
    id: Arc<str>,
    state: State,
    secrets: Secrets,
    receive: ReceiveHalf,
    /// The last attach accepted.
    attach: u64,
    /// The highest serial seen.
    serial: u64,
    down: Down,
    answers: Vec<Answer>,
    closing: Option<Box<Closing>>,
    /// The client's `z`: its final count.
    peer_final: Option<Box<Close>>,
    ended: Option<Code>,
    heard: Instant,
    timers: [Option<Instant>; TIMERS.len()],
    outputs: VecDeque<Output<M, U>>,
}

impl<M: Message, U: Message> Machine<M, U> {
    /// A session that was made by an attach with `key`. Its first input must be that attach.
    pub fn new(config: Arc<Config>, id: Arc<str>, key: Secret, token: Secret, now: Instant) -> Self {
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
        self.state != State::Forgotten && !(self.state == State::Ended && planted(Mutant::KeyForgottenAtEnd))
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

    /// Bytes of credited messages that the application has not finished with.
    pub fn unconsumed(&self) -> u64 {
        self.receive.unconsumed()
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
        if *current != pipe && !planted(Mutant::ZombieTaken)
            || matches!(self.state, State::Ended | State::Forgotten)
        {
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
            Input::Close { code, .. } if planted(Mutant::CloseDropsQueue) => {
                send.clear();
                self.kill(send, now, code, None);
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

    /// Tells nobody any more why it has ended: for a caller that knows of too many that have.
    pub fn forget(&mut self) {
        if self.state == State::Ended {
            self.state = State::Forgotten;
        }
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output<M, U>> {
        let output = self.outputs.pop_front();
        if output.is_none() && self.outputs.capacity() > 0 {
            // An idle session keeps no buffer.
            self.outputs = VecDeque::new();
        }
        output
    }
}
