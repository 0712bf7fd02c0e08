//! The server's side, written from protocol.md, sections 3 to 5.

use super::rules::{Accept, Mutant, accept};
use super::secrets::Secrets;
use super::wire::{Code, Down, Head, Kind, Number, Up, Welcome};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Server {
    /// None until an attach with the key has made the session.
    pub(crate) secrets: Option<Secrets>,
    /// The last attach that was accepted.
    pub(crate) attach: Number,
    pub(crate) emitted: Number,
    pub(crate) confirmed: Number,
    pub(crate) sent: Number,
    pub(crate) delivered: Vec<Number>,
    /// The current carriers: at most one, unless a rule is broken.
    pub(crate) current: Vec<Current>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Current {
    pub(crate) attach: Number,
    pub(crate) kind: Kind,
    /// Duplex: of the next message up, and the last message down.
    position: Number,
    written: Number,
    /// The count that was last said on it.
    pub(crate) told: Number,
    /// Poll: the highest number, and the one that hangs with its received count.
    highest: Number,
    hanging: Option<(Number, Number)>,
}

/// What the server wants done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Close(Number),
    Send(Number, Down),
}

impl Server {
    pub(crate) fn new() -> Self {
        Self {
            secrets: None,
            attach: 0,
            emitted: 0,
            confirmed: 0,
            sent: 0,
            delivered: Vec::new(),
            current: Vec::new(),
        }
    }

    pub(crate) fn received(&self) -> Number {
        Number::try_from(self.delivered.len()).expect("few messages")
    }

    pub(crate) fn proves(&self, proof: u8) -> bool {
        self.secrets.clone().is_none_or(|mut secrets| secrets.prove(proof).is_ok())
    }

    pub(crate) fn handle(
        &mut self,
        attach: Number,
        kind: Kind,
        up: &Up,
        mutant: Option<Mutant>,
    ) -> Vec<Order> {
        let mut orders = Vec::new();
        let done = match up {
            Up::Counts(received) => self.confirm(*received),
            Up::Head(head) if head.poll == 0 => self.attach(attach, kind, head, mutant, &mut orders),
            Up::Head(head) => self.poll(attach, head, mutant, &mut orders),
            Up::Message(message) => self.message(attach, *message, mutant),
        };
        if let Err(code) = done {
            let poll = if let Up::Head(head) = up { head.poll } else { 0 };
            orders.push(Order::Send(attach, Down::Refusal(poll, code)));
            if kind == Kind::Duplex {
                self.current.retain(|current| current.attach != attach);
                orders.push(Order::Close(attach));
            }
        }
        self.flush(&mut orders);
        orders
    }

    pub(crate) fn emit(&mut self, messages: Number) -> Vec<Order> {
        self.emitted += messages;
        let mut orders = Vec::new();
        self.flush(&mut orders);
        orders
    }

    /// Says the counts on a duplex carrier.
    pub(crate) fn say(&mut self) -> Vec<Order> {
        let received = self.received();
        let fresh = self.current.iter_mut().filter(|current| current.is_owed(received));
        fresh
            .map(|current| {
                current.told = received;
                Order::Send(current.attach, Down::Counts(received))
            })
            .collect()
    }

    fn attach(
        &mut self,
        attach: Number,
        kind: Kind,
        head: &Head,
        mutant: Option<Mutant>,
        orders: &mut Vec<Order>,
    ) -> Result<(), Code> {
        self.secrets.get_or_insert_with(Secrets::new).prove(head.proof)?;
        if attach <= self.attach && mutant != Some(Mutant::AcceptStale) {
            return Err(Code::Stale);
        }
        self.confirm(head.received)?;
        self.attach = attach;
        if mutant != Some(Mutant::KeepFormer) {
            self.take_over(orders);
        }
        let position = head.first.unwrap_or(self.received() + 1);
        self.take(position, &head.batch, mutant)?;
        let token = self.secrets.as_mut().map(|secrets| secrets.issue(mutant));
        let from = match mutant {
            Some(Mutant::RewindToCursor) => self.sent,
            _ => head.received.max(self.confirmed),
        };
        let received = self.received();
        let welcome = Welcome { token, first: from + 1, received };
        self.current.push(Current {
            attach,
            kind,
            position,
            written: from,
            told: received,
            highest: 0,
            hanging: None,
        });
        orders.push(Order::Send(
            attach,
            match kind {
                Kind::Duplex => Down::Welcome(welcome),
                Kind::Poll => Down::Answer(0, welcome, self.above(from)),
            },
        ));
        Ok(())
    }

    fn poll(
        &mut self,
        attach: Number,
        head: &Head,
        mutant: Option<Mutant>,
        orders: &mut Vec<Order>,
    ) -> Result<(), Code> {
        self.secrets.as_mut().ok_or(Code::UnknownSession)?.prove(head.proof)?;
        self.confirm(head.received)?;
        if let Some(first) = head.first {
            self.take(first, &head.batch, mutant)?;
        }
        let at = self.current.iter().position(|current| current.attach == attach).ok_or(Code::Stale)?;
        if head.poll <= self.current[at].highest {
            if let (Some((poll, received)), true) =
                (self.current[at].hanging.take(), mutant != Some(Mutant::LetHang))
            {
                self.answer(at, poll, received, orders);
            }
            return Err(Code::StalePoll);
        }
        self.current[at].highest = head.poll;
        let hung = self.current[at].hanging.replace((head.poll, head.received));
        match hung {
            Some((poll, received)) => self.answer(at, poll, received, orders),
            None if head.first.is_some() => {
                self.current[at].hanging = None;
                self.answer(at, head.poll, head.received, orders);
            }
            None => {}
        }
        Ok(())
    }

    /// A message on a duplex carrier, whose place says its number.
    fn message(&mut self, attach: Number, message: Number, mutant: Option<Mutant>) -> Result<(), Code> {
        let Some(at) = self.current.iter().position(|current| current.attach == attach) else {
            return Ok(());
        };
        let position = self.current[at].position;
        self.current[at].position += 1;
        self.take(position, &[message], mutant)
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

    fn confirm(&mut self, received: Number) -> Result<(), Code> {
        if received > self.sent {
            return Err(Code::BadAck);
        }
        self.confirmed = self.confirmed.max(received);
        Ok(())
    }

    fn take_over(&mut self, orders: &mut Vec<Order>) {
        for former in self.current.drain(..) {
            match (former.kind, former.hanging) {
                (Kind::Duplex, _) => {
                    orders.push(Order::Send(former.attach, Down::Refusal(0, Code::TakenOver)));
                    orders.push(Order::Close(former.attach));
                }
                (Kind::Poll, Some((poll, _))) => {
                    orders.push(Order::Send(former.attach, Down::Refusal(poll, Code::TakenOver)));
                }
                (Kind::Poll, None) => {}
            }
        }
    }

    fn answer(&mut self, at: usize, poll: Number, received: Number, orders: &mut Vec<Order>) {
        let from = received.max(self.confirmed);
        let welcome = Welcome { token: None, first: from + 1, received: self.received() };
        self.current[at].told = welcome.received;
        let batch = self.above(from);
        orders.push(Order::Send(self.current[at].attach, Down::Answer(poll, welcome, batch)));
    }

    fn above(&mut self, number: Number) -> Vec<Number> {
        self.sent = self.sent.max(self.emitted);
        (number + 1..=self.emitted).collect()
    }

    /// Writes what can be written: what waits in the server cannot be told from what waits in the network.
    fn flush(&mut self, orders: &mut Vec<Order>) {
        for at in 0..self.current.len() {
            let current = self.current[at].clone();
            match current.hanging {
                _ if current.kind == Kind::Duplex => {
                    let batch = self.above(current.written);
                    self.current[at].written = self.emitted;
                    orders.extend(
                        batch.into_iter().map(|message| Order::Send(current.attach, Down::Message(message))),
                    );
                }
                Some((poll, received))
                    if self.emitted > received.max(self.confirmed) || self.received() > current.told =>
                {
                    self.current[at].hanging = None;
                    self.answer(at, poll, received, orders);
                }
                _ => {}
            }
        }
    }
}

impl Current {
    pub(crate) fn is_owed(&self, received: Number) -> bool {
        self.kind == Kind::Duplex && self.told < received
    }
}
