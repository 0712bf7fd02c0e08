//! The half of a session that receives: counts, positions, credit given (protocol.md, sections 3 and 6).

use crate::code::Code;
use crate::mutant::{Mutant, planted};
use crate::send::Message;

/// What becomes of a message that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// The next one: it is the application's now.
    New,
    /// Seen before: drop it.
    Seen,
}

/// What has been received, and what the peer has been told of it.
#[derive(Debug)]
pub struct ReceiveHalf {
    received: u64,
    /// Bytes of credited messages: received, and consumed by the application.
    credited: u64,
    consumed: u64,
    /// Bytes of all messages received since the counts were last said.
    fresh: u64,
    told: (u64, u64),
    window: u64,
    /// The position where something malformed stood.
    poison: Option<u64>,
}

impl ReceiveHalf {
    /// An empty half that gives a credit of `window` bytes.
    pub fn new(window: u64) -> Self {
        Self { received: 0, credited: 0, consumed: 0, fresh: 0, told: (0, 0), window, poison: None }
    }

    /// Messages accepted.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// The counts to say: received, consumed.
    pub fn counts(&self) -> (u64, u64) {
        (self.received + u64::from(planted(Mutant::CountsOneAhead)), self.consumed)
    }

    /// The counts are being said.
    pub fn told(&mut self) {
        self.told = self.counts();
        self.fresh = 0;
    }

    /// Has anything changed since the counts were said?
    pub fn has_news(&self) -> bool {
        self.told != self.counts()
    }

    /// Has a message come since the counts were said?
    pub(crate) fn is_fresh(&self) -> bool {
        self.fresh > 0
    }

    /// Has enough changed that the counts must be said without being asked?
    pub fn owes(&self) -> bool {
        let quarter = self.window / 4;
        (self.fresh >= quarter || self.consumed - self.told.1 >= quarter) && !planted(Mutant::CountsNotOwed)
    }

    /// A message stands at `position`, which moves on.
    ///
    /// # Errors
    /// [`Code::Gap`] when messages are missing before it, [`Code::Credit`] when the peer had no credit for it.
    pub fn accept(&mut self, position: &mut u64, message: &impl Message) -> Result<Accept, Code> {
        let number = *position;
        // Behind a gap too: what is dropped there still counts for the places of the rest.
        *position += 1;
        if number > self.received + 1 && !planted(Mutant::GapTaken) {
            self.received += u64::from(planted(Mutant::AckBeforeAccept));
            return Err(Code::Gap);
        }
        if number + u64::from(planted(Mutant::SeenTakenAgain)) <= self.received {
            *position -= u64::from(planted(Mutant::SeenKeepsItsPlace));
            return Ok(Accept::Seen);
        }
        let size = message.size() as u64;
        if message.is_credited() {
            if self.credited + size > self.consumed + self.window {
                return Err(Code::Credit);
            }
            self.credited += size;
        }
        self.fresh += size;
        self.received += 1;
        Ok(Accept::New)
    }

    /// Credited bytes that the application has not finished with.
    pub fn unconsumed(&self) -> u64 {
        self.credited - self.consumed
    }

    /// The application has finished with so many credited bytes.
    pub fn consume(&mut self, bytes: u64) {
        let times = 1 + u64::from(planted(Mutant::CreditGivenTwice)) - u64::from(planted(Mutant::CreditKept));
        self.consumed = (self.consumed + bytes * times).min(self.credited);
    }

    /// Something malformed stands at `position`. True when that happened there before: the session must end.
    pub fn malformed(&mut self, position: u64) -> bool {
        self.poison.replace(position) == Some(position) && !planted(Mutant::PoisonForgotten)
    }
}
