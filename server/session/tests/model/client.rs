//! The client's side, written from protocol.md, sections 3 to 5.

use super::rules::{Accept, Mutant, accept};
use super::wire::{Code, Down, Head, KEY, Kind, Number, Proof, Up, Welcome};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Client {
    /// The newest token, or the key.
    pub(crate) proof: Proof,
    pub(crate) attach: Number,
    pub(crate) emitted: Number,
    pub(crate) confirmed: Number,
    pub(crate) delivered: Vec<Number>,
    /// Carriers that it has not given up, in the order of their attaches.
    pub(crate) roads: Vec<Road>,
    /// The batch on HTTP that is not confirmed: its last message, and the attach and poll that it went with.
    batch: Option<(Number, Number, Number)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Road {
    pub(crate) attach: Number,
    pub(crate) kind: Kind,
    pub(crate) welcomed: bool,
    /// Duplex: of the next message down, and the last message up; none while the welcome has to tell.
    position: Number,
    written: Option<Number>,
    /// The count that was last said on it.
    told: Number,
    /// The last poll, and those without answer; the attach is poll 0.
    pub(crate) polls: Number,
    waiting: Vec<Number>,
}

/// What the client sends, and on which carrier.
pub(crate) type Sent = Vec<(Number, Up)>;

impl Client {
    pub(crate) fn new() -> Self {
        Self {
            proof: KEY,
            attach: 0,
            emitted: 0,
            confirmed: 0,
            delivered: Vec::new(),
            roads: Vec::new(),
            batch: None,
        }
    }

    pub(crate) fn received(&self) -> Number {
        Number::try_from(self.delivered.len()).expect("few messages")
    }

    pub(crate) fn has(&self, attach: Number) -> bool {
        self.roads.iter().any(|road| road.attach == attach)
    }

    /// Could this still change anything?
    pub(crate) fn wants(&self, attach: Number, down: &Down) -> bool {
        self.roads.iter().filter(|road| road.attach == attach).any(|road| match down {
            Down::Answer(poll, ..) | Down::Refusal(poll, _) => road.waiting.contains(poll),
            Down::Counts(_) | Down::Message(_) | Down::Welcome(_) => true,
        })
    }

    pub(crate) fn attach(&mut self, kind: Kind) -> Sent {
        self.attach += 1;
        let opening = self.proof == KEY;
        self.roads.push(Road {
            attach: self.attach,
            kind,
            welcomed: false,
            position: 0,
            written: (kind == Kind::Duplex && opening).then_some(self.confirmed),
            told: self.received(),
            polls: 0,
            waiting: vec![0],
        });
        let head = match kind {
            Kind::Duplex => {
                let first = opening.then_some(self.confirmed + 1);
                Head { poll: 0, proof: self.proof, received: self.received(), first, batch: Vec::new() }
            }
            Kind::Poll => self.head(self.attach, 0),
        };
        let mut sent = vec![(self.attach, Up::Head(head))];
        self.flush(&mut sent);
        sent
    }

    pub(crate) fn emit(&mut self, messages: Number) -> Sent {
        self.emitted += messages;
        let mut sent = Vec::new();
        self.flush(&mut sent);
        sent
    }

    /// Says the counts on the duplex carriers that have been welcomed.
    pub(crate) fn say(&mut self, mutant: Option<Mutant>) -> Sent {
        let received = self.received();
        let said = received + Number::from(mutant == Some(Mutant::SayUnsent));
        let fresh = self.roads.iter_mut().filter(|road| road.is_owed(received));
        fresh
            .map(|road| {
                road.told = received;
                (road.attach, Up::Counts(said))
            })
            .collect()
    }

    pub(crate) fn owes(&self) -> bool {
        self.roads.iter().any(|road| road.is_owed(self.received()))
    }

    /// A carrier is given up, rightly or not.
    pub(crate) fn lose(&mut self, attach: Number, mutant: Option<Mutant>) -> Sent {
        self.drop_road(attach, mutant);
        let mut sent = Vec::new();
        self.flush(&mut sent);
        sent
    }

    pub(crate) fn handle(&mut self, attach: Number, down: Down, mutant: Option<Mutant>) -> Sent {
        match down {
            Down::Answer(poll, welcome, batch) => {
                if self.answered(attach, poll) {
                    let first = welcome.first;
                    self.welcome(attach, &welcome, mutant);
                    // A gap in an answer is no fault: what stands behind it comes again.
                    let _ = self.take(first, &batch, mutant);
                }
            }
            Down::Counts(received) => self.confirm(received),
            Down::Message(message) => self.message(attach, message, mutant),
            Down::Refusal(poll, code) => {
                if self.answered(attach, poll) && code != Code::StalePoll {
                    self.drop_road(attach, mutant);
                }
            }
            Down::Welcome(welcome) => self.welcome(attach, &welcome, mutant),
        }
        let mut sent = Vec::new();
        self.flush(&mut sent);
        sent
    }

    /// True for the first answer to a request. On a duplex carrier anything may come any time.
    fn answered(&mut self, attach: Number, poll: Number) -> bool {
        let Some(road) = self.roads.iter_mut().find(|road| road.attach == attach) else {
            return false;
        };
        if road.kind == Kind::Duplex {
            return true;
        }
        let Some(at) = road.waiting.iter().position(|&waiting| waiting == poll) else {
            return false;
        };
        road.waiting.remove(at);
        self.batch.take_if(|batch| (batch.1, batch.2) == (attach, poll));
        true
    }

    fn welcome(&mut self, attach: Number, welcome: &Welcome, mutant: Option<Mutant>) {
        if let Some(token) = welcome.token {
            self.proof = token;
            let former: Vec<_> =
                self.roads.iter().map(|road| road.attach).filter(|&road| road < attach).collect();
            for road in former {
                self.drop_road(road, mutant);
            }
        }
        let gone = welcome.received < self.confirmed;
        self.confirm(welcome.received);
        let Some(road) = self.roads.iter_mut().find(|road| road.attach == attach) else { return };
        road.welcomed = true;
        if road.kind == Kind::Duplex {
            road.position = welcome.first;
            if road.written.is_none() && gone {
                return self.drop_road(attach, mutant);
            }
            let received = if mutant == Some(Mutant::SkipReplay) { self.emitted } else { welcome.received };
            road.written.get_or_insert(received);
        }
    }

    fn message(&mut self, attach: Number, message: Number, mutant: Option<Mutant>) {
        let Some(road) = self.roads.iter_mut().find(|road| road.attach == attach) else { return };
        let position = road.position;
        road.position += 1;
        if self.take(position, &[message], mutant).is_err() {
            self.drop_road(attach, mutant);
        }
    }

    fn take(&mut self, first: Number, batch: &[Number], mutant: Option<Mutant>) -> Result<(), Code> {
        for (position, message) in (first..).zip(batch) {
            match accept(position, self.received(), mutant) {
                Accept::Gap => return Err(Code::Gap),
                Accept::New => self.delivered.push(*message),
                Accept::Seen => {}
            }
        }
        Ok(())
    }

    fn confirm(&mut self, received: Number) {
        self.confirmed = self.confirmed.max(received);
        let confirmed = self.confirmed;
        self.batch.take_if(|batch| batch.0 <= confirmed);
    }

    fn drop_road(&mut self, attach: Number, mutant: Option<Mutant>) {
        self.roads.retain(|road| road.attach != attach);
        if mutant != Some(Mutant::KeepBatch) {
            self.batch.take_if(|batch| batch.1 == attach);
        }
    }

    /// The head of a body, with all that is unconfirmed behind it unless a batch is under way.
    fn head(&mut self, attach: Number, poll: Number) -> Head {
        let mut batch = Vec::new();
        if self.has_batch() {
            batch = (self.confirmed + 1..=self.emitted).collect();
            self.batch = Some((self.emitted, attach, poll));
        }
        let first = (!batch.is_empty()).then_some(self.confirmed + 1);
        Head { poll, proof: self.proof, received: self.received(), first, batch }
    }

    fn has_batch(&self) -> bool {
        self.batch.is_none() && self.emitted > self.confirmed
    }

    /// Writes and polls as soon as it may: what waits in the client cannot be told from what waits in the network.
    fn flush(&mut self, sent: &mut Sent) {
        for at in 0..self.roads.len() {
            let emitted = self.emitted;
            let road = &mut self.roads[at];
            let attach = road.attach;
            if let Some(written) = road.written {
                sent.extend((written + 1..=emitted).map(|message| (attach, Up::Message(message))));
                road.written = Some(written.max(emitted));
            }
            while self.is_poll_due(at) {
                self.roads[at].polls += 1;
                let poll = self.roads[at].polls;
                self.roads[at].waiting.push(poll);
                sent.push((attach, Up::Head(self.head(attach, poll))));
            }
        }
    }

    fn is_poll_due(&self, at: usize) -> bool {
        let road = &self.roads[at];
        road.kind == Kind::Poll
            && road.welcomed
            && (road.waiting.is_empty() || road.waiting.len() < 2 && self.has_batch())
    }
}

impl Road {
    fn is_owed(&self, received: Number) -> bool {
        self.kind == Kind::Duplex && self.welcomed && self.told < received
    }
}
