//! A carrier attaches: it opens, resumes or moves (protocol.md, section 4).

use std::time::Duration;

use super::carrier::{Answer, Down, Hanging};
use super::timers::Timer;
use super::{Instant, Machine, Output, Pipe, Shape, State, Up};
use crate::code::Code;
use crate::mutant::{Mutant, planted};
use crate::send::{Message, SendHalf};
use crate::wire::{Attach, Grant, Secret};

impl<M: Message, U: Message> Machine<M, U> {
    #[expect(clippy::too_many_arguments, reason = "the fields of one input, taken apart")]
    pub(super) fn attach(
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
        if head.attach < self.attach && !planted(Mutant::LowerAttachTaken)
            || head.attach == self.attach && !planted(Mutant::EqualAttachTaken)
        {
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
        send.forget_question();
        self.heard = now;
        send.set_window(head.window);
        send.grant(head.consumed);
        self.take_over();
        let grant = self.grant(fresh);
        self.outputs.push_back(Output::Attached { pipe, resumed });
        if self.state == State::Suspended {
            self.state = State::Open;
        }
        if !planted(Mutant::GraceGoesOn) {
            self.disarm(Timer::Grace);
        }
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
                self.down = Down::Poll { hanging: Some(Box::new(hanging)), highest: 0 };
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

    pub(super) fn grant(&mut self, fresh: Secret) -> Grant {
        Grant {
            session: (*self.id).to_owned(),
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
    pub(super) fn take_over(&mut self) {
        match std::mem::replace(&mut self.down, Down::None) {
            _ if planted(Mutant::FormerCarrierKept) => {}
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

    pub(super) fn begin_live(&mut self, send: &SendHalf<M>, now: Instant, pipe: Pipe, grant: Option<Grant>) {
        self.welcome(send, pipe, grant);
        self.arm(Timer::Heartbeat, now + self.config.ping);
    }

    pub(super) fn stream(&mut self, send: &mut SendHalf<M>, now: Instant, pipe: Pipe, attach: u64) {
        if attach != self.attach && !planted(Mutant::OldTicketTaken) || !matches!(self.down, Down::Waiting) {
            return self.refuse(pipe, Code::Stale, None);
        }
        self.heard = now;
        self.down = Down::Stream { pipe };
        if !planted(Mutant::StreamNotRewound) {
            send.rewind(0);
        }
        self.begin_live(send, now, pipe, None);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
