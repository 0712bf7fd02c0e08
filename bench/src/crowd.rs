//! All sessions of a run, and the one loop that serves them.

use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use mio::{Events, Poll};

use crate::client::Client;
use crate::connection::Reactor;
use crate::dialect::Heard;
use crate::load::Load;
use crate::plan::{Plan, Scenario, Transport};
use crate::way;

/// Sessions on their way at once while opening.
const OPENING: usize = 100;
/// For all to open: a server that needs longer has lost some.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Crowd {
    pub clients: Vec<Client>,
    poll: Poll,
    events: Events,
    reactor: Rc<Reactor>,
    scratch: Vec<u8>,
    opened: usize,
}

impl Crowd {
    pub fn new(plan: &Plan) -> io::Result<Self> {
        let poll = Poll::new()?;
        let reactor = Rc::new(Reactor { address: plan.address, registry: poll.registry().try_clone()? });
        let (events, scratch) = (Events::with_capacity(1024), vec![0; 64 << 10]);
        Ok(Self { clients: Vec::new(), poll, events, reactor, scratch, opened: 0 })
    }

    /// Opens as many sessions as the plan says.
    pub fn open(&mut self, plan: &Plan, load: &mut dyn Load) -> io::Result<()> {
        let began = Instant::now();
        while self.opened < plan.connections {
            assert!(
                began.elapsed() < PATIENCE,
                "only {} of {} sessions opened",
                self.opened,
                plan.connections
            );
            while self.clients.len() < plan.connections && self.clients.len() - self.opened < OPENING {
                let index = self.clients.len();
                // Who publishes does so over a WebSocket, so that only deliveries travel as the plan says.
                let publishes = plan.scenario == Scenario::FanOut && index == 0;
                let transport = if publishes { Transport::WebSocket } else { plan.transport };
                let mut client = Client::open(plan, transport, &self.reactor, index)?;
                client.flush()?;
                self.clients.push(client);
            }
            self.turn(Duration::from_millis(5), load)?;
        }
        Ok(())
    }

    /// Goes on for so long.
    pub fn keep_up(&mut self, time: Duration, load: &mut dyn Load) -> io::Result<()> {
        let began = Instant::now();
        while began.elapsed() < time {
            self.turn(Duration::from_millis(1), load)?;
            load.turned(self)?;
        }
        Ok(())
    }

    /// Waits for something to happen, and hears all that has.
    pub fn turn(&mut self, wait: Duration, load: &mut dyn Load) -> io::Result<()> {
        let Self { clients, poll, events, scratch, opened, .. } = self;
        poll.poll(events, Some(wait))?;
        for event in &*events {
            let (index, side) = way::of(event.token());
            let client = &mut clients[index];
            client.ready(side, scratch, &mut |heard| match heard {
                Heard::Opened => *opened += 1,
                heard => load.heard(index, heard),
            })?;
            load.caught_up(index, client);
            client.flush()?;
        }
        Ok(())
    }
}
