//! The machine and its send half in one.

use super::{Config, Input, Instant, Machine, Output, State};
use crate::code::Code;
use crate::send::{Message, SendHalf};
use crate::wire::Secret;

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
        Self { machine: Machine::new(config.into(), id.into(), key, token, now), send: SendHalf::new(limit) }
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
