//! Which transport is tried, and when: in order, the first that carries data; after a loss again, with pauses that grow.

use std::time::Duration;

use everwire_session::client::Kind;
use everwire_session::code::{Code, Reaction};
use serde::{Deserialize, Serialize};

/// A way to carry a session.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// By polls: gets through wherever HTTP does.
    LongPolling,
    /// One connection both ways.
    Websocket,
}

impl Transport {
    /// Every transport, the best one first.
    pub const ALL: [Self; 2] = [Self::Websocket, Self::LongPolling];

    /// The name that URLs use.
    pub fn name(self) -> &'static str {
        match self {
            Self::LongPolling => "long_polling",
            Self::Websocket => "websocket",
        }
    }

    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::LongPolling => Kind::Poll,
            Self::Websocket => Kind::Duplex,
        }
    }
}

/// Whether and when a client comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reconnection {
    /// Rounds through all transports that may fail one after the other before it gives up. No limit.
    pub attempts: Option<u32>,
    /// The bound of the first pause; it doubles each time. 500 ms. The pause is drawn at random below the bound, so that a crowd does not come back at once.
    pub delay: Duration,
    /// The highest bound. 10 s.
    pub max_delay: Duration,
}

impl Default for Reconnection {
    fn default() -> Self {
        Self { attempts: None, delay: Duration::from_millis(500), max_delay: Duration::from_secs(10) }
    }
}

impl Reconnection {
    /// Every transport is tried once; no session follows another.
    pub fn never() -> Self {
        Self { attempts: Some(0), ..Self::default() }
    }

    /// A pause before try number `tries`, from 0. `random` is in `[0, 1)`.
    pub(crate) fn pause(&self, tries: u32, random: f64) -> Duration {
        let bound = self.delay.saturating_mul(2u32.saturating_pow(tries)).min(self.max_delay);
        bound.mul_f64(random)
    }
}

/// Time for a new carrier to show that it carries; more after each round without success.
const PATIENCE: Duration = Duration::from_secs(5);
const MAX_PATIENCE: Duration = Duration::from_secs(20);
/// A carrier or session that held this long was a good one.
pub(crate) const STOOD: Duration = Duration::from_secs(1);
/// How often the same transport is tried anew because the server asked for it.
const HASTY: u32 = 3;

/// What to do after a loss.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    /// Try again after a pause; all transports have failed if `failing`.
    Attempt {
        after: Duration,
        failing: bool,
    },
    GiveUp,
}

/// The order of transports, and where in it one session stands.
#[derive(Debug)]
pub(crate) struct Choice {
    usable: Vec<Transport>,
    limits: Reconnection,
    /// The one that worked last is tried first.
    best: Option<Transport>,
    round: Vec<Transport>,
    at: usize,
    rounds: u32,
    hasty: u32,
    carried_at: Duration,
}

impl Choice {
    pub(crate) fn new(usable: Vec<Transport>, limits: Reconnection, best: Option<Transport>) -> Self {
        let round = Vec::new();
        let mut choice =
            Self { usable, limits, best, round, at: 0, rounds: 0, hasty: 0, carried_at: Duration::ZERO };
        choice.plan();
        choice
    }

    pub(crate) fn best(&self) -> Option<Transport> {
        self.best
    }

    /// The transport to try now.
    pub(crate) fn transport(&self) -> Option<Transport> {
        self.round.get(self.at).copied()
    }

    pub(crate) fn patience(&self) -> Duration {
        (PATIENCE * (self.rounds.min(3) + 1)).min(MAX_PATIENCE)
    }

    /// A carrier over this transport carries.
    pub(crate) fn carried(&mut self, now: Duration, transport: Transport) {
        self.carried_at = now;
        self.hasty = 0;
        self.best = Some(transport);
    }

    /// The last carrier is gone, or could not be made. What comes next depends on why.
    pub(crate) fn lost(&mut self, now: Duration, code: Option<Code>, welcomed: bool, random: f64) -> Next {
        let reaction = code.map(Code::reaction);
        let (mut paused, mut failing) = (reaction == Some(Reaction::Backoff), false);
        if welcomed {
            let stood = now.saturating_sub(self.carried_at) >= STOOD;
            self.plan();
            self.rounds = if stood { 0 } else { self.rounds + 1 };
            paused |= !stood;
        } else if paused {
            self.rounds += 1;
        } else if !self.may_repeat(code) {
            self.at += 1;
            if self.at >= self.round.len() {
                self.rounds += 1;
                self.plan();
                (paused, failing) = (true, true);
            }
        }
        if self.limits.attempts.is_some_and(|attempts| self.rounds > attempts) {
            return Next::GiveUp;
        }
        let pause = self.limits.pause(self.rounds.saturating_sub(1), random);
        Next::Attempt { after: if paused { pause } else { Duration::ZERO }, failing }
    }

    /// Silence would be silent again: something on the way swallows what is sent, or holds answers back.
    fn may_repeat(&mut self, code: Option<Code>) -> bool {
        let asked = code.is_some_and(|code| code != Code::Timeout && code.reaction() == Reaction::Attach);
        if asked {
            self.hasty += 1;
        }
        asked && self.hasty <= HASTY
    }

    /// A round goes through all transports, first the one that worked last.
    fn plan(&mut self) {
        self.at = 0;
        self.round.clone_from(&self.usable);
        let best = self.best;
        self.round.sort_by_key(|transport| Some(*transport) != best);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn choice(attempts: Option<u32>) -> Choice {
        let limits = Reconnection { attempts, delay: 100 * MS, max_delay: 300 * MS };
        Choice::new(Transport::ALL.to_vec(), limits, None)
    }

    fn at_once() -> Next {
        Next::Attempt { after: Duration::ZERO, failing: false }
    }

    #[test]
    fn each_transport_is_tried_before_a_pause_that_grows() {
        let mut choice = choice(None);
        for pause in [50, 100, 150, 150] {
            assert_eq!(choice.transport(), Some(Transport::Websocket));
            assert_eq!(choice.lost(MS, None, false, 0.5), at_once());
            assert_eq!(choice.transport(), Some(Transport::LongPolling));
            let next = choice.lost(MS, Some(Code::Timeout), false, 0.5);
            assert_eq!(next, Next::Attempt { after: pause * MS, failing: true });
        }
        assert_eq!(choice.patience(), MAX_PATIENCE);
    }

    #[test]
    fn what_worked_last_comes_first_and_comes_back_at_once_if_it_stood() {
        let mut choice = choice(None);
        choice.lost(MS, None, false, 0.5);
        choice.carried(2 * MS, Transport::LongPolling);
        assert_eq!(choice.lost(STOOD + 2 * MS, None, true, 0.5), at_once());
        assert_eq!(choice.transport(), Some(Transport::LongPolling));
        choice.carried(STOOD + 3 * MS, Transport::LongPolling);
        let soon = choice.lost(STOOD + 4 * MS, None, true, 0.5);
        assert_eq!(soon, Next::Attempt { after: 50 * MS, failing: false });
        choice.lost(STOOD + 5 * MS, None, false, 0.5);
        assert_eq!(choice.transport(), Some(Transport::Websocket));
    }

    #[test]
    fn a_server_that_asks_for_another_attach_gets_a_few() {
        let mut choice = choice(None);
        for _ in 0..HASTY {
            assert_eq!(choice.lost(MS, Some(Code::Stale), false, 0.5), at_once());
            assert_eq!(choice.transport(), Some(Transport::Websocket));
        }
        choice.lost(MS, Some(Code::Stale), false, 0.5);
        assert_eq!(choice.transport(), Some(Transport::LongPolling));
    }

    #[test]
    fn a_limit_of_rounds_is_kept() {
        let mut choice = choice(Some(1));
        for _ in 0..3 {
            assert_ne!(choice.lost(MS, None, false, 0.5), Next::GiveUp);
        }
        assert_eq!(choice.lost(MS, None, false, 0.5), Next::GiveUp);
    }
}
