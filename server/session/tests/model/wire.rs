//! What is in flight. A body or answer is one item; a message is its number, which stands for its content.

/// Counts, positions, attach and poll numbers, all from 1.
pub(crate) type Number = u8;

/// What proves a session: the key is 0, the tokens follow from 1.
pub(crate) type Proof = u8;

/// The key of the client.
pub(crate) const KEY: Proof = 0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Duplex,
    Poll,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Code {
    BadAck,
    Gap,
    Stale,
    StalePoll,
    StaleToken,
    TakenOver,
    UnknownSession,
}

/// An attach (poll 0) or a poll, with what stands behind it in its body.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Head {
    pub(crate) poll: Number,
    pub(crate) proof: Proof,
    pub(crate) received: Number,
    pub(crate) first: Option<Number>,
    pub(crate) batch: Vec<Number>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Up {
    Counts(Number),
    Head(Head),
    Message(Number),
}

/// A full welcome has a token, a short one has not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Welcome {
    pub(crate) token: Option<Proof>,
    pub(crate) first: Number,
    pub(crate) received: Number,
}

/// `Answer` and `Refusal` name the poll that they answer; on a duplex carrier that is 0.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Down {
    Answer(Number, Welcome, Vec<Number>),
    Counts(Number),
    Message(Number),
    Refusal(Number, Code),
    Welcome(Welcome),
}

/// The two directions of one carrier: in order on a duplex one, in any order between requests and between answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Link {
    pub(crate) attach: Number,
    pub(crate) kind: Kind,
    /// The server has closed it: what goes up is for nobody.
    pub(crate) closed: bool,
    pub(crate) up: Vec<Up>,
    pub(crate) down: Vec<Down>,
}

impl Link {
    pub(crate) fn new(attach: Number, kind: Kind) -> Self {
        Self { attach, kind, closed: false, up: Vec::new(), down: Vec::new() }
    }

    pub(crate) fn send_up(&mut self, item: Up) {
        if !self.closed {
            put(self.kind, &mut self.up, item);
        }
    }

    pub(crate) fn send_down(&mut self, item: Down) {
        put(self.kind, &mut self.down, item);
    }

    /// How many items could arrive next. Those that have equal ones before them are not worth a try of their own.
    pub(crate) fn heads<T: PartialEq>(&self, items: &[T]) -> Vec<usize> {
        match self.kind {
            Kind::Duplex => (0..items.len().min(1)).collect(),
            Kind::Poll => (0..items.len()).filter(|&at| at == 0 || items[at] != items[at - 1]).collect(),
        }
    }
}

/// Without an order of their own, items are sorted, so that equal networks are equal states.
fn put<T: Ord>(kind: Kind, items: &mut Vec<T>, item: T) {
    items.push(item);
    if kind == Kind::Poll {
        items.sort();
    }
}
