//! The client's role: one session, driven by inputs, in time that is handed in.
//!
//! - *getters*: [`Session::state`], [`Session::next_timeout`]
//! - *inputs*: [`Session::handle`], [`Session::emit`], [`Session::volatile`]
//! - *outputs*: [`Session::poll_output`]
//!
//! The order of calls: any number of inputs, then [`Session::poll_output`] until it gives `None`, and sleep until
//! [`Session::next_timeout`].
//!
//! The caller chooses when to attach and over what, and names each carrier; the machine numbers what it says on them, and names
//! the requests that it wants to be made.

mod attach;
mod carrier;
mod config;
mod down;
mod end;
mod io;
mod timers;
mod up;

use std::collections::VecDeque;
use std::time::Duration;

use self::carrier::Road;
pub use self::config::Config;
pub use self::io::{Down, Head, Input, Kind, Output, Pipe, Purpose};
use self::up::Batch;
use crate::code::Code;
use crate::receive::ReceiveHalf;
use crate::send::{Message, QueueFull, SendHalf};
use crate::server::Instant;
use crate::wire::{Close, Secret};

/// One carrier, named by the caller; never used twice in a session.
pub type Carrier = u64;

/// One request, named by the machine.
pub type Request = u64;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A close is under way.
    Closing,
    /// Over.
    Ended,
    /// A carrier stands.
    Open,
    /// No welcome yet.
    Opening,
    /// No carrier.
    Suspended,
}

/// A whole session of a client.
#[derive(Debug)]
pub struct Session<M, U> {
    config: Config,
    state: State,
    key: Secret,
    /// The id and the newest token.
    named: Option<(String, Secret)>,
    /// How long a carrier that has answered may be mute.
    mute: Duration,
    send: SendHalf<M>,
    receive: ReceiveHalf,
    /// The numbers of the last attach, body and request.
    attach: u64,
    serial: u64,
    requests: Request,
    roads: Vec<Road>,
    /// The carrier that has answered last.
    current: Option<Carrier>,
    batch: Option<Batch>,
    /// Bytes of messages in one body: fewer where the path has not let more through.
    body: usize,
    /// A message that did not pass alone, and how often.
    stuck: (u64, u32),
    volatile: Vec<M>,
    /// A heartbeat waits for the counts.
    beat: bool,
    /// The pause between polls that do not hang; zero if they hang.
    rest: Duration,
    /// Why the session is being closed, by us or the server, and until when.
    closing: Option<Code>,
    closing_until: Option<Instant>,
    said_close: bool,
    /// The server's `z`, until all that it counts has come.
    farewell: Option<Close>,
    outputs: VecDeque<Output<M, U>>,
}

impl<M: Message, U: Message> Session<M, U> {
    /// A session that will be opened with `key`.
    pub fn new(config: Config, key: Secret) -> Self {
        let mut send = SendHalf::new(config.queue);
        send.set_window(config.credit);
        Self {
            state: State::Opening,
            key,
            named: None,
            mute: Duration::ZERO,
            send,
            receive: ReceiveHalf::new(config.window),
            attach: 0,
            serial: 0,
            requests: 0,
            roads: Vec::new(),
            current: None,
            batch: None,
            body: config.body,
            stuck: (0, 0),
            volatile: Vec::new(),
            beat: false,
            rest: Duration::ZERO,
            closing: None,
            closing_until: None,
            said_close: false,
            farewell: None,
            outputs: VecDeque::new(),
            config,
        }
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// The id, once a welcome has told it.
    pub fn id(&self) -> Option<&str> {
        self.named.as_ref().map(|(id, _)| id.as_str())
    }

    /// What was emitted and not confirmed.
    pub fn sending(&self) -> &SendHalf<M> {
        &self.send
    }

    /// What was received.
    pub fn receiving(&self) -> &ReceiveHalf {
        &self.receive
    }

    /// Emits a message.
    ///
    /// # Errors
    /// [`QueueFull`] when the queue is full, or the session is ending or over.
    pub fn emit(&mut self, message: M) -> Result<u64, QueueFull> {
        if matches!(self.state, State::Closing | State::Ended) {
            return Err(QueueFull);
        }
        self.send.push(message)
    }

    /// Emits a volatile event: it goes with the next flush or not at all.
    pub fn volatile(&mut self, message: M) {
        if self.state == State::Open {
            self.volatile.push(message);
        }
    }

    /// Takes an input.
    pub fn handle(&mut self, now: Instant, input: Input<U>) {
        if self.state == State::Ended {
            return;
        }
        match input {
            Input::Answered(request) => self.answered(request),
            Input::Attach(carrier, kind, patience) => self.attach(now, carrier, kind, patience),
            Input::Close(code) => self.close(now, code),
            Input::Consumed(bytes) => self.receive.consume(bytes),
            Input::Failed(request, code) => self.failed(now, request, code),
            Input::Lost(carrier, code) => match code {
                Some(code) => self.refused(now, carrier, code),
                None => self.lose(carrier, None),
            },
            Input::Packet(pipe, down) => self.packet(now, pipe, down),
            Input::Rest(pause) => self.rest = pause,
            Input::Timeout => self.timeout(now),
        }
    }

    /// What is to be done next; `None` when it is time to wait.
    pub fn poll_output(&mut self, now: Instant) -> Option<Output<M, U>> {
        if self.outputs.is_empty() && self.state != State::Ended {
            self.flush(now);
        }
        self.outputs.pop_front()
    }
}
