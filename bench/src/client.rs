//! One session: what it says, and how that travels.

use std::io;
use std::rc::Rc;

use crate::connection::Reactor;
use crate::dialect::{self, Dialect, Hear, Packets};
use crate::plan::{Plan, Transport};
use crate::way::{self, Side, Talk, Way};

pub struct Client {
    dialect: Box<dyn Dialect>,
    way: Box<dyn Way>,
    queue: Packets,
}

impl Client {
    pub fn open(plan: &Plan, transport: Transport, reactor: &Rc<Reactor>, index: usize) -> io::Result<Self> {
        let dialect = dialect::new(plan, transport, index);
        Ok(Self { dialect, way: way::open(reactor, transport, index)?, queue: Packets::default() })
    }

    /// Queues an event; one that is answered if it has an id.
    pub fn emit(&mut self, name: &str, arguments: &[u8], id: Option<usize>) {
        self.dialect.event(&mut self.queue, name, arguments, id);
    }

    pub fn ready(&mut self, side: Side, scratch: &mut [u8], hear: &mut Hear<'_>) -> io::Result<()> {
        let mut talk = Talk { dialect: &mut *self.dialect, queue: &mut self.queue, scratch };
        self.way.ready(side, &mut talk, hear)
    }

    pub fn flush(&mut self) -> io::Result<()> {
        let mut talk = Talk { dialect: &mut *self.dialect, queue: &mut self.queue, scratch: &mut [] };
        self.way.flush(&mut talk)
    }
}
