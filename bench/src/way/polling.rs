//! Requests that hang, one after the other. What is said goes by posts beside them, or with another poll in place of the one that hangs.

use std::io;

use super::exchange::Exchange;
use super::{Place, Side, Talk, Way};
use crate::dialect::{Dialect, Hear, Packets};

pub struct Polling {
    place: Place,
    down: Exchange,
    up: Exchange,
}

impl Polling {
    pub fn new(place: Place) -> Self {
        Self { place, down: Exchange::new(Side::Down), up: Exchange::new(Side::Up) }
    }

    fn poll_in_turn(&mut self, dialect: &mut dyn Dialect, queue: &mut Packets) -> io::Result<()> {
        let Self { place, down, up } = self;
        match (down.waits, up.waits) {
            (false, false) => down.ask(place, &dialect.poll(queue)),
            (true, false) if !queue.is_empty() => up.ask(place, &dialect.poll(queue)),
            (false, true) if !queue.is_empty() => down.ask(place, &dialect.poll(queue)),
            _ => Ok(()),
        }
    }

    fn poll_and_post(&mut self, dialect: &mut dyn Dialect, queue: &mut Packets) -> io::Result<()> {
        let Self { place, down, up } = self;
        if !down.waits {
            down.ask(place, &dialect.poll(queue))?;
        }
        match up.waits {
            true => Ok(()),
            false => dialect.post(queue).map_or(Ok(()), |request| up.ask(place, &request)),
        }
    }
}

impl Way for Polling {
    fn ready(&mut self, side: Side, talk: &mut Talk<'_>, hear: &mut Hear<'_>) -> io::Result<()> {
        let Talk { dialect, queue, scratch } = talk;
        if side == Side::Up && !dialect.polls_alternate() {
            return self.up.read(scratch, |_| {});
        }
        let exchange = if side == Side::Up { &mut self.up } else { &mut self.down };
        exchange.read(scratch, |body| {
            let separator = dialect.separator();
            let packets = body.split(|byte| *byte == separator).filter(|packet| !packet.is_empty());
            packets.for_each(|packet| dialect.packet(packet, queue, hear));
            dialect.heard_all(queue);
        })
    }

    fn flush(&mut self, talk: &mut Talk<'_>) -> io::Result<()> {
        let Talk { dialect, queue, .. } = talk;
        if dialect.polls_alternate() {
            self.poll_in_turn(*dialect, queue)
        } else {
            self.poll_and_post(*dialect, queue)
        }
    }
}
