//! One schedule: a client, a server, the network between them, and what must hold at every step.

mod arrive;
mod check;
mod farewell;
mod happen;
mod leave;

use std::collections::BTreeMap;
use std::time::Duration;

use everwire_session::client::{self, Down, Head, Kind};
use everwire_session::code::Code;
use everwire_session::server::{self, How, Input, Output, Pipe, Shape, Up};
use everwire_session::wire::{Attach, Post, Secret};

use super::app::{App, Note};
use super::book::{Checked, ClientBook, ServerBook, ensure};
use super::client::{ClientMachine, Clients};
use super::dice::Dice;
use super::engine::{Engine, Place};
use super::link::{Lane, Link, Weather};

const SECOND: u64 = 1_000;
/// The longest that anything is under way. Less than an ended session is remembered.
const LATEST: u64 = 25 * SECOND;
/// How long after the network has healed everything must be settled, and how long it is watched then.
const SETTLED: u64 = 180 * SECOND;
const WATCHED: u64 = 60 * SECOND;
/// How long a close may take, of either side.
const CLOSE: Duration = Duration::from_secs(5);
/// What is seen a little later than it was.
const SLACK: Duration = Duration::from_secs(1);

/// What goes up on a WebSocket.
enum Frame {
    Attach(Box<Attach>),
    Close,
    Malformed(Code),
    Up(Up<Note>),
}

enum Event {
    Attach,
    Breathe,
    Body { target: Target, shape: Shape, head: Box<Head>, batch: Vec<Up<Note>>, malformed: bool },
    ClientClose,
    ClientConsume { life: u64, bytes: u64 },
    ClientTalk,
    Closed { life: u64, carrier: u64, code: Option<Code> },
    End { life: u64, request: u64 },
    Fail { life: u64, request: u64, code: Option<Code> },
    Frame { carrier: u64, frame: Frame },
    Gone { pipe: Pipe },
    SocketGone { carrier: u64 },
    Heal,
    Jump,
    Lie,
    Line { life: u64, pipe: client::Pipe, down: Box<Down<Note>> },
    Probe,
    Redeem { carrier: u64, ticket: String },
    Reopen,
    Restart,
    ServerClose,
    ServerConsume { id: String, bytes: u64 },
    ServerTalk,
}

/// Where a pipe of the server leads.
#[derive(Clone, Copy, Debug)]
enum Target {
    Answer { life: u64, request: u64, begun: bool },
    Nowhere,
    Socket { carrier: u64 },
    Stream { carrier: u64 },
}

/// A client's session that is over.
struct Grave {
    app: App,
    key: String,
}

pub(crate) struct World {
    pub(crate) now: Duration,
    dice: Dice,
    weather: Weather,
    link: Link<Event>,
    clients: Clients,
    client: Box<dyn ClientMachine>,
    client_config: client::Config,
    app: App,
    /// Which session of the client this is.
    life: u64,
    graves: Vec<Grave>,
    engine: Engine,
    /// Sessions that the server has lost in restarts.
    lost: Vec<Place>,
    targets: BTreeMap<Pipe, Target>,
    server_book: ServerBook,
    client_book: ClientBook,
    /// When the client was told to close, and the server's final count, when it came.
    closing: Option<Duration>,
    farewell: Option<(u64, Duration)>,
    sockets: BTreeMap<u64, Pipe>,
    shapes: BTreeMap<u64, (u64, Shape)>,
    pipes: Pipe,
    carriers: u64,
    healed: bool,
    /// When the clock has jumped.
    jumped: Duration,
    malice: bool,
    /// The server may close in mid-traffic.
    abrupt: bool,
    /// A message that nobody can read has been emitted.
    poisoned: bool,
    /// Somebody has confirmed what was never sent.
    lied: bool,
    restarts: u64,
    attaching: bool,
    largest: u64,
    steps: u64,
    outputs: u64,
    pub(crate) requests: u64,
    pub(crate) attaches: u64,
    pub(crate) deliveries: u64,
    pub(crate) ends: BTreeMap<&'static str, u64>,
    /// The schedule in words, if somebody wants to read it.
    pub(crate) log: Option<Vec<String>>,
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

impl World {
    pub(crate) fn new(seed: u64, logging: bool, clients: Clients) -> Self {
        let mut dice = Dice::new(seed);
        let largest = dice.pick(&[20, 120, 1_000]);
        let window = largest * dice.pick(&[1, 2, 10, 1_000]);
        let queue = (largest * dice.pick(&[5, 40, 10_000])) as usize;
        let mut config = server::Config {
            ping: Duration::from_secs(10),
            timeout: Duration::from_secs(8),
            grace: Duration::from_secs(dice.pick(&[20, 60])),
            window,
            ..server::Config::default()
        };
        let client_config = client::Config {
            window: largest * dice.pick(&[1, 3, 1_000]),
            credit: window.min(largest * dice.pick(&[1, 10])),
            body: (largest * dice.pick(&[1, 3, 100])) as usize,
            queue: (largest * dice.pick(&[5, 40, 10_000])) as usize,
            ..client::Config::default()
        };
        // A client may keep 1 KiB of it for what is not messages; so bodies are of the same size for all.
        config.max = client_config.body as u64 + 1_024;
        let weather = Weather::random(&mut dice);
        let breath = dice.pick(&[None, None, Some(1), Some(3)]);
        let mut world = Self {
            now: Duration::ZERO,
            weather,
            link: Link::new(),
            clients,
            client: (clients.begin)(&client_config, Secret::new("key1")),
            client_config,
            app: App::new(1),
            life: 1,
            graves: Vec::new(),
            engine: Engine::new(config, queue, breath),
            lost: Vec::new(),
            targets: BTreeMap::new(),
            server_book: ServerBook::default(),
            client_book: ClientBook::default(),
            closing: None,
            farewell: None,
            sockets: BTreeMap::new(),
            shapes: BTreeMap::new(),
            pipes: 0,
            carriers: 0,
            healed: false,
            jumped: Duration::ZERO,
            malice: false,
            abrupt: false,
            poisoned: false,
            lied: false,
            restarts: 0,
            attaching: false,
            largest,
            steps: 0,
            outputs: 0,
            requests: 0,
            attaches: 0,
            deliveries: 0,
            ends: BTreeMap::new(),
            log: logging.then(Vec::new),
            dice,
        };
        world.plan();
        world
    }

    /// Draws what will happen.
    fn plan(&mut self) {
        let length = self.dice.pick(&[3, 20, 60]) * SECOND;
        let talks = self.dice.between(1, 12);
        for _ in 0..talks {
            let at = self.dice.between(0, length);
            self.link.at(millis(at), Event::ClientTalk);
            let at = self.dice.between(0, length);
            self.link.at(millis(at), Event::ServerTalk);
        }
        self.some(50, 6, length, || Event::Attach);
        self.some(15, 1, length, || Event::Restart);
        self.some(15, 2, length, || Event::Jump);
        self.some(15, 1, length, || Event::ClientClose);
        self.some(15, 1, length, || Event::ServerClose);
        self.some(40, 4, length, || Event::Probe);
        self.malice = self.dice.percent(20);
        self.abrupt = self.dice.percent(15);
        if self.malice {
            self.some(20, 1, length, || Event::Lie);
        }
        self.link.at(Duration::ZERO, Event::Attach);
        self.link.at(millis(length), Event::Heal);
    }

    fn some(&mut self, chance: u64, most: u64, length: u64, event: fn() -> Event) {
        if self.dice.percent(chance) {
            for _ in 0..self.dice.between(1, most) {
                let at = self.dice.between(0, length);
                self.link.at(millis(at), event());
            }
        }
    }

    /// Runs the schedule to its end.
    pub(crate) fn run(&mut self) -> Checked {
        while !self.healed {
            self.step()?;
        }
        let healed = self.now;
        self.until(healed + millis(SETTLED))?;
        self.check_settled()?;
        let (requests, attaches) = (self.requests, self.attaches);
        self.until(healed + millis(SETTLED + WATCHED))?;
        if self.attaches > attaches || self.requests > requests + 2 * WATCHED / 10_000 + 2 {
            return Err(format!(
                "no peace: {} requests, {} attaches while nothing happens",
                self.requests - requests,
                self.attaches - attaches
            ));
        }
        self.check_settled()?;
        self.farewell()?;
        self.check_ends()
    }

    fn until(&mut self, end: Duration) -> Checked {
        while self.next_at().is_some_and(|at| at <= end) {
            self.step()?;
        }
        self.now = end;
        Ok(())
    }

    fn next_at(&self) -> Option<Duration> {
        [self.link.next_at(), self.client.next_timeout(), self.engine.next_timeout()]
            .into_iter()
            .flatten()
            .min()
    }

    fn step(&mut self) -> Checked {
        let Some(at) = self.next_at() else { return Err("nothing will ever happen".to_owned()) };
        self.now = self.now.max(at);
        self.steps += 1;
        if self.requests > 3_000 || self.steps > 100_000 {
            return Err("it goes on without end".to_owned());
        }
        if self.link.next_at() == Some(at) {
            if let Some(event) = self.link.pop() {
                self.happen(event)?;
            }
        } else {
            self.time_passes(at);
        }
        // Several inputs may come before the outputs are looked at.
        let soon = self.link.next_at().is_some_and(|next| next <= self.now + millis(5));
        if soon && self.dice.percent(30) {
            return Ok(());
        }
        self.pump()
    }

    fn time_passes(&mut self, at: Duration) {
        let now = self.now;
        if self.client.next_timeout().is_some_and(|due| due <= at) {
            self.say(|| "client: time passes".to_owned());
            self.client.handle(now, client::Input::Timeout);
        }
        for place in self.engine.places.values_mut() {
            if place.session.machine.next_timeout().is_some_and(|due| due <= at) {
                place.session.handle(now, Input::Timeout);
            }
        }
    }

    fn say(&mut self, what: impl FnOnce() -> String) {
        if let Some(log) = &mut self.log {
            log.push(format!("{:>9.3} {}", self.now.as_secs_f64(), what()));
        }
    }
}
