//! How a session ends (protocol.md, section 9.2).

use super::carrier::Down;
use super::timers::{TIMERS, Timer};
use super::{How, Input, Instant, Machine, Output, Pipe, State};
use crate::code::{Code, Scope};
use crate::mutant::{Mutant, planted};
use crate::send::{Message, SendHalf};
use crate::wire::Close;

#[derive(Debug)]
pub(super) struct Closing {
    pub(super) code: Code,
    pub(super) reason: Option<String>,
    pub(super) retry: Option<u64>,
    /// `z` has been written to the current carrier.
    pub(super) said: bool,
}

impl<M: Message, U: Message> Machine<M, U> {
    pub(super) fn close(&mut self, now: Instant, code: Code, reason: Option<String>, retry: Option<u64>) {
        if self.closing.is_some() {
            return;
        }
        self.state = State::Closing;
        self.disarm(Timer::Grace);
        self.arm(Timer::Close, now + self.config.close);
        self.closing = Some(Box::new(Closing { code, reason, retry, said: false }));
    }

    pub(super) fn closes_now(&self, send: &SendHalf<M>) -> bool {
        self.closing.as_ref().is_some_and(|closing| !closing.said)
            && (send.is_drained() || planted(Mutant::CloseBeforeCredit))
    }

    pub(super) fn say_close(&mut self, send: &SendHalf<M>, pipe: Pipe) {
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
                last: (send.total() + u64::from(planted(Mutant::FinalOneMore)))
                    .saturating_sub(u64::from(planted(Mutant::FinalOneLess))),
                retry: closing.retry,
            };
            self.outputs.push_back(Output::Close(pipe, close));
        }
    }

    /// Ends the session when the client's `z` has come, and with it all that it counts.
    pub(super) fn answer_close(&mut self, send: &mut SendHalf<M>, now: Instant) {
        let Some(close) = &self.peer_final else { return };
        if self.ended.is_some() {
            return;
        }
        if self.receive.received() < close.last && !planted(Mutant::CloseAnsweredEarly) {
            if self.timers[Timer::Close as usize].is_none() {
                self.arm(Timer::Close, now + self.config.close);
            }
            return;
        }
        let (code, reason) = match &self.closing {
            Some(closing) => (closing.code, closing.reason.clone()),
            None => (self.peer_code(), close.reason.clone()),
        };
        let answered = self.closing.as_ref().is_some_and(|closing| closing.said);
        if answered && close.code == code.as_str() || planted(Mutant::AnyCloseConfirms) {
            // It is the answer to ours: everything has arrived.
            let _ = send.confirm(send.sent());
        }
        self.end(send, now, code, reason, !answered);
    }

    pub(super) fn finish_close(&mut self, send: &mut SendHalf<M>, now: Instant) {
        let (code, reason) = match self.closing.take() {
            Some(closing) => (closing.code, closing.reason),
            None => (self.peer_code(), None),
        };
        self.end(send, now, code, reason, true);
    }

    /// A client leaves, or has given up: nothing else is its to say.
    fn peer_code(&self) -> Code {
        match &self.peer_final {
            Some(close) if close.code == Code::Undeliverable.as_str() => Code::Undeliverable,
            _ => Code::ClientDisconnect,
        }
    }

    pub(super) fn kill(&mut self, send: &mut SendHalf<M>, now: Instant, code: Code, reason: Option<String>) {
        if self.ended.is_none() {
            self.end(send, now, code, reason, true);
        }
    }

    /// The session is over: tells the carrier, ends every pipe, frees what was kept.
    pub(super) fn end(
        &mut self,
        send: &mut SendHalf<M>,
        now: Instant,
        code: Code,
        reason: Option<String>,
        tell: bool,
    ) {
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
            if tell && !planted(Mutant::EndUnsaid) {
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
        if !planted(Mutant::EndUntold) {
            self.outputs.push_back(Output::Ended { code, reason, unconfirmed });
        }
    }

    /// Only tells why it ended, to those who can prove the session.
    pub(super) fn after_the_end(
        &mut self,
        send: &mut SendHalf<M>,
        now: Instant,
        input: Input<U>,
        code: Code,
    ) {
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
            // What came in is handled all the same.
            Input::Consumed(bytes) => return self.receive.consume(bytes),
            Input::Close { .. } | Input::Gone { .. } | Input::Kill { .. } | Input::Packet { .. } => return,
        };
        // A refusal of this code would say no more than that this request came too soon.
        let is_of_requests = code.scope() == Scope::Request;
        let code = if is_of_requests || planted(Mutant::EndedUnknown) { Code::UnknownSession } else { code };
        self.refuse(pipe, proof.err().unwrap_or(code), None);
    }
}
