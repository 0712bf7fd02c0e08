//! When the auth of a socket ends, and when its client is asked for a fresh one.

use std::time::Duration;

use tokio::time::Instant;

/// Nothing set: the auth has no end.
#[derive(Default)]
pub(crate) struct Term {
    /// The auth is good until then.
    ends: Option<Instant>,
    /// When to ask; `None` once that is done.
    ask: Option<Instant>,
    /// The client was asked out of turn, and has until then.
    answer: Option<Instant>,
}

/// What time has brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Ask for fresh auth, which must come within this time.
    Ask(Duration),
    /// It is over.
    End,
}

impl Term {
    /// Sets the end; the client is asked `lead` before that, but not before half of the time is over.
    pub(crate) fn set(&mut self, now: Instant, time: Duration, lead: Duration) {
        self.ends = now.checked_add(time);
        self.ask = self.ends.map(|ends| ends - lead.min(time / 2));
    }

    /// Asks now: how long the client has. `None`: it has been asked.
    pub(crate) fn ask(&mut self, now: Instant, lead: Duration) -> Option<Duration> {
        if self.answer.is_some() {
            return None;
        }
        let answer = now.checked_add(lead).into_iter().chain(self.ends).min()?;
        self.answer = Some(answer);
        self.ask = None;
        Some(answer.saturating_duration_since(now))
    }

    /// Fresh auth was accepted. What it did not set stays.
    pub(crate) fn renew(&mut self) {
        self.answer = None;
    }

    /// When there is something to do.
    pub(crate) fn next(&self) -> Option<Instant> {
        [self.ends, self.ask, self.answer].into_iter().flatten().min()
    }

    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.ends.into_iter().chain(self.answer).any(|end| end <= now)
    }

    /// Looks at the clock.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Due> {
        if self.is_over(now) {
            return Some(Due::End);
        }
        self.ask.take_if(|ask| *ask <= now)?;
        // Whoever was asked out of turn is not asked twice.
        let ends = self.ends.filter(|_| self.answer.is_none())?;
        Some(Due::Ask(ends - now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_client_is_asked_once_before_the_end() {
        let (now, mut term) = (Instant::now(), Term::default());
        assert_eq!((term.next(), term.due(now)), (None, None));
        term.set(now, s(3600), s(60));
        assert_eq!(term.next(), Some(now + s(3540)));
        assert_eq!(term.due(now + s(3539)), None);
        assert_eq!(term.due(now + s(3541)), Some(Due::Ask(s(59))));
        assert_eq!((term.due(now + s(3599)), term.next()), (None, Some(now + s(3600))));
        assert_eq!(term.due(now + s(3600)), Some(Due::End));
    }

    #[test]
    fn what_ends_soon_is_asked_for_at_half_of_its_time() {
        let (now, mut term) = (Instant::now(), Term::default());
        term.set(now, s(10), s(60));
        assert_eq!(term.due(now + s(5)), Some(Due::Ask(s(5))));
        term.set(now, Duration::MAX, s(60));
        assert_eq!(term.next(), None);
    }

    #[test]
    fn who_is_asked_out_of_turn_has_the_same_time_but_not_beyond_the_end() {
        let (now, mut term) = (Instant::now(), Term::default());
        assert_eq!(term.ask(now, s(60)), Some(s(60)));
        assert_eq!(term.ask(now + s(1), s(60)), None);
        assert_eq!(term.due(now + s(59)), None);
        assert_eq!(term.due(now + s(60)), Some(Due::End));
        term.renew();
        assert_eq!((term.due(now + s(60)), term.next()), (None, None));
        term.set(now, s(30), s(10));
        assert_eq!(term.ask(now, s(60)), Some(s(30)));
        assert_eq!(term.due(now + s(20)), None);
        term.renew();
        assert_eq!(term.next(), Some(now + s(30)), "what fresh auth does not set stays");
    }
}
