//! How much may come in a time.

use std::time::Duration;

/// So much in each second, and so much at once by who has been quiet for a while.
///
/// ```
/// # use everwire::{Config, Rate};
/// let mut config = Config::default();
/// config.messages = Some(Rate::per_second(100)); // and 1,000 at once
/// config.opens_per_address = Some(Rate { per_second: 2, burst: 50 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a rate is these two numbers")]
pub struct Rate {
    /// In each second.
    pub per_second: u32,
    /// At once.
    pub burst: u32,
}

impl Rate {
    /// With ten times as much at once.
    pub const fn per_second(per_second: u32) -> Self {
        Self { per_second, burst: per_second.saturating_mul(10) }
    }
}

/// Has as much in it as may still come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    /// In millionths; below zero if too much was taken.
    left: i64,
    at: Duration,
}

/// As many parts has a unit: at one per second a microsecond's worth is one.
const PARTS: i64 = 1_000_000;

impl Bucket {
    /// A full one.
    pub(crate) fn new(rate: Rate, now: Duration) -> Self {
        Self { left: full(rate), at: now }
    }

    /// Takes so many, one after the other, while there is anything.
    pub(crate) fn take(&mut self, rate: Rate, now: Duration, count: u64) -> bool {
        self.fill(rate, now);
        // Who is refused pays nothing: behind its address may be others.
        let may_come = self.left > parts(count.saturating_sub(1));
        self.left -= if may_come { parts(count) } else { 0 };
        may_come
    }

    /// Takes so much at once, if there is anything: so one message of any size may come at any rate, and is made up for by the time until the next.
    pub(crate) fn take_whole(&mut self, rate: Rate, now: Duration, amount: u64) -> bool {
        self.fill(rate, now);
        let may_come = self.left > 0;
        self.left = self.left.saturating_sub(if may_come { parts(amount) } else { 0 });
        may_come
    }

    /// Is it as if nothing had ever been taken?
    pub(crate) fn is_full(&mut self, rate: Rate, now: Duration) -> bool {
        self.fill(rate, now);
        self.left == full(rate)
    }

    fn fill(&mut self, rate: Rate, now: Duration) {
        let passed = now.saturating_sub(self.at).as_micros();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        self.left =
            self.left.saturating_add(passed.saturating_mul(i64::from(rate.per_second))).min(full(rate));
        self.at = self.at.max(now);
    }
}

fn parts(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX).saturating_mul(PARTS)
}

fn full(rate: Rate) -> i64 {
    // One that lets nothing in at all would be no limit but a wall.
    i64::from(rate.burst.max(1)) * PARTS
}

/// What one session sends.
#[derive(Debug)]
pub(crate) struct Meter {
    messages: Option<(Rate, Bucket)>,
    bytes: Option<(Rate, Bucket)>,
}

impl Meter {
    /// None where there is nothing to measure.
    pub(crate) fn new(messages: Option<Rate>, bytes: Option<Rate>, now: Duration) -> Option<Box<Self>> {
        let bucket = |rate| (rate, Bucket::new(rate, now));
        let meter = Self { messages: messages.map(bucket), bytes: bytes.map(bucket) };
        (messages.is_some() || bytes.is_some()).then(|| Box::new(meter))
    }

    /// So many messages of so many bytes have come. `false`: that is too much.
    pub(crate) fn take(&mut self, now: Duration, messages: u64, bytes: u64) -> bool {
        let few = self.messages.as_mut().is_none_or(|(rate, bucket)| bucket.take(*rate, now, messages));
        let small = |(rate, bucket): &mut (Rate, Bucket)| bytes == 0 || bucket.take_whole(*rate, now, bytes);
        few && self.bytes.as_mut().is_none_or(small)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_burst_then_as_much_as_time_gives() {
        let rate = Rate { per_second: 10, burst: 3 };
        let mut bucket = Bucket::new(rate, at(0));
        for _ in 0..3 {
            assert!(bucket.take(rate, at(0), 1));
        }
        assert!(!bucket.clone().take(rate, at(0), 1));
        assert!(bucket.clone().take(rate, at(50), 1), "half of one is enough to begin with");
        assert!(!bucket.clone().take(rate, at(100), 2));
        assert!(bucket.take(rate, at(101), 2));
        assert!(!bucket.is_full(rate, at(400)));
        assert!(bucket.is_full(rate, at(1_000)));
        assert!(!bucket.clone().take(rate, at(1_000), 4) && bucket.take(rate, at(1_000), 3));
        assert!(bucket.is_full(rate, at(2_000)));
        assert!(bucket.take(rate, at(0), 1), "a clock that goes back takes nothing away");
    }

    #[test]
    fn one_message_of_any_size_is_made_up_for() {
        let rate = Rate { per_second: 100, burst: 100 };
        let mut bucket = Bucket::new(rate, at(0));
        assert!(bucket.take_whole(rate, at(0), 1_100));
        assert!(!bucket.take_whole(rate, at(9_999), 1));
        assert!(bucket.take_whole(rate, at(10_001), u64::MAX));
        assert!(!bucket.take_whole(rate, Duration::from_secs(1_000_000), 1));
    }

    #[test]
    fn a_session_has_to_keep_both() {
        assert!(Meter::new(None, None, at(0)).is_none());
        let few = Some(Rate { per_second: 1, burst: 2 });
        let mut meter = Meter::new(few, None, at(0)).unwrap();
        assert!(meter.take(at(0), 1, 1 << 40) && meter.take(at(0), 1, 0) && !meter.take(at(0), 1, 0));
        let mut meter = Meter::new(Some(Rate::per_second(100)), few, at(0)).unwrap();
        assert!(meter.take(at(0), 1, 2) && meter.take(at(0), 1, 0) && !meter.take(at(0), 1, 1));
    }
}
