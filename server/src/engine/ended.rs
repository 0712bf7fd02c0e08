//! Sessions that have ended and still tell why. Each costs 2.3 KiB, so a client that opens and closes as fast as it can is not to heap them up.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;

/// As many tell why they have ended; before another does, the oldest is forgotten. Some 23 MB.
const MOST: usize = 10_000;

/// For longer than any of them is kept.
const LONG_AGO: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Ended<T> {
    most: usize,
    /// In the order of their ends.
    by_age: Mutex<VecDeque<(Duration, Weak<T>)>>,
}

impl<T> Default for Ended<T> {
    fn default() -> Self {
        Self { most: MOST, by_age: Mutex::default() }
    }
}

impl<T> Ended<T> {
    /// One more has ended. `Some`: this one is to be forgotten.
    #[must_use]
    pub(crate) fn push(&self, now: Duration, one: &Arc<T>) -> Option<Arc<T>> {
        let mut by_age = self.by_age.lock();
        by_age.push_back((now, Arc::downgrade(one)));
        if by_age.len() <= self.most {
            return None;
        }
        by_age.pop_front().and_then(|(_, oldest)| oldest.upgrade())
    }

    /// Lets go of those that are gone by now.
    pub(crate) fn sweep(&self, now: Duration) {
        let mut by_age = self.by_age.lock();
        while by_age.front().is_some_and(|(ended, _)| *ended + LONG_AGO < now) {
            by_age.pop_front();
        }
        if by_age.is_empty() && by_age.capacity() > 0 {
            *by_age = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_when_there_are_too_many() {
        let ended = Ended { most: 2, ..Ended::default() };
        let ones = [1, 2, 3, 4].map(Arc::new);
        let push = |at: u64, one: &Arc<i32>| ended.push(Duration::from_secs(at), one);
        assert_eq!((push(0, &ones[0]), push(1, &ones[1])), (None, None));
        assert_eq!(push(2, &ones[2]), Some(ones[0].clone()));
        ended.sweep(Duration::from_secs(61));
        assert_eq!(push(61, &ones[3]), Some(ones[1].clone()));
        ended.sweep(Duration::from_secs(63));
        assert_eq!(ended.by_age.lock().len(), 1, "one of those that ended long ago is gone");
        ended.sweep(Duration::from_secs(200));
        assert_eq!(ended.by_age.lock().capacity(), 0);
    }
}
