//! What all sessions together make the server hold: what was emitted and not confirmed, what came in and waits for handlers, messages that are not whole yet.
//!
//! Each has limits of its own, but a few hundred clients that go up to these at the same time take more than a small machine has.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a session may hold in any case. It is not counted, so that most messages are sent without looking at what all sessions share.
pub(super) const FREE: usize = 16 << 10;

/// The bytes of all.
#[derive(Debug)]
pub(crate) struct Hold {
    limit: usize,
    used: AtomicUsize,
    /// Sessions that hold more than is free.
    holders: AtomicUsize,
}

/// A session's part of it, given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    hold: Arc<Hold>,
    counted: usize,
}

impl Hold {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, used: AtomicUsize::new(0), holders: AtomicUsize::new(0) })
    }

    pub(crate) fn part(self: &Arc<Self>) -> Held {
        Held { hold: self.clone(), counted: 0 }
    }

    /// May one of those who hold have so much? When half is taken, each may have its equal part of the other half: so a few that take all they can get do not
    /// end those with little. When all is taken, nobody gets more.
    fn allows(&self, bytes: usize) -> bool {
        let half = self.limit / 2;
        let used = self.used.load(Ordering::Relaxed);
        used <= half || used <= self.limit && bytes <= half / self.holders.load(Ordering::Relaxed).max(1)
    }
}

impl Held {
    /// It is to be so many bytes from now on. `false`: that is more than there is room for, and all is as it was.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        if bytes <= FREE && self.counted == 0 {
            return true;
        }
        let before = self.counted;
        self.count(bytes);
        if bytes <= before || bytes <= FREE || self.hold.allows(bytes) {
            return true;
        }
        self.count(before);
        false
    }

    /// It is so many bytes now. `false`: that is more than there is room for.
    pub(crate) fn set(&mut self, bytes: usize) -> bool {
        let fits = self.grow(bytes);
        if !fits {
            self.count(bytes);
        }
        fits
    }

    fn count(&mut self, bytes: usize) {
        let (before, now) = (self.counted, if bytes <= FREE { 0 } else { bytes });
        self.counted = now;
        if now >= before {
            self.hold.used.fetch_add(now - before, Ordering::Relaxed);
        } else {
            self.hold.used.fetch_sub(before - now, Ordering::Relaxed);
        }
        match (before, now) {
            (0, 1..) => _ = self.hold.holders.fetch_add(1, Ordering::Relaxed),
            (1.., 0) => _ = self.hold.holders.fetch_sub(1, Ordering::Relaxed),
            _ => {}
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.count(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 100 * FREE;

    #[test]
    fn who_holds_little_is_not_counted() {
        let hold = Hold::new(0);
        let mut held = hold.part();
        assert!(held.set(FREE));
        assert_eq!(hold.used.load(Ordering::Relaxed), 0);
        assert!(!held.grow(FREE + 1));
        assert!(held.set(FREE));
    }

    #[test]
    fn when_half_is_taken_each_may_have_an_equal_part_of_the_rest() {
        let hold = Hold::new(LIMIT);
        let [mut greedy, mut modest, mut third] = [(); 3].map(|()| hold.part());
        assert!(greedy.grow(40 * FREE));
        assert!(modest.grow(2 * FREE));
        assert!(!greedy.grow(60 * FREE), "a third of one half would be");
        assert!(greedy.grow(41 * FREE));
        assert!(third.grow(9 * FREE));
        assert!(modest.grow(10 * FREE) && third.grow(16 * FREE), "52 of 50, and no more than 50 / 3 each");
        assert!(!third.grow(17 * FREE));
    }

    #[test]
    fn when_all_is_taken_nobody_gets_more_until_something_is_given_back() {
        let hold = Hold::new(LIMIT);
        let [mut first, mut second] = [(); 2].map(|()| hold.part());
        assert!(!first.set(LIMIT), "it is there all the same");
        assert!(!second.grow(2 * FREE));
        assert!(first.grow(2 * FREE) && second.grow(2 * FREE));
        drop((first, second));
        assert_eq!(hold.used.load(Ordering::Relaxed) + hold.holders.load(Ordering::Relaxed), 0);
    }
}
