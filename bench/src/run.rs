//! One run: open, warm up, measure.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::client::{Client, Dialect, Event};
use crate::histogram::Histogram;
use crate::process::Process;

/// Connections on their way at once while opening.
const OPENING: usize = 100;
const WARM_UP: Duration = Duration::from_millis(500);
/// The whole argument of a message: 64 bytes for an echo, 128 of JSON for a broadcast.
const ECHO: usize = 64;
const PUBLICATION: usize = 128;
/// Time of sending and number of the publication, in hexadecimal, at the start of an argument.
const STAMP: usize = 32;

#[derive(Clone, Copy, PartialEq)]
pub enum Scenario {
    Echo,
    FanOut,
    Idle,
}

pub struct Plan {
    pub address: SocketAddr,
    pub pid: u32,
    pub dialect: Dialect,
    pub scenario: Scenario,
    pub connections: usize,
    pub window: usize,
    pub rate: f64,
    pub seconds: f64,
}

pub struct Run {
    plan: Plan,
    poll: Poll,
    clients: Vec<Client>,
    server: Process,
    start: Instant,
    tally: Tally,
    scratch: Vec<u8>,
}

/// What has been counted since measuring began.
struct Tally {
    messages: u64,
    latency: Histogram,
    /// How many have received each publication, by its number.
    publications: Vec<usize>,
    complete: usize,
    opened: usize,
}

impl Run {
    pub fn new(plan: Plan) -> io::Result<Self> {
        let server = Process(plan.pid);
        let tally = Tally {
            messages: 0,
            latency: Histogram::new(),
            publications: Vec::new(),
            complete: 0,
            opened: 0,
        };
        Ok(Self {
            plan,
            poll: Poll::new()?,
            clients: Vec::new(),
            server,
            start: Instant::now(),
            tally,
            scratch: vec![0; 64 << 10],
        })
    }

    pub fn go(mut self) -> io::Result<String> {
        let (resident, cpu) = (self.server.resident(), self.server.cpu());
        let began = Instant::now();
        self.open()?;
        let opens = began.elapsed().as_secs_f64();
        let open_cpu = self.server.cpu() - cpu;
        let count = self.plan.connections as f64;
        // What is freed after opening is given back by then.
        self.turn(Duration::from_millis(300))?;
        let memory = (self.server.resident().saturating_sub(resident)) as f64 / 1024.0 / count;
        let mut said = vec![
            ("open_us", open_cpu as f64 / 1e3 / count),
            ("opens_per_s", count / opens),
            ("rss_kib", memory),
        ];
        if self.plan.scenario != Scenario::Idle {
            said.extend(self.measure()?);
        }
        let fields: Vec<String> = said.iter().map(|(name, value)| format!("\"{name}\":{value:.4}")).collect();
        Ok(format!("{{{}}}", fields.join(",")))
    }

    fn open(&mut self) -> io::Result<()> {
        while self.tally.opened < self.plan.connections {
            while self.clients.len() < self.plan.connections
                && self.clients.len() - self.tally.opened < OPENING
            {
                let mut client = Client::connect(self.plan.address, self.plan.dialect)?;
                let token = Token(self.clients.len());
                let both = Interest::READABLE | Interest::WRITABLE;
                self.poll.registry().register(&mut client.stream, token, both)?;
                self.clients.push(client);
            }
            self.turn(Duration::from_millis(5))?;
        }
        Ok(())
    }

    fn measure(&mut self) -> io::Result<[(&'static str, f64); 5]> {
        self.begin()?;
        self.keep_up(WARM_UP)?;
        self.tally.messages = 0;
        self.tally.latency = Histogram::new();
        let (cpu, waited, began) = (self.server.cpu(), self.server.waited(), Instant::now());
        self.keep_up(Duration::from_secs_f64(self.plan.seconds))?;
        let (cpu, waited, took) =
            (self.server.cpu() - cpu, self.server.waited() - waited, began.elapsed().as_secs_f64());
        let messages = self.tally.messages as f64;
        Ok([
            ("cpu_us", cpu as f64 / 1e3 / messages),
            ("per_s", messages / took),
            ("p50_ms", self.tally.latency.quantile(0.5)),
            ("p99_ms", self.tally.latency.quantile(0.99)),
            ("wait_pct", waited as f64 / 1e7 / took),
        ])
    }

    fn begin(&mut self) -> io::Result<()> {
        match self.plan.scenario {
            Scenario::Echo => {
                for client in &mut self.clients {
                    for _ in 0..self.plan.window {
                        client.emit("echo", &stamped::<ECHO>(self.start, 0));
                    }
                    client.flush()?;
                }
                Ok(())
            }
            Scenario::FanOut if self.plan.rate == 0.0 => self.publish(self.plan.window),
            Scenario::FanOut | Scenario::Idle => Ok(()),
        }
    }

    /// One connection publishes, and receives like all the others.
    fn publish(&mut self, count: usize) -> io::Result<()> {
        let publisher = &mut self.clients[0];
        for _ in 0..count {
            publisher.emit("pub", &stamped::<PUBLICATION>(self.start, self.tally.publications.len()));
            self.tally.publications.push(0);
        }
        publisher.flush()
    }

    fn keep_up(&mut self, time: Duration) -> io::Result<()> {
        let began = Instant::now();
        let mut published = 0.0;
        while began.elapsed() < time {
            if self.plan.scenario == Scenario::FanOut && self.plan.rate > 0.0 {
                let due = (began.elapsed().as_secs_f64() * self.plan.rate).floor();
                self.publish((due - published) as usize)?;
                published = due;
            }
            self.turn(Duration::from_millis(1))?;
        }
        Ok(())
    }

    fn turn(&mut self, wait: Duration) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        self.poll.poll(&mut events, Some(wait))?;
        for event in &events {
            self.ready(event.token().0)?;
        }
        let done = std::mem::take(&mut self.tally.complete);
        if done > 0 && self.plan.rate == 0.0 {
            self.publish(done)?;
        }
        Ok(())
    }

    fn ready(&mut self, index: usize) -> io::Result<()> {
        let Self { plan, clients, start, tally, scratch, .. } = self;
        let client = &mut clients[index];
        client.flush()?;
        client.read(scratch, |client, event| match event {
            Event::Opened => tally.opened += 1,
            Event::Message(argument) => {
                let Some((sent, number)) = stamp(argument) else { return };
                tally.messages += 1;
                tally.latency.record((start.elapsed().as_nanos() as u64).saturating_sub(sent));
                if plan.scenario == Scenario::Echo {
                    return client.emit("echo", &stamped::<ECHO>(*start, 0));
                }
                tally.publications[number] += 1;
                tally.complete += usize::from(tally.publications[number] == plan.connections);
            }
        })
    }
}

/// An argument of so many bytes with its quotes.
fn stamped<const SIZE: usize>(start: Instant, number: usize) -> [u8; SIZE] {
    let mut argument = [b'x'; SIZE];
    let mut nanos = start.elapsed().as_nanos() as u64;
    let mut number = number as u64;
    for place in (0..STAMP / 2).rev() {
        argument[place] = HEX[(nanos & 15) as usize];
        argument[place + STAMP / 2] = HEX[(number & 15) as usize];
        nanos >>= 4;
        number >>= 4;
    }
    argument
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn stamp(argument: &[u8]) -> Option<(u64, usize)> {
    let text = std::str::from_utf8(argument.get(1..=STAMP)?).ok()?;
    let (sent, number) = text.split_at(STAMP / 2);
    Some((u64::from_str_radix(sent, 16).ok()?, u64::from_str_radix(number, 16).ok()? as usize))
}
