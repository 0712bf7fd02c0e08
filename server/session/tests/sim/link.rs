//! An adversarial network in virtual time: what is under way, when it arrives, and what of it never does.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use super::dice::Dice;

/// One direction of one connection: it keeps order, and loses a suffix when it is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    Down(u64),
    Up(u64),
}

/// How bad the network is.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    /// The longest ordinary delay, in milliseconds.
    pub(crate) delay: u64,
    /// In percent of requests: lost on the way up, answered into the void, repeated, late by many seconds.
    pub(crate) lost: u64,
    pub(crate) unanswered: u64,
    pub(crate) repeated: u64,
    pub(crate) late: u64,
    /// In percent of carriers and answers: cut at some point.
    pub(crate) cut: u64,
}

impl Weather {
    pub(crate) fn random(dice: &mut Dice) -> Self {
        let bad = dice.pick(&[0, 1, 1, 2, 4]);
        Self {
            delay: dice.pick(&[5, 50, 300, 2_000]),
            lost: dice.between(0, 10) * bad,
            unanswered: dice.between(0, 10) * bad,
            repeated: dice.between(0, 10) * bad,
            late: dice.between(0, 6) * bad,
            cut: dice.between(0, 12) * bad,
        }
    }

    pub(crate) fn fair() -> Self {
        Self { delay: 20, lost: 0, unanswered: 0, repeated: 0, late: 0, cut: 0 }
    }
}

struct Due<E> {
    at: Duration,
    order: u64,
    event: E,
}

impl<E> PartialEq for Due<E> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}

impl<E> Eq for Due<E> {}

impl<E> PartialOrd for Due<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Due<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// Everything that is under way.
pub(crate) struct Link<E> {
    queue: BinaryHeap<Reverse<Due<E>>>,
    order: u64,
    /// When the last thing on a lane arrives.
    last: BTreeMap<Lane, Duration>,
    /// From when on a lane carries nothing.
    dead: BTreeMap<Lane, Duration>,
}

impl<E> Link<E> {
    pub(crate) fn new() -> Self {
        Self { queue: BinaryHeap::new(), order: 0, last: BTreeMap::new(), dead: BTreeMap::new() }
    }

    pub(crate) fn next_at(&self) -> Option<Duration> {
        self.queue.peek().map(|due| due.0.at)
    }

    pub(crate) fn pop(&mut self) -> Option<E> {
        self.queue.pop().map(|due| due.0.event)
    }

    /// Arrives at some time, in no order with others.
    pub(crate) fn at(&mut self, at: Duration, event: E) {
        self.order += 1;
        self.queue.push(Reverse(Due { at, order: self.order, event }));
    }

    /// Sends something on a lane: it arrives behind what was sent before, or not at all.
    pub(crate) fn send(&mut self, lane: Lane, earliest: Duration, event: E) {
        let at = self.last.get(&lane).copied().unwrap_or_default().max(earliest);
        self.last.insert(lane, at);
        if self.dead.get(&lane).is_none_or(|dead| at < *dead) {
            self.at(at, event);
        }
    }

    /// From then on the lane carries nothing that was not sent to arrive before.
    pub(crate) fn cut(&mut self, lane: Lane, at: Duration) {
        let dead = self.dead.entry(lane).or_insert(at);
        *dead = (*dead).min(at);
    }

    /// Is it dead by now?
    pub(crate) fn is_dead(&self, lane: Lane, now: Duration) -> bool {
        self.dead.get(&lane).is_some_and(|dead| *dead <= now)
    }
}
