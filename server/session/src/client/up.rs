//! What goes up: frames on a WebSocket, posts and polls (protocol.md, sections 3 and 4.4).

use super::carrier::{Pending, QUIET};
use super::{Carrier, Head, Kind, Output, Purpose, Request, Session};
use crate::mutant::{Mutant, planted};
use crate::send::Message;
use crate::server::{Instant, Up};
use crate::wire::Post;

/// A body that has passed lets the next be so many bytes larger.
const GROWTH: usize = 1024;

/// A batch of so many bytes passes wherever anything does.
const SMALL: usize = 1024;

/// So often a message is tried alone, while other requests pass.
const TRIES: u32 = 8;

/// What was sent on HTTP and is not confirmed. Its serial is repeated until it is.
#[derive(Debug)]
pub(super) struct Batch {
    serial: u64,
    /// The number of its last message; 0 if there is none.
    pub(super) last: u64,
    /// The request that carries it, if that has not failed.
    pub(super) request: Option<Request>,
}

impl<M: Message, U: Message> Session<M, U> {
    /// Writes what there is to write.
    pub(super) fn flush(&mut self, now: Instant) {
        for carrier in self.roads.iter().map(|road| road.carrier).collect::<Vec<_>>() {
            match self.road(carrier).map(|road| road.kind) {
                Some(Kind::Duplex) => self.write(carrier),
                Some(_) if self.current == Some(carrier) => self.ask(now, carrier),
                _ => {}
            }
        }
        // What no carrier could take at once is gone.
        self.volatile.clear();
    }

    fn write(&mut self, carrier: Carrier) {
        let Some(written) = self.road(carrier).and_then(|road| road.written) else { return };
        if written < self.send.base() && !planted(Mutant::LateWebSocketKept) {
            // Another carrier was faster; the welcome will give this one up.
            return;
        }
        if self.id().is_some() && self.current != Some(carrier) && !planted(Mutant::WrittenBeforeWelcome) {
            // Its attach opens what another carrier has opened meanwhile, or, after a restart, a session of its own: only its welcome tells.
            return;
        }
        if !planted(Mutant::PlaceOfOtherCarrier) {
            self.send.seek(written);
        }
        while let Some(message) = self.send.next() {
            self.outputs.push_back(Output::Write(carrier, Up::Message(message.clone())));
        }
        let (written, done) = (self.send.first() - 1, self.send.is_drained());
        if let Some(road) = self.road(carrier) {
            road.written = Some(written);
        }
        if self.current != Some(carrier) {
            return;
        }
        if done {
            for message in std::mem::take(&mut self.volatile) {
                self.outputs.push_back(Output::Write(carrier, Up::Volatile(message)));
            }
        }
        if self.beat || self.receive.owes() {
            let (received, consumed) = self.say_counts();
            self.outputs.push_back(Output::Write(carrier, Up::Counts(received, consumed)));
        }
        if done && let Some(close) = self.closes() {
            self.outputs.push_back(Output::Write(carrier, Up::Close(close)));
        }
    }

    /// Makes the requests that the current carrier needs.
    fn ask(&mut self, now: Instant, carrier: Carrier) {
        let free =
            self.batch.as_ref().is_none_or(|batch| batch.request.is_none()) || planted(Mutant::TwoBatches);
        self.send.rewind(0);
        let load = free && (self.send.is_ready() || !self.volatile.is_empty() || self.must_close());
        let due = load || self.beat || self.receive.owes();
        let Some(road) = self.road(carrier) else { return };
        if road.kind == Kind::Poll {
            let polls = road.requests.iter().filter(|pending| pending.purpose == Purpose::Poll).count();
            if polls == 0 && road.rested <= now || polls < 2 && due {
                self.request(now, carrier, Purpose::Poll, free);
            }
        } else if due {
            self.request(now, carrier, Purpose::Post, free);
        }
    }

    /// Makes a request; with `load` it takes along what there is to send.
    pub(super) fn request(&mut self, now: Instant, carrier: Carrier, purpose: Purpose, load: bool) {
        self.requests += 1;
        let request = self.requests;
        let rested = now + if self.rest.is_zero() { QUIET } else { self.rest };
        let deadline = (purpose != Purpose::Attach).then_some(now + self.mute);
        let Some(road) = self.road(carrier) else { return };
        road.requests.push(Pending { request, purpose, position: None, deadline });
        if purpose == Purpose::Poll {
            road.polls += u64::from(road.polls == 0 || !planted(Mutant::PollNumberStands));
            road.rested = rested;
        }
        let (attach, poll) = (road.attach, (purpose == Purpose::Poll).then_some((road.attach, road.polls)));
        let (mut batch, mut first, mut serial) = (Vec::new(), None, None);
        // What may not pass must not keep a carrier from attaching.
        if load && (purpose != Purpose::Attach || self.send.size_of(1) <= self.body) {
            (batch, first, serial) = self.load(request, carrier);
        }
        if !batch.is_empty() {
            self.brought(now, carrier);
        }
        let head = match purpose {
            Purpose::Attach => Some(Head::Attach(self.head(attach, first, serial))),
            Purpose::Poll | Purpose::Post => self.post(first, serial, poll).map(Head::Post),
        };
        if let Some(head) = head.map(Box::new) {
            self.outputs.push_back(Output::Request { request, carrier, purpose, head, batch });
        }
    }

    fn load(&mut self, request: Request, carrier: Carrier) -> (Vec<Up<M>>, Option<u64>, Option<u64>) {
        let repeated = self.batch.take().map(|batch| batch.serial).filter(|_| !planted(Mutant::SerialPerTry));
        let confirmed = self.send.confirmed();
        if repeated.is_none() {
            self.body = self.config.body.min(self.body + GROWTH);
        }
        let mut batch: Vec<_> = self.send.batch(self.body).into_iter().map(Up::Message).collect();
        let last = confirmed + batch.len() as u64;
        let first = (last > confirmed).then_some(confirmed + 1);
        if last == self.send.total() {
            let volatile = std::mem::take(&mut self.volatile);
            // Those of a repeated serial would be dropped.
            if repeated.is_none() {
                batch.extend(volatile.into_iter().map(Up::Volatile));
            }
            let welcomed = self.road(carrier).is_some_and(|road| road.welcomed);
            if welcomed && let Some(close) = self.closes() {
                batch.push(Up::Close(close));
            }
        }
        if batch.is_empty() {
            return (batch, None, None);
        }
        let serial = repeated.unwrap_or_else(|| {
            self.serial += u64::from(self.serial == 0 || !planted(Mutant::SerialStands));
            self.serial
        });
        let last = if first.is_some() { last } else { 0 };
        self.batch = Some(Batch { serial, last, request: Some(request) });
        (batch, first, Some(serial))
    }

    /// A body with this batch has not passed, perhaps for its size: the next one is smaller. True if it cannot be.
    pub(super) fn narrow(&mut self, last: u64, welcomed: bool) -> bool {
        let count = last.saturating_sub(self.send.confirmed());
        let bytes = self.send.size_of(count);
        if bytes <= SMALL {
            return false;
        }
        self.body = bytes / 2;
        if count > 1 || !welcomed {
            return false;
        }
        let tries = if self.stuck.0 == last { self.stuck.1 + 1 } else { 1 };
        self.stuck = (last, tries);
        tries >= TRIES
    }

    pub(super) fn post(
        &mut self,
        first: Option<u64>,
        serial: Option<u64>,
        poll: Option<(u64, u64)>,
    ) -> Option<Post> {
        let (session, token) = self.named.clone()?;
        let (received, consumed) = self.say_counts();
        let (attach, poll) = poll.unzip();
        let wait = (poll.is_some() && !self.rest.is_zero()).then_some(0);
        Some(Post { session, token, received, consumed, serial, first, attach, poll, wait })
    }

    pub(super) fn say_counts(&mut self) -> (u64, u64) {
        self.beat = false;
        self.receive.told();
        self.receive.counts()
    }
}
