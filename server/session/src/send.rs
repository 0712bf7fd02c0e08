//! The half of a session that sends: counts, replay, credit (protocol.md, sections 3 and 6).

use crate::mutant::{Mutant, planted};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// What a half needs to know of a message.
pub trait Message: Clone {
    /// Bytes in text or binary form.
    fn size(&self) -> usize;

    /// Does sending it take credit?
    fn is_credited(&self) -> bool;

    /// What keeping it costs. Its size, if nothing else is known; the same whenever it is asked for.
    fn weight(&self) -> usize {
        self.size()
    }

    /// Is it a namespace connect, for whose answer an opening request may wait?
    fn is_connect(&self) -> bool {
        false
    }
}

/// The queue is full: the message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueFull;

/// The peer confirmed what was never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadAck;

/// Messages that were emitted and not yet confirmed, and how far the current carrier has been given them.
///
/// - *getters*: [`total`](Self::total), [`confirmed`](Self::confirmed), [`first`](Self::first), [`bytes`](Self::bytes), [`ready`](Self::ready), [`is_ready`](Self::is_ready)
/// - *commands*: [`push`](Self::push), [`push_latest`](Self::push_latest), [`rewind`](Self::rewind), [`next`](Self::next), [`give`](Self::give), [`clear`](Self::clear)
/// - *what the peer says*: [`confirm`](Self::confirm), [`grant`](Self::grant), [`set_window`](Self::set_window)
///
/// It stands alone, so that a server can lock it alone and a publisher can write in its own turn.
#[derive(Debug)]
pub struct SendHalf<M> {
    /// The messages after number `base`.
    log: VecDeque<M>,
    base: u64,
    /// What the peer has confirmed. `base` may be less: a carrier's positions follow from what is written on it, so what it has
    /// not been given yet is kept, and written to be dropped as seen.
    confirmed: u64,
    /// The number of the last message given to the current carrier.
    cursor: u64,
    /// The number of the last message ever given to any.
    sent: u64,
    /// Up to which message the peer has been asked for its counts.
    asked: u64,
    /// Credited bytes of messages up to `cursor`, up to `base`, and of all.
    spent: u64,
    spent_base: u64,
    spent_total: u64,
    /// What the peer consumed, and its window.
    consumed: u64,
    window: u64,
    bytes: usize,
    weight: usize,
    limit: usize,
    /// The last message under each key, or one that has been sent since.
    #[expect(clippy::box_collection, reason = "most have none, and are to be small")]
    latest: Option<Box<HashMap<Arc<str>, u64>>>,
}

impl<M: Message> SendHalf<M> {
    /// An empty half that holds at most `limit` bytes and knows no window yet.
    pub fn new(limit: usize) -> Self {
        Self {
            log: VecDeque::new(),
            base: 0,
            confirmed: 0,
            cursor: 0,
            sent: 0,
            asked: 0,
            spent: 0,
            spent_base: 0,
            spent_total: 0,
            consumed: 0,
            window: 0,
            bytes: 0,
            weight: 0,
            limit,
            latest: None,
        }
    }

    /// How many messages were ever pushed.
    pub fn total(&self) -> u64 {
        self.base + self.log.len() as u64
    }

    /// How many the peer has confirmed.
    pub fn confirmed(&self) -> u64 {
        self.confirmed
    }

    /// Up to which number messages are gone for good.
    pub(crate) fn base(&self) -> u64 {
        self.base
    }

    /// The number of the last message ever sent.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// The number of the message that [`next`](Self::next) would give.
    pub fn first(&self) -> u64 {
        self.cursor + 1
    }

    /// How many messages are unconfirmed.
    pub fn unconfirmed(&self) -> u64 {
        self.total() - self.confirmed
    }

    /// Bytes of the messages that are kept.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What keeping them costs.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// Bytes of the messages that the current carrier has been given and the peer has not confirmed.
    pub fn replay_bytes(&self) -> usize {
        let given = (self.cursor - self.base) as usize;
        self.log.iter().take(given).map(Message::size).sum()
    }

    /// The peer's receive window.
    pub fn window(&self) -> u64 {
        self.window
    }

    /// Must the peer be asked for its counts, by a heartbeat behind what has been given? So that the queue does not get full of what the peer has received long
    /// since: it tells by itself only after a quarter of its own window, which may be more than the queue holds. One question at a time: whoever calls this asks.
    pub fn asks(&mut self) -> bool {
        let asks = self.bytes > self.limit / 4 && self.asked <= self.confirmed && self.confirmed < self.sent;
        if asks {
            self.asked = self.sent;
        }
        asks
    }

    /// The carrier that the last question went over is gone.
    pub(crate) fn forget_question(&mut self) {
        self.asked = 0;
    }

    /// The most bytes it may hold.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Has everything been given to the current carrier?
    pub fn is_drained(&self) -> bool {
        self.cursor == self.total()
    }

    /// Would [`next`](Self::next) give a message now?
    pub fn is_ready(&self) -> bool {
        self.log
            .get((self.cursor - self.base) as usize)
            .is_some_and(|message| self.affords(self.cursor + 1, self.spent, message))
    }

    /// The messages that [`next`](Self::next) would give now, one after the other.
    pub fn ready(&self) -> impl Iterator<Item = &M> {
        let (mut number, mut spent) = (self.cursor, self.spent);
        self.log.range((self.cursor - self.base) as usize..).take_while(move |&message| {
            number += 1;
            let affords = self.affords(number, spent, message);
            spent += credited(std::iter::once(message));
            affords
        })
    }

    /// Takes a message and gives it the next number.
    ///
    /// # Errors
    /// [`QueueFull`] when it would pass the limit; the message was not taken.
    pub fn push(&mut self, message: M) -> Result<u64, QueueFull> {
        let size = message.size();
        let bytes = self.bytes + size;
        if bytes > self.limit && !(self.bytes <= self.limit && planted(Mutant::LimitOneOver)) {
            return Err(QueueFull);
        }
        self.bytes = bytes;
        self.weight += message.weight();
        if message.is_credited() {
            self.spent_total += size as u64;
        }
        self.log.push_back(message);
        Ok(self.total())
    }

    /// Takes a message of which only the latest under its key matters: while a former one waits, it has that one's number and place. What has been given to any
    /// carrier is never replaced: the peer may have counted it.
    ///
    /// # Errors
    /// As for [`push`](Self::push).
    pub fn push_latest(&mut self, key: &Arc<str>, message: M) -> Result<u64, QueueFull> {
        if let Some(number) = self.waiting(key) {
            return self.replace(number, message);
        }
        let number = self.push(message)?;
        let (sent, waiting) = (self.sent, (number - self.sent.min(number)) as usize);
        let latest = self.latest.get_or_insert_default();
        if latest.len() > 2 * waiting + 16 {
            // Each number in it was pushed once, so this is seldom.
            latest.retain(|_, number| *number > sent);
        }
        latest.insert(key.clone(), number);
        Ok(number)
    }

    /// Would [`push_latest`](Self::push_latest) replace a message that waits?
    pub fn holds(&self, key: &str) -> bool {
        self.waiting(key).is_some()
    }

    fn waiting(&self, key: &str) -> Option<u64> {
        self.latest.as_ref()?.get(key).copied().filter(|number| *number > self.sent)
    }

    fn replace(&mut self, number: u64, message: M) -> Result<u64, QueueFull> {
        let slot = &mut self.log[(number - self.base - 1) as usize];
        let bytes = self.bytes - slot.size() + message.size();
        if bytes > self.limit {
            return Err(QueueFull);
        }
        self.bytes = bytes;
        self.weight = self.weight - slot.weight() + message.weight();
        self.spent_total =
            self.spent_total - credited(std::iter::once(&*slot)) + credited(std::iter::once(&message));
        *slot = message;
        Ok(number)
    }

    /// Gives the next message to the current carrier, if there is one and credit for it.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator would hold the half borrowed between messages"
    )]
    pub fn next(&mut self) -> Option<&M> {
        self.forget();
        if !self.is_ready() {
            return None;
        }
        let message = self.log.get((self.cursor - self.base) as usize)?;
        if message.is_credited() {
            self.spent += message.size() as u64;
        }
        self.cursor += 1;
        self.sent = self.sent.max(self.cursor);
        Some(message)
    }

    /// Gives the next `count` messages to the current carrier at once, all of which [`ready`](Self::ready) has shown.
    pub fn give(&mut self, count: usize) {
        let from = (self.cursor - self.base) as usize;
        self.spent += credited(self.log.range(from..from + count));
        self.cursor += count as u64;
        self.sent = self.sent.max(self.cursor);
        self.forget();
    }

    /// What was sent once had its credit: a replay never waits, so the cursor is never behind what the peer may confirm.
    fn affords(&self, number: u64, spent: u64, message: &M) -> bool {
        planted(Mutant::CreditIgnored)
            || number <= self.sent
            || !message.is_credited()
            || spent + message.size() as u64 <= self.consumed + self.window
    }

    /// The unconfirmed messages for one body: as many as credit allows and `most` bytes hold, but at least one.
    /// The current carrier's place is not moved.
    pub fn batch(&mut self, most: usize) -> Vec<M> {
        let seen = (self.confirmed - self.base) as usize;
        let mut spent = self.spent_base + credited(self.log.iter().take(seen));
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for message in self.log.iter().skip(seen) {
            let number = self.confirmed + batch.len() as u64 + 1;
            bytes += message.size();
            if !self.affords(number, spent, message) || bytes > most && !batch.is_empty() {
                break;
            }
            spent += credited(std::iter::once(message));
            batch.push(message.clone());
        }
        if !planted(Mutant::BatchNotSent) {
            self.sent = self.sent.max(self.confirmed + batch.len() as u64);
        }
        batch
    }

    /// The bytes of the first `count` unconfirmed messages.
    pub fn size_of(&self, count: u64) -> usize {
        let seen = (self.confirmed - self.base) as usize;
        self.log.iter().skip(seen).take(count as usize).map(Message::size).sum()
    }

    /// Starts a carrier or a body: goes on behind `received`, or behind what is confirmed if that is more.
    pub fn rewind(&mut self, received: u64) {
        self.seek(received.max(self.confirmed) + u64::from(planted(Mutant::ReplayOneLate)));
        self.forget();
    }

    /// Goes on behind message `number`, if that is still there.
    pub(crate) fn seek(&mut self, number: u64) {
        let target = number.clamp(self.base, self.total());
        if target != self.cursor {
            self.cursor = target;
            if planted(Mutant::CreditSpentTwice) {
                return;
            }
            let skipped = (target - self.base) as usize;
            self.spent = self.spent_base + credited(self.log.iter().take(skipped));
        }
    }

    /// The peer says how many messages it has received. Less than it said before is ignored.
    ///
    /// # Errors
    /// [`BadAck`] when it is more than was sent.
    pub fn confirm(&mut self, received: u64) -> Result<(), BadAck> {
        if received > self.sent && !planted(Mutant::UnsentConfirmed) {
            return Err(BadAck);
        }
        let more = u64::from(received < self.sent && planted(Mutant::ConfirmsOneMore));
        self.confirmed = self.confirmed.max(received + more);
        self.forget();
        Ok(())
    }

    fn forget(&mut self) {
        while self.base < self.confirmed.min(self.cursor) && !planted(Mutant::NeverTrimmed) {
            let Some(message) = self.log.pop_front() else { break };
            self.base += 1;
            self.weight -= message.weight();
            self.bytes -= if planted(Mutant::BytesNeverFreed) { 0 } else { message.size() };
            if message.is_credited() {
                self.spent_base += message.size() as u64;
            }
        }
        if self.log.is_empty() && self.log.capacity() > 0 {
            // An idle session keeps no buffer.
            self.log = VecDeque::new();
            self.latest = None;
        }
    }

    /// The peer says how many credited bytes it has consumed. More than it can have received is ignored.
    pub fn grant(&mut self, consumed: u64) {
        if !planted(Mutant::GrantIgnored) {
            self.consumed = self.consumed.max(consumed.min(self.spent_total));
        }
    }

    /// The peer says its window.
    pub fn set_window(&mut self, window: u64) {
        self.window = window;
    }

    /// Forgets everything: the session has ended. Gives the number of messages that were not confirmed.
    pub fn clear(&mut self) -> u64 {
        let unconfirmed = self.unconfirmed();
        self.confirmed = self.total();
        (self.base, self.cursor, self.sent) = (self.confirmed, self.confirmed, self.confirmed);
        self.log = VecDeque::new();
        self.latest = None;
        (self.bytes, self.weight) = (0, 0);
        self.limit = 0;
        if planted(Mutant::LossOvertold) {
            return self.confirmed;
        }
        unconfirmed.saturating_sub(u64::from(planted(Mutant::LossUntold)))
    }
}

fn credited<'a, M: Message + 'a>(messages: impl Iterator<Item = &'a M>) -> u64 {
    messages.filter(|message| message.is_credited()).map(|message| message.size() as u64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Size(usize);

    impl Message for Size {
        fn size(&self) -> usize {
            self.0
        }

        fn is_credited(&self) -> bool {
            self.0 >= 10
        }
    }

    fn half(sizes: &[usize]) -> SendHalf<Size> {
        let mut half = SendHalf::new(1_000);
        half.set_window(100);
        for size in sizes {
            half.push(Size(*size)).unwrap();
        }
        half
    }

    #[test]
    fn many_are_given_as_one_by_one() {
        let (mut one, mut many) = (half(&[50, 1, 40, 20]), half(&[50, 1, 40, 20]));
        let count = many.ready().count();
        many.give(count);
        assert_eq!((count, drain(&mut one)), (3, 3));
        assert_eq!((many.first(), many.sent(), many.ready().count()), (one.first(), one.sent(), 0));
        for half in [&mut one, &mut many] {
            half.grant(50);
            half.confirm(3).unwrap();
        }
        assert_eq!((many.bytes(), many.ready().count()), (one.bytes(), one.ready().count()));
    }

    fn drain(half: &mut SendHalf<Size>) -> usize {
        std::iter::from_fn(|| half.next().map(|_| ())).count()
    }

    #[test]
    fn credit_is_spent_once_however_often_a_message_is_replayed() {
        let mut half = half(&[50, 40, 20, 1]);
        assert_eq!(half.ready().count(), 2);
        assert_eq!(drain(&mut half), 2);
        assert_eq!(half.ready().count(), 0);
        half.rewind(0);
        assert_eq!(half.ready().count(), 2);
        assert_eq!(drain(&mut half), 2);
        half.grant(50);
        assert_eq!(drain(&mut half), 2, "order is kept: what needs no credit waits behind what does");
        half.confirm(1).unwrap();
        half.rewind(1);
        assert_eq!((half.first(), drain(&mut half)), (2, 3));
    }

    #[test]
    fn confirming_frees_and_never_goes_back() {
        let mut half = half(&[10, 20, 30]);
        assert_eq!(half.confirm(1), Err(BadAck), "not sent yet");
        assert_eq!(drain(&mut half), 3);
        half.confirm(2).unwrap();
        half.rewind(0);
        assert_eq!((half.bytes(), half.unconfirmed(), half.first()), (30, 1, 3));
        half.confirm(1).unwrap();
        assert_eq!(half.confirmed(), 2);
        assert_eq!(half.confirm(4), Err(BadAck));
        half.rewind(0);
        assert_eq!(half.first(), 3);
    }

    #[test]
    fn a_carrier_skips_nothing_that_was_confirmed_another_way() {
        let mut half = half(&[10, 20, 30]);
        drain(&mut half);
        half.rewind(0);
        half.confirm(2).unwrap();
        assert_eq!((half.confirmed(), half.unconfirmed()), (2, 1));
        assert_eq!((half.first(), drain(&mut half)), (1, 3));
        half.rewind(0);
        assert_eq!((half.first(), half.bytes()), (3, 30));
    }

    #[test]
    fn the_limit_refuses_and_keeps() {
        let mut half = half(&[600]);
        assert_eq!(half.push(Size(401)), Err(QueueFull));
        assert_eq!(half.push(Size(400)), Ok(2));
        half.set_window(600);
        assert_eq!(drain(&mut half), 1);
        half.confirm(1).unwrap();
        assert_eq!(half.push(Size(600)), Ok(3));
    }

    fn latest(half: &mut SendHalf<Size>, key: &str, size: usize) -> Result<u64, QueueFull> {
        half.push_latest(&key.into(), Size(size))
    }

    #[test]
    fn while_it_waits_the_newer_one_takes_its_place() {
        let mut half = half(&[60]);
        assert_eq!(latest(&mut half, "a", 50), Ok(2));
        assert_eq!(half.push(Size(5)), Ok(3));
        assert_eq!(latest(&mut half, "b", 20), Ok(4));
        assert_eq!(latest(&mut half, "a", 30), Ok(2));
        assert_eq!((half.bytes(), half.total()), (60 + 30 + 5 + 20, 4));
        let given: Vec<_> = std::iter::from_fn(|| half.next().cloned()).collect();
        assert_eq!(given, [Size(60), Size(30), Size(5)], "what it takes of the window is its own size");
        assert!(half.holds("b") && !half.holds("a"));
        half.grant(1_000);
        assert_eq!(latest(&mut half, "a", 10), Ok(5), "the one before is on its way");
        half.rewind(1);
        assert_eq!(latest(&mut half, "a", 11), Ok(5));
        let given: Vec<_> = std::iter::from_fn(|| half.next().cloned()).collect();
        assert_eq!(given, [Size(30), Size(5), Size(20), Size(11)], "what was sent is sent again as it was");
    }

    #[test]
    fn one_that_is_sent_is_never_replaced() {
        let mut half = half(&[]);
        for number in 1..=40 {
            assert_eq!(latest(&mut half, "a", 1), Ok(number));
            assert_eq!(drain(&mut half), 1);
        }
        half.rewind(0);
        assert_eq!(latest(&mut half, "a", 1), Ok(41));
        assert_eq!((half.bytes(), half.total()), (41, 41));
        assert_eq!(drain(&mut half), 41);
        half.confirm(41).unwrap();
        half.rewind(41);
        assert!(half.latest.is_none(), "an idle session keeps no keys");
    }

    #[test]
    fn keys_are_kept_only_while_their_messages_wait() {
        let mut half = half(&[]);
        half.set_window(1_000);
        for number in 0..1_000 {
            latest(&mut half, &number.to_string(), 1).unwrap();
            if half.next().is_some() && number > 10 {
                half.confirm(number - 10).unwrap();
            }
            // One always waits.
            if number == 0 {
                half.push(Size(1)).unwrap();
            }
        }
        assert!(half.latest.as_ref().is_some_and(|latest| latest.len() < 40));
    }

    #[test]
    fn one_that_would_not_fit_leaves_the_older_one() {
        let mut half = half(&[600]);
        assert_eq!(latest(&mut half, "a", 300), Ok(2));
        assert_eq!(latest(&mut half, "a", 500), Err(QueueFull));
        assert_eq!((half.bytes(), half.holds("a")), (900, true));
        assert_eq!(latest(&mut half, "a", 400), Ok(2));
        half.clear();
        assert!(!half.holds("a"));
    }
}
