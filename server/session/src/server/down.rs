//! What goes down: welcomes, messages, counts, refusals.

use super::carrier::{Down, Hanging};
use super::timers::Timer;
use super::{Instant, Machine, Output, Pipe};
use crate::code::Code;
use crate::mutant::{Mutant, planted};
use crate::send::{Message, SendHalf};
use crate::wire::{Grant, Welcome};

impl<M: Message, U: Message> Machine<M, U> {
    /// Writes what there is to write. To be called when the application has had its turn.
    pub fn flush(&mut self, send: &mut SendHalf<M>, now: Instant) {
        self.flush_answers(send, now);
        match &self.down {
            Down::Duplex { pipe, .. } | Down::Stream { pipe } => {
                let pipe = *pipe;
                self.flush_messages(send, pipe);
                self.ask(send, pipe);
                if self.receive.owes() {
                    self.say_counts(pipe);
                }
                self.say_close(send, pipe);
            }
            Down::Poll { hanging: Some(hanging), .. } => {
                let news = !hanging.opening && self.receive.has_news() && !planted(Mutant::CountsNoNews)
                    || self.closes_now(send);
                if hanging.at_once
                    || hanging.until <= now && !planted(Mutant::PollHeldForEver)
                    || send.is_ready()
                    || news
                {
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
        let Some(pipe) = self.live_pipe() else { return };
        self.ask(send, pipe);
        if self.receive.owes() {
            self.say_counts(pipe);
        }
    }

    fn ask(&mut self, send: &mut SendHalf<M>, pipe: Pipe) {
        if send.asks() {
            self.outputs.push_back(Output::Heartbeat(pipe));
        }
    }

    /// Writes volatile events, if a carrier can take them now: all of them, since one answer to a poll can carry all.
    pub fn volatile(&mut self, send: &mut SendHalf<M>, now: Instant, messages: impl IntoIterator<Item = M>) {
        let mut messages = messages.into_iter().peekable();
        if messages.peek().is_none() {
            return;
        }
        match self.down {
            Down::Duplex { pipe, .. } | Down::Stream { pipe } => {
                self.outputs.extend(messages.map(|message| Output::Message(pipe, message)));
            }
            Down::Poll { .. } => {
                if let Some(pipe) = self.begin_poll_answer(send, now) {
                    self.outputs.extend(messages.map(|message| Output::Message(pipe, message)));
                    self.outputs.push_back(Output::End(pipe));
                }
            }
            Down::None | Down::Waiting => {}
        }
    }

    pub(super) fn refuse(&mut self, pipe: Pipe, code: Code, expected: Option<u64>) {
        self.outputs.push_back(Output::Refuse(pipe, code, expected));
    }

    pub(super) fn welcome(&mut self, send: &SendHalf<M>, pipe: Pipe, grant: Option<Grant>) {
        // The answer to a post may reach nobody. A carrier that stands does, and tells for itself.
        if !matches!(self.down, Down::Duplex { pipe: live, .. } | Down::Stream { pipe: live } if live != pipe)
        {
            self.receive.told();
        }
        let (received, consumed) = self.receive.counts();
        let first = send.first() + u64::from(planted(Mutant::WelcomeNamesNext));
        let welcome = Welcome { first, received, consumed, ticket: None, stream: None, grant };
        self.outputs.push_back(Output::Welcome(pipe, Box::new(welcome)));
    }

    pub(super) fn say_counts(&mut self, pipe: Pipe) {
        self.receive.told();
        let (received, consumed) = self.receive.counts();
        self.outputs.push_back(Output::Counts(pipe, received, consumed));
    }

    pub(super) fn flush_messages(&mut self, send: &mut SendHalf<M>, pipe: Pipe) {
        while let Some(message) = send.next() {
            self.outputs.push_back(Output::Message(pipe, message.clone()));
        }
    }

    /// Answers posts and attaches. While a stream is awaited, messages ride on them.
    pub(super) fn flush_answers(&mut self, send: &mut SendHalf<M>, now: Instant) {
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
    pub(super) fn begin_poll_answer(&mut self, send: &mut SendHalf<M>, now: Instant) -> Option<Pipe> {
        let Down::Poll { hanging, .. } = &mut self.down else { return None };
        let Hanging { pipe, grant, .. } = *hanging.take()?;
        self.arm(Timer::Liveness, now.max(self.heard) + self.config.timeout);
        self.welcome(send, pipe, grant);
        self.flush_messages(send, pipe);
        self.say_close(send, pipe);
        Some(pipe)
    }
}
