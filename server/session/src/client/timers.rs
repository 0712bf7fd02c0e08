//! Time: when to look again, and what is given up then.

use super::carrier::Road;
use super::{Kind, Purpose, Session, State};
use crate::code::Code;
use crate::mutant::{Mutant, planted};
use crate::send::Message;
use crate::server::Instant;

impl<M: Message, U: Message> Session<M, U> {
    /// When to call [`super::Input::Timeout`] next.
    pub fn next_timeout(&self) -> Option<Instant> {
        if self.state == State::Ended {
            return None;
        }
        let requests =
            self.roads.iter().flat_map(|road| &road.requests).filter_map(|pending| pending.deadline);
        let deadlines = self.roads.iter().map(|road| road.deadline);
        deadlines.chain(self.closing_until).chain(requests).chain(self.next_poll()).min()
    }

    /// When a loop of polls that do not hang goes on.
    fn next_poll(&self) -> Option<Instant> {
        let current = self.roads.iter().find(|road| Some(road.carrier) == self.current)?;
        let asks = current.requests.iter().any(|pending| pending.purpose == Purpose::Poll);
        (current.kind == Kind::Poll && !asks).then_some(current.rested)
    }

    pub(super) fn timeout(&mut self, now: Instant) {
        let is_over = |road: &&Road| {
            let mut deadlines = road.requests.iter().filter_map(|pending| pending.deadline);
            road.deadline <= now && !planted(Mutant::MutePathKept)
                || deadlines.any(|deadline| deadline <= now) && !planted(Mutant::RequestKept)
        };
        for carrier in self.roads.iter().filter(is_over).map(|road| road.carrier).collect::<Vec<_>>() {
            self.lose(carrier, Some(Code::Timeout));
        }
        if self.closing_until.is_some_and(|until| until <= now) && !planted(Mutant::ClientCloseNeverGivenUp) {
            self.give_up_close();
        }
    }
}
