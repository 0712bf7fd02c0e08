//! What comes up: packets on a WebSocket, posts and polls (protocol.md, sections 3 and 4.4).

use std::time::Duration;

use super::carrier::{Answer, Down, Hanging};
use super::timers::Timer;
use super::{How, Instant, Machine, Output, Pipe, Up};
use crate::code::{Code, Scope};
use crate::mutant::{Mutant, planted};
use crate::receive::Accept;
use crate::send::{Message, SendHalf};
use crate::wire::Post;

impl<M: Message, U: Message> Machine<M, U> {
    pub(super) fn packet(&mut self, send: &mut SendHalf<M>, now: Instant, pipe: Pipe, up: Up<U>) {
        let Down::Duplex { pipe: current, position } = &mut self.down else { return };
        if *current != pipe && !planted(Mutant::ZombieTaken) {
            return;
        }
        self.heard = now;
        // Among these packets is the answer to each heartbeat: a client that gives it never lets this come.
        self.timers[Timer::Liveness as usize] = Some(now + self.config.ping + self.config.timeout);
        let taken = match up {
            Up::Close(close) => {
                self.peer_final = Some(Box::new(close));
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

    pub(super) fn counts(send: &mut SendHalf<M>, received: u64, consumed: u64) -> Result<(), Code> {
        send.confirm(received).map_err(|_| Code::BadAck)?;
        send.grant(consumed);
        Ok(())
    }

    /// Takes what follows in a body.
    pub(super) fn batch(
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
        let repeated = serial <= self.serial && !planted(Mutant::VolatileOfRepeated);
        self.serial = self.serial.max(serial);
        // Without a number nothing that counts may follow: such a message stands in a gap.
        let mut position = first.unwrap_or(self.receive.received() + 2);
        for up in batch {
            match up {
                Up::Close(close) => self.peer_final = Some(Box::new(close)),
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

    pub(super) fn post(
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
        if !planted(Mutant::PostIsNoLife) {
            self.heard = now;
        }
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

    pub(super) fn poll(
        &mut self,
        send: &mut SendHalf<M>,
        now: Instant,
        pipe: Pipe,
        poll: u64,
        head: &Post,
        brings: bool,
    ) {
        let fits = head.attach == Some(self.attach) || planted(Mutant::OldPollTaken);
        let Down::Poll { hanging, highest } = &mut self.down else {
            return self.refuse(pipe, Code::Stale, None);
        };
        if !fits {
            return self.refuse(pipe, Code::Stale, None);
        }
        if poll <= *highest && !(poll == *highest && planted(Mutant::EqualPollTaken)) {
            if let Some(hanging) = hanging {
                // The client may read this in place of an answer that told what is told no more: another one does.
                hanging.at_once = true;
            }
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
            self.set_hanging(*older);
            self.answer_older(send);
        } else if !planted(Mutant::LostAnswerForgotten) {
            send.rewind(head.received);
        }
        let wait = head.wait.map_or(self.config.ping, Duration::from_millis);
        let until = now + wait.min(self.config.ping);
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

    pub(super) fn set_hanging(&mut self, poll: Hanging) {
        if let Down::Poll { hanging, .. } = &mut self.down {
            *hanging = Some(Box::new(poll));
        }
    }

    /// Turns the hanging poll into an answer. It is given at the next flush, so that replies to what the newer poll brought ride on it.
    pub(super) fn answer_older(&mut self, send: &SendHalf<M>) {
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

    pub(super) fn malformed(
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
}
