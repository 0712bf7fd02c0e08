//! Loss and time: what is done when a pipe is gone or a deadline has come.

use super::carrier::Down;
use super::{Instant, Machine, Output, Pipe, State};
use crate::code::Code;
use crate::mutant::{Mutant, planted};
use crate::send::{Message, SendHalf};

/// The deadlines of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
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

impl Timer {
    /// That it is missed, as a defect.
    fn missed(self) -> Mutant {
        match self {
            Self::Close => Mutant::CloseNeverGivenUp,
            Self::Forget => Mutant::NeverForgotten,
            Self::Grace => Mutant::GraceNeverEnds,
            Self::Heartbeat => Mutant::HeartbeatMissed,
            Self::Liveness => Mutant::MuteClientKept,
        }
    }
}

pub(super) const TIMERS: [Timer; 5] =
    [Timer::Close, Timer::Forget, Timer::Grace, Timer::Heartbeat, Timer::Liveness];

impl<M: Message, U: Message> Machine<M, U> {
    pub(super) fn gone(&mut self, now: Instant, pipe: Pipe) {
        self.answers.retain(|answer| answer.pipe != pipe);
        match &mut self.down {
            Down::Duplex { pipe: current, .. } | Down::Stream { pipe: current }
                if *current == pipe || planted(Mutant::OldPipeEndsCurrent) =>
            {
                self.suspend(now);
            }
            // A request may die; the carrier lives while the client comes back in time.
            Down::Poll { hanging, .. } if hanging.as_ref().is_some_and(|hanging| hanging.pipe == pipe) => {
                *hanging = None;
            }
            _ => {}
        }
    }

    pub(super) fn suspend(&mut self, now: Instant) {
        self.down = Down::None;
        self.disarm(Timer::Heartbeat);
        self.disarm(Timer::Liveness);
        if self.state == State::Open {
            self.state = State::Suspended;
            self.arm(Timer::Grace, now + self.config.grace);
        }
        self.outputs.push_back(Output::Suspended);
    }

    pub(super) fn timeout(&mut self, send: &mut SendHalf<M>, now: Instant) {
        for timer in TIMERS {
            if self.timers[timer as usize].is_none_or(|due| due > now) {
                continue;
            }
            self.disarm(timer);
            match timer {
                _ if planted(timer.missed()) => {}
                Timer::Close => self.finish_close(send, now),
                Timer::Forget => self.state = State::Forgotten,
                Timer::Grace => self.kill(send, now, Code::GraceOver, None),
                Timer::Heartbeat => {
                    if let Down::Duplex { pipe, .. } | Down::Stream { pipe } = self.down {
                        self.outputs.push_back(Output::Heartbeat(pipe));
                        if self.receive.has_news() && !planted(Mutant::HeartbeatWithoutCounts) {
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

    pub(super) fn check_liveness(&mut self, now: Instant) {
        let due = match &self.down {
            Down::None => return,
            // A poll that hangs is answered first; only then must the client speak.
            Down::Poll { hanging: Some(hanging), .. } => hanging.until + self.config.timeout,
            _ => self.heard + self.config.ping + self.config.timeout,
        };
        if due > now {
            return self.arm(Timer::Liveness, due);
        }
        match &self.down {
            Down::Duplex { pipe, .. } | Down::Stream { pipe } => self.refuse(*pipe, Code::Heartbeat, None),
            // Only where time has jumped: else it was answered before.
            Down::Poll { hanging: Some(hanging), .. } => self.refuse(hanging.pipe, Code::Heartbeat, None),
            Down::None | Down::Poll { hanging: None, .. } | Down::Waiting => {}
        }
        self.suspend(now);
    }

    pub(super) fn arm(&mut self, timer: Timer, due: Instant) {
        self.timers[timer as usize] = Some(due);
    }

    pub(super) fn disarm(&mut self, timer: Timer) {
        self.timers[timer as usize] = None;
    }
}
