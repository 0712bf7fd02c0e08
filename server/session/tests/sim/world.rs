//! One schedule: a client, a server, the network between them, and what must hold at every step.

use std::collections::BTreeMap;
use std::time::Duration;

use everwire_session::client::{self, Down, Head, Kind};
use everwire_session::code::Code;
use everwire_session::server::{self, Input, Output, Pipe, Shape, Up};
use everwire_session::wire::{Attach, Secret};

use super::app::{App, Note};
use super::dice::Dice;
use super::engine::{Engine, Place};
use super::link::{Lane, Link, Weather};

const SECOND: u64 = 1_000;
/// The longest that anything is under way. Less than an ended session is remembered.
const LATEST: u64 = 25 * SECOND;
/// How long after the network has healed everything must be settled, and how long it is watched then.
const SETTLED: u64 = 180 * SECOND;
const WATCHED: u64 = 60 * SECOND;

/// What goes up on a WebSocket.
enum Frame {
    Attach(Box<Attach>),
    Close,
    Malformed(Code),
    Up(Up<Note>),
}

enum Event {
    Attach,
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
    client: client::Session<Note, Note>,
    client_config: client::Config,
    app: App,
    /// Which session of the client this is.
    life: u64,
    graves: Vec<Grave>,
    engine: Engine,
    /// Sessions that the server has lost in restarts.
    lost: Vec<Place>,
    targets: BTreeMap<Pipe, Target>,
    sockets: BTreeMap<u64, Pipe>,
    shapes: BTreeMap<u64, (u64, Shape)>,
    pipes: Pipe,
    carriers: u64,
    healed: bool,
    malice: bool,
    restarts: u64,
    attaching: bool,
    largest: u64,
    pub(crate) requests: u64,
    pub(crate) attaches: u64,
    pub(crate) deliveries: u64,
    pub(crate) ends: BTreeMap<&'static str, u64>,
    /// The schedule in words, if somebody wants to read it.
    pub(crate) log: Option<Vec<String>>,
}

type Checked = Result<(), String>;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

impl World {
    pub(crate) fn new(seed: u64, logging: bool) -> Self {
        let mut dice = Dice::new(seed);
        let largest = dice.pick(&[20, 120, 1_000]);
        let window = largest * dice.pick(&[1, 2, 10, 1_000]);
        let queue = (largest * dice.pick(&[5, 40, 10_000])) as usize;
        let config = server::Config {
            ping: Duration::from_secs(10),
            timeout: Duration::from_secs(8),
            grace: Duration::from_secs(dice.pick(&[20, 60])),
            window,
            max: largest,
            ..server::Config::default()
        };
        let client_config = client::Config {
            window: largest * dice.pick(&[1, 3, 1_000]),
            credit: window.min(largest * dice.pick(&[1, 10])),
            body: (largest * dice.pick(&[1, 3, 100])) as usize,
            queue: (largest * dice.pick(&[5, 40, 10_000])) as usize,
            ..client::Config::default()
        };
        let weather = Weather::random(&mut dice);
        let mut world = Self {
            now: Duration::ZERO,
            weather,
            link: Link::new(),
            client: client::Session::new(client_config.clone(), Secret::new("key1")),
            client_config,
            app: App::new(1),
            life: 1,
            graves: Vec::new(),
            engine: Engine::new(config, queue),
            lost: Vec::new(),
            targets: BTreeMap::new(),
            sockets: BTreeMap::new(),
            shapes: BTreeMap::new(),
            pipes: 0,
            carriers: 0,
            healed: false,
            malice: false,
            restarts: 0,
            attaching: false,
            largest,
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
        if self.requests > 3_000 {
            return Err("requests without end".to_owned());
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

    // ---- what happens -------------------------------------------------------------------------------------------------

    fn happen(&mut self, event: Event) -> Checked {
        let (now, current) = (self.now, self.life);
        match event {
            Event::Attach => self.attach(),
            Event::Body { target, shape, head, batch, malformed } => {
                return self.body(target, shape, *head, batch, malformed);
            }
            Event::ClientClose => {
                self.say(|| "client: closes".to_owned());
                self.client.handle(now, client::Input::Close(Code::ClientDisconnect));
            }
            Event::ClientConsume { life, bytes } => {
                if life == current && self.client.state() != client::State::Ended {
                    self.app.backlog -= bytes;
                    self.client.handle(now, client::Input::Consumed(bytes));
                }
            }
            Event::ClientTalk => self.client_talks(),
            Event::Closed { life, carrier, code } => {
                if life == current {
                    self.say(|| format!("client: carrier {carrier} is lost {code:?}"));
                    self.client.handle(now, client::Input::Lost(carrier, code));
                }
            }
            Event::End { life, request } => {
                if life == current {
                    self.say(|| format!("client: request {request} is answered"));
                    self.client.handle(now, client::Input::Answered(request));
                }
            }
            Event::Fail { life, request, code } => {
                if life == current {
                    self.say(|| format!("client: request {request} failed {code:?}"));
                    self.client.handle(now, client::Input::Failed(request, code));
                }
            }
            Event::Frame { carrier, frame } => return self.frame(carrier, frame),
            Event::Gone { pipe } => {
                self.say(|| format!("server: pipe {pipe} is gone"));
                self.engine.input(now, pipe, Input::Gone { pipe });
            }
            Event::SocketGone { carrier } => {
                if let Some(pipe) = self.sockets.get(&carrier).copied() {
                    self.say(|| format!("server: socket {pipe} is gone"));
                    self.engine.input(now, pipe, Input::Gone { pipe });
                }
            }
            Event::Heal => self.heal(),
            Event::Jump => {
                self.pump()?;
                self.now += millis(self.dice.between(1, 200) * SECOND);
                self.say(|| "the clock jumps".to_owned());
            }
            Event::Line { life, pipe, down } => {
                if life == current {
                    self.say(|| format!("client: {pipe:?} {down:?}"));
                    self.client.handle(now, client::Input::Packet(pipe, *down));
                }
            }
            Event::Probe => return self.probe(),
            Event::Redeem { carrier, ticket } => self.redeem(carrier, &ticket),
            Event::Reopen => self.reopen(),
            Event::Restart => self.restart(),
            Event::ServerClose => {
                let code = self.dice.pick(&[Code::ServerDisconnect, Code::Shutdown]);
                if let Some(place) = self.engine.places.values_mut().next_back() {
                    place.session.handle(now, Input::Close { code, reason: None, retry: Some(5) });
                    self.say(|| format!("server: closes with {code}"));
                }
            }
            Event::ServerConsume { id, bytes } => {
                if let Some(place) = self.engine.places.get_mut(&id) {
                    place.app.backlog -= bytes;
                    place.session.handle(now, Input::Consumed(bytes));
                }
            }
            Event::ServerTalk => self.server_talks(),
        }
        Ok(())
    }

    fn attach(&mut self) {
        self.attaching = false;
        if self.client.state() == client::State::Ended {
            return;
        }
        self.carriers += 1;
        self.attaches += 1;
        let carrier = self.carriers;
        let shape = self.dice.pick(&[Shape::Duplex, Shape::Poll, Shape::Stream, Shape::Ticketed]);
        let kind = match shape {
            Shape::Duplex => Kind::Duplex,
            Shape::Poll => Kind::Poll,
            Shape::Stream | Shape::Ticketed => Kind::Stream,
        };
        self.shapes.insert(carrier, (self.life, shape));
        self.say(|| format!("client: attaches carrier {carrier} as {shape:?}"));
        if shape == Shape::Duplex && self.dice.percent(self.weather.cut) {
            let at = self.soon(20 * SECOND);
            self.link.cut(Lane::Up(carrier), at);
            if self.dice.percent(60) {
                let at = at + millis(self.dice.between(0, 5 * SECOND));
                self.link.at(at, Event::SocketGone { carrier });
            }
        }
        self.client.handle(self.now, client::Input::Attach(carrier, kind, Duration::from_secs(10)));
    }

    fn soon(&mut self, within: u64) -> Duration {
        self.now + millis(self.dice.between(0, within))
    }

    fn delay(&mut self) -> Duration {
        self.soon(self.weather.delay)
    }

    fn client_talks(&mut self) {
        if self.client.state() == client::State::Ended {
            return;
        }
        for _ in 0..self.dice.between(1, 6) {
            let size = self.dice.between(1, self.largest) as usize;
            match self.dice.between(0, 9) {
                0 => {
                    let note = self.app.write_volatile(size);
                    self.client.volatile(note);
                }
                kind => {
                    let note = self.app.write(size, kind > 2);
                    if self.client.emit(note).is_ok() {
                        self.app.emitted += 1;
                    }
                }
            }
        }
        let emitted = self.app.emitted;
        self.say(|| format!("client: has emitted {emitted}"));
    }

    fn server_talks(&mut self) {
        let now = self.now;
        let Some(place) = self.engine.places.values_mut().next_back() else { return };
        for _ in 0..self.dice.between(1, 6) {
            let size = self.dice.between(1, self.largest) as usize;
            match self.dice.between(0, 9) {
                0 => {
                    let note = place.app.write_volatile(size);
                    let session = &mut place.session;
                    session.machine.volatile(&mut session.send, now, note);
                }
                kind => {
                    let note = place.app.write(size, kind > 2);
                    if place.session.emit(now, note) {
                        place.app.emitted += 1;
                    }
                }
            }
        }
        let (name, emitted) = (place.app.name, place.app.emitted);
        self.say(|| format!("server: {name} has emitted {emitted}"));
    }

    fn heal(&mut self) {
        self.healed = true;
        self.weather = Weather::fair();
        self.say(|| "the network heals".to_owned());
        for after in [SECOND, 60 * SECOND, 70 * SECOND] {
            self.link.at(self.now + millis(after), Event::ClientTalk);
            self.link.at(self.now + millis(after), Event::ServerTalk);
        }
    }

    fn reopen(&mut self) {
        self.life += 1;
        let key = format!("key{}", self.life);
        self.say(|| format!("client: begins anew with {key}"));
        self.client = client::Session::new(self.client_config.clone(), Secret::new(key));
        self.app = App::new(self.life);
        self.attach();
    }

    fn restart(&mut self) {
        self.say(|| "server: restarts".to_owned());
        self.restarts += 1;
        self.lost.extend(self.engine.restart());
        for (pipe, target) in std::mem::take(&mut self.targets) {
            self.break_off(pipe, target);
        }
        self.sockets.clear();
    }

    /// The way down ends without a word; the client may notice at once, later, or not at all.
    fn break_off(&mut self, pipe: Pipe, target: Target) {
        self.link.cut(Lane::Down(pipe), self.now);
        if self.dice.percent(20) {
            return;
        }
        let at = self.soon(10 * SECOND);
        match target {
            Target::Answer { life, request, .. } => {
                self.link.at(at, Event::Fail { life, request, code: None });
            }
            Target::Socket { carrier } | Target::Stream { carrier } => {
                let life = self.life_of(carrier);
                self.link.at(at, Event::Closed { life, carrier, code: None });
            }
            Target::Nowhere => {}
        }
    }

    fn life_of(&self, carrier: u64) -> u64 {
        self.shapes.get(&carrier).map_or(0, |(life, _)| *life)
    }

    fn probe(&mut self) -> Checked {
        let now = self.now;
        self.pump()?;
        let Some(place) = self.engine.places.values_mut().next_back() else { return Ok(()) };
        let Some(used) = place.used.filter(|used| *used > 0) else { return Ok(()) };
        let old = place.tokens[self.dice.roll() as usize % used].clone();
        self.pipes += 1;
        place.probe(now, self.pipes, &old)
    }

    // ---- what arrives at the server -----------------------------------------------------------------------------------

    fn open_pipe(&mut self, target: Target) -> Pipe {
        self.pipes += 1;
        let pipe = self.pipes;
        self.targets.insert(pipe, target);
        if self.dice.percent(self.weather.cut) {
            let at = self.soon(20 * SECOND);
            self.link.cut(Lane::Down(pipe), at);
            let told = self.dice.between(0, 5 * SECOND);
            if self.dice.percent(60) {
                self.link.at(at + millis(told), Event::Gone { pipe });
            }
            if self.dice.percent(60) {
                let at = at + millis(self.dice.between(0, 10 * SECOND));
                match target {
                    Target::Answer { life, request, .. } => {
                        self.link.at(at, Event::Fail { life, request, code: None });
                    }
                    Target::Socket { carrier } | Target::Stream { carrier } => {
                        let life = self.life_of(carrier);
                        self.link.at(at, Event::Closed { life, carrier, code: None });
                    }
                    Target::Nowhere => {}
                }
            }
        }
        pipe
    }

    fn frame(&mut self, carrier: u64, frame: Frame) -> Checked {
        let now = self.now;
        if self.link.is_dead(Lane::Up(carrier), now) {
            return Ok(());
        }
        if let Frame::Attach(head) = frame {
            let pipe = self.open_pipe(Target::Socket { carrier });
            self.sockets.insert(carrier, pipe);
            self.say(|| format!("server: socket {pipe} {head:?}"));
            return self.attached(pipe, Shape::Duplex, *head, Vec::new());
        }
        let Some(pipe) = self.sockets.get(&carrier).copied() else { return Ok(()) };
        match frame {
            Frame::Attach(_) => {}
            Frame::Close => {
                self.say(|| format!("server: socket {pipe} is closed"));
                self.engine.input(now, pipe, Input::Gone { pipe });
            }
            Frame::Malformed(code) => {
                self.say(|| format!("server: socket {pipe} brings nonsense"));
                self.engine.input(now, pipe, Input::Malformed { pipe, code, first: None, before: 0 });
            }
            Frame::Up(Up::Message(note)) => {
                self.say(|| format!("server: socket {pipe} {note:?}"));
                return self.accept(pipe, &note);
            }
            Frame::Up(up) => {
                self.say(|| format!("server: socket {pipe} {up:?}"));
                self.engine.input(now, pipe, Input::Packet { pipe, up });
            }
        }
        Ok(())
    }

    /// By the short way, or the long one.
    fn accept(&mut self, pipe: Pipe, note: &Note) -> Checked {
        let now = self.now;
        if self.dice.percent(50) {
            self.engine.input(now, pipe, Input::Packet { pipe, up: Up::Message(note.clone()) });
            return Ok(());
        }
        let Some(id) = self.engine.owners.get(&pipe).cloned() else { return Ok(()) };
        // What was delivered before goes first.
        self.pump_server(&id)?;
        let Some(place) = self.engine.places.get_mut(&id) else { return Ok(()) };
        match place.session.machine.accept(now, pipe, note) {
            Ok(true) => self.deliver_up(&id, note),
            Ok(false) => Ok(()),
            Err(code) => {
                let session = &mut place.session;
                session.machine.fault(&mut session.send, now, code);
                Ok(())
            }
        }
    }

    fn body(
        &mut self,
        target: Target,
        shape: Shape,
        head: Head,
        batch: Vec<Up<Note>>,
        malformed: bool,
    ) -> Checked {
        let now = self.now;
        let pipe = self.open_pipe(target);
        self.say(|| {
            format!(
                "server: request {pipe} for {target:?} {head:?} {batch:?} {}",
                if malformed { "with nonsense" } else { "" }
            )
        });
        if malformed {
            let (id, first) = match &head {
                Head::Attach(head) => (head.session.clone(), head.first),
                Head::Post(head) => (Some(head.session.clone()), head.first),
            };
            let code = Code::BadPacket;
            match id.filter(|id| self.engine.places.contains_key(id)) {
                Some(id) => {
                    self.engine.owners.insert(pipe, id);
                    let before = batch.iter().filter(|up| matches!(up, Up::Message(_))).count() as u64;
                    self.engine.input(now, pipe, Input::Malformed { pipe, code, first, before });
                }
                None => self.engine.refused.push((pipe, code)),
            }
            return Ok(());
        }
        match head {
            Head::Attach(head) => self.attached(pipe, shape, head, batch),
            Head::Post(head) => {
                self.engine.post(now, pipe, head, batch);
                Ok(())
            }
        }
    }

    fn attached(&mut self, pipe: Pipe, shape: Shape, head: Attach, batch: Vec<Up<Note>>) -> Checked {
        if self.engine.is_stale(&head) {
            self.pump()?;
        }
        self.engine.attach(self.now, pipe, shape, head, batch)
    }

    fn redeem(&mut self, carrier: u64, ticket: &str) {
        let pipe = self.open_pipe(Target::Stream { carrier });
        let good = self.engine.redeem(self.now, pipe, ticket);
        self.say(|| format!("server: stream {pipe} for carrier {carrier}, ticket good: {good}"));
        if !good {
            let life = self.life_of(carrier);
            let at = self.delay();
            self.link.send(Lane::Down(pipe), at, Event::Closed { life, carrier, code: None });
        }
    }

    // ---- what goes out ------------------------------------------------------------------------------------------------

    fn pump(&mut self) -> Checked {
        loop {
            let mut quiet = true;
            while let Some(output) = self.client.poll_output(self.now) {
                quiet = false;
                self.client_output(output)?;
            }
            let ids: Vec<_> = self.engine.places.keys().cloned().collect();
            for id in ids {
                quiet &= !self.pump_server(&id)?;
            }
            for (pipe, code) in std::mem::take(&mut self.engine.refused) {
                self.refuse(pipe, code);
            }
            if quiet {
                break;
            }
        }
        self.forget();
        self.check_bytes()
    }

    fn pump_server(&mut self, id: &str) -> Result<bool, String> {
        let mut any = false;
        loop {
            let Some(place) = self.engine.places.get_mut(id) else { return Ok(any) };
            let Some(output) = place.session.poll_output(self.now) else { return Ok(any) };
            any = true;
            self.server_output(id, output)?;
        }
    }

    fn forget(&mut self) {
        let over: Vec<_> = self
            .engine
            .places
            .iter()
            .filter(|(_, place)| place.session.machine.state() == server::State::Forgotten)
            .map(|(id, _)| id.clone())
            .collect();
        for id in over {
            if let Some(place) = self.engine.places.remove(&id) {
                self.engine.past.push(place);
            }
        }
    }

    fn client_output(&mut self, output: client::Output<Note, Note>) -> Checked {
        use client::Output as O;
        let life = self.life;
        if !matches!(output, O::Deliver(_)) {
            self.say(|| format!("client → {output:?}"));
        }
        match output {
            O::Deliver(note) => {
                self.deliveries += 1;
                self.app.take(&note)?;
                if note.credited {
                    let at = self.consumed_at();
                    self.link.at(at, Event::ClientConsume { life, bytes: note.size as u64 });
                }
            }
            O::Volatile(note) => return self.app.take_volatile(&note),
            O::Write(carrier, up) => {
                if self.malice && !self.healed && self.dice.percent(2) {
                    self.write(carrier, Frame::Malformed(Code::BadJson));
                }
                self.write(carrier, Frame::Up(up));
            }
            O::WriteAttach(carrier, head) => self.write(carrier, Frame::Attach(head)),
            O::Request { request, carrier, head, batch, .. } => {
                self.request(request, carrier, head, batch);
            }
            O::Farewell(post, close) => {
                let at = self.delay();
                if !self.dice.percent(self.weather.lost) {
                    let (head, batch) = (Box::new(Head::Post(*post)), vec![Up::Close(close)]);
                    let (target, shape) = (Target::Nowhere, Shape::Poll);
                    self.link.at(at, Event::Body { target, shape, head, batch, malformed: false });
                }
            }
            O::Stream(carrier, ticket) => {
                if self.dice.percent(self.weather.lost) {
                    let at = self.soon(20 * SECOND);
                    self.link.at(at, Event::Closed { life, carrier, code: None });
                } else {
                    let at = self.late();
                    self.link.at(at, Event::Redeem { carrier, ticket });
                }
            }
            O::Drop(carrier) => {
                if self.shapes.get(&carrier).is_some_and(|(_, shape)| *shape == Shape::Duplex) {
                    self.write(carrier, Frame::Close);
                }
            }
            O::Lost { .. } => {
                if !self.attaching {
                    self.attaching = true;
                    let at = self.soon(2 * SECOND);
                    self.link.at(at, Event::Attach);
                }
            }
            O::Ended { code, unconfirmed, .. } => return self.client_ended(code, unconfirmed),
            O::Moved(_) | O::Opened { .. } | O::Suspended => {}
        }
        Ok(())
    }

    fn consumed_at(&mut self) -> Duration {
        let within = if self.healed { 10 } else { self.weather.delay * 5 };
        self.soon(within)
    }

    fn late(&mut self) -> Duration {
        if self.dice.percent(self.weather.late) { self.soon(LATEST) } else { self.delay() }
    }

    fn write(&mut self, carrier: u64, frame: Frame) {
        let at = self.delay();
        self.link.send(Lane::Up(carrier), at, Event::Frame { carrier, frame });
    }

    fn request(&mut self, request: u64, carrier: u64, head: Box<Head>, batch: Vec<Up<Note>>) {
        self.requests += 1;
        let (life, shape) = self.shapes.get(&carrier).copied().unwrap_or((0, Shape::Poll));
        let answer = Target::Answer { life, request, begun: false };
        let lost = self.dice.percent(self.weather.lost);
        let unanswered = self.dice.percent(self.weather.unanswered);
        let malformed = self.malice && !self.healed && self.dice.percent(4);
        if (lost || unanswered) && self.dice.percent(60) {
            let at = self.soon(20 * SECOND);
            self.link.at(at, Event::Fail { life, request, code: None });
        }
        let target = if unanswered { Target::Nowhere } else { answer };
        let repeated = self.dice.percent(self.weather.repeated);
        if !lost {
            let at = self.late();
            let (head, batch) = (head.clone(), batch.clone());
            let target = if repeated && self.dice.percent(30) { Target::Nowhere } else { target };
            self.link.at(at, Event::Body { target, shape, head, batch, malformed });
        }
        if repeated {
            let at = self.soon(LATEST);
            self.link.at(at, Event::Body { target: Target::Nowhere, shape, head, batch, malformed: false });
        }
    }

    fn server_output(&mut self, id: &str, output: Output<Note, Note>) -> Checked {
        if !matches!(output, Output::Deliver(_)) {
            self.say(|| format!("server {id} → {output:?}"));
        }
        match output {
            Output::Deliver(note) => return self.deliver_up(id, &note),
            Output::Volatile(note) => {
                if let Some(place) = self.engine.places.get_mut(id) {
                    return place.app.take_volatile(&note);
                }
            }
            Output::Welcome(pipe, mut welcome) => {
                if let Some(grant) = &welcome.grant
                    && let Some(place) = self.engine.places.get_mut(id)
                {
                    let token = grant.token.expose().to_owned();
                    if !place.tokens.contains(&token) {
                        place.tokens.push(token);
                    }
                }
                if let Some(grant) = &welcome.grant {
                    welcome.ticket = self.engine.ticket(self.now, pipe, Some(grant.attach));
                }
                self.down(pipe, Down::Welcome(welcome));
            }
            Output::Message(pipe, note) if note.volatile => self.down(pipe, Down::Volatile(note)),
            Output::Message(pipe, note) => self.down(pipe, Down::Message(note)),
            Output::Counts(pipe, received, consumed) => self.down(pipe, Down::Counts(received, consumed)),
            Output::Close(pipe, close) => self.down(pipe, Down::Close(close)),
            Output::Heartbeat(pipe) => self.down(pipe, Down::Heartbeat),
            Output::End(pipe) => self.end(pipe),
            Output::Refuse(pipe, code, _) => self.refuse(pipe, code),
            Output::Ended { code, unconfirmed, .. } => return self.server_ended(id, code, unconfirmed),
            Output::Attached { .. } | Output::Suspended => {}
        }
        Ok(())
    }

    fn deliver_up(&mut self, id: &str, note: &Note) -> Checked {
        let now = self.now;
        self.deliveries += 1;
        self.say(|| format!("server {id} delivers {note:?}"));
        let at = self.consumed_at();
        let Some(place) = self.engine.places.get_mut(id) else { return Ok(()) };
        place.app.take(note)?;
        if self.dice.percent(20) {
            let size = self.dice.between(1, self.largest) as usize;
            let reply = place.app.write(size, self.dice.percent(50));
            if place.session.emit(now, reply) {
                place.app.emitted += 1;
            }
        }
        if note.credited {
            let event = Event::ServerConsume { id: id.to_owned(), bytes: note.size as u64 };
            self.link.at(at, event);
        }
        Ok(())
    }

    fn down(&mut self, pipe: Pipe, down: Down<Note>) {
        let at = self.delay();
        let Some(target) = self.targets.get_mut(&pipe) else { return };
        let (life, to) = match target {
            Target::Answer { life, request, begun, .. } => {
                *begun = true;
                (*life, client::Pipe::Request(*request))
            }
            Target::Socket { carrier } | Target::Stream { carrier } => {
                let carrier = *carrier;
                (self.life_of(carrier), client::Pipe::Carrier(carrier))
            }
            Target::Nowhere => return,
        };
        let nonsense = self.malice && !self.healed && self.dice.percent(1);
        if nonsense {
            let down = Box::new(Down::Malformed(Code::BadPacket));
            self.link.send(Lane::Down(pipe), at, Event::Line { life, pipe: to, down });
        }
        self.link.send(Lane::Down(pipe), at, Event::Line { life, pipe: to, down: Box::new(down) });
    }

    fn end(&mut self, pipe: Pipe) {
        let at = self.delay();
        match self.targets.remove(&pipe) {
            Some(Target::Answer { life, request, .. }) => {
                self.link.send(Lane::Down(pipe), at, Event::End { life, request });
            }
            Some(Target::Socket { carrier } | Target::Stream { carrier }) => {
                let life = self.life_of(carrier);
                self.link.send(Lane::Down(pipe), at, Event::Closed { life, carrier, code: None });
            }
            Some(Target::Nowhere) | None => {}
        }
    }

    fn refuse(&mut self, pipe: Pipe, code: Code) {
        let at = self.delay();
        match self.targets.get(&pipe).copied() {
            Some(Target::Answer { life, request, begun: false, .. }) => {
                self.targets.remove(&pipe);
                self.link.send(Lane::Down(pipe), at, Event::Fail { life, request, code: Some(code) });
            }
            Some(Target::Answer { .. }) => {
                self.down(pipe, Down::Refusal(code));
                self.end(pipe);
            }
            Some(Target::Socket { carrier }) if self.dice.percent(50) => {
                // Only the close frame is heard.
                self.targets.remove(&pipe);
                let life = self.life_of(carrier);
                self.link.send(Lane::Down(pipe), at, Event::Closed { life, carrier, code: Some(code) });
            }
            Some(Target::Socket { .. } | Target::Stream { .. }) => {
                self.down(pipe, Down::Refusal(code));
                self.end(pipe);
            }
            Some(Target::Nowhere) | None => {}
        }
    }

    // ---- what must hold -----------------------------------------------------------------------------------------------

    fn may_end_with(&self, code: Code) -> bool {
        match code {
            Code::ClientDisconnect
            | Code::GraceOver
            | Code::ServerDisconnect
            | Code::Shutdown
            | Code::SlowConsumer => true,
            Code::BadJson | Code::BadPacket => self.malice,
            _ => false,
        }
    }

    fn client_ended(&mut self, code: Code, unconfirmed: u64) -> Checked {
        *self.ends.entry(code.as_str()).or_default() += 1;
        let key = format!("key{}", self.life);
        let fine = match (code, self.client.id()) {
            (Code::UnknownSession, Some(id)) => {
                // After a restart the key may have made another session, and the old one still be heard of.
                self.restarts > 0 || self.engine.places.get(id).is_none_or(Place::is_over)
            }
            _ => self.may_end_with(code),
        };
        if !fine {
            return Err(format!("the client's session ended with {code}"));
        }
        self.app.unconfirmed = Some(unconfirmed);
        let app = std::mem::take(&mut self.app);
        self.graves.push(Grave { app, key });
        if !self.healed && self.dice.percent(80) {
            let at = self.soon(3 * SECOND);
            self.link.at(at, Event::Reopen);
        }
        Ok(())
    }

    fn server_ended(&mut self, id: &str, code: Code, unconfirmed: u64) -> Checked {
        if !self.may_end_with(code) {
            return Err(format!("session {id} of the server ended with {code}"));
        }
        if let Some(place) = self.engine.places.get_mut(id) {
            if place.ended.replace(self.now).is_some() {
                return Err(format!("session {id} ended twice"));
            }
            place.app.unconfirmed = Some(unconfirmed);
        }
        Ok(())
    }

    fn check_bytes(&self) -> Checked {
        if self.client.sending().bytes() > self.client_config.queue {
            return Err("the client holds more than its queue".to_owned());
        }
        if self.app.backlog > self.client_config.window {
            return Err("the server passed its credit".to_owned());
        }
        for place in self.engine.places.values() {
            if place.session.send.bytes() > self.engine.queue {
                return Err("the server holds more than its queue".to_owned());
            }
            if place.app.backlog > self.engine.config.window {
                return Err("the client passed its credit".to_owned());
            }
        }
        Ok(())
    }

    /// The network is fair, and nobody says anything: all that was said has arrived, and both know.
    fn check_settled(&self) -> Checked {
        if self.client.state() == client::State::Ended {
            return Ok(());
        }
        let key = format!("key{}", self.life);
        if self.client.state() != client::State::Open {
            return Err(format!("the client is {:?}", self.client.state()));
        }
        let Some(place) = self
            .engine
            .places
            .values()
            .find(|place| place.app.name == self.app.peer.unwrap_or(place.app.name) && place.key == key)
        else {
            return Err("the server has no such session".to_owned());
        };
        if place.session.machine.state() != server::State::Open {
            return Err(format!("the server's session is {:?}", place.session.machine.state()));
        }
        let (up, down) = ((self.app.emitted, place.app.delivered), (place.app.emitted, self.app.delivered));
        if up.0 != up.1 || down.0 != down.1 {
            return Err(format!("not delivered: up {up:?}, down {down:?}"));
        }
        let unconfirmed = (self.client.sending().unconfirmed(), place.session.send.unconfirmed());
        if unconfirmed != (0, 0) {
            return Err(format!("not confirmed: {unconfirmed:?}"));
        }
        Ok(())
    }

    /// Nothing is untold: whoever has ended knows how much did not arrive, and the other end has ended too.
    fn check_ends(&self) -> Checked {
        let mut clients: Vec<(&App, String)> =
            self.graves.iter().map(|grave| (&grave.app, grave.key.clone())).collect();
        if self.client.state() != client::State::Ended {
            clients.push((&self.app, format!("key{}", self.life)));
        }
        for (app, key) in &clients {
            let now = || {
                self.engine.past.iter().chain(self.engine.places.values()).filter(|place| place.key == *key)
            };
            // An open that comes late makes no second session, as long as the first is remembered.
            let remembered = |place: &Place| place.ended.map(|ended| ended + self.engine.config.linger);
            let mut forgotten = Some(Duration::ZERO);
            for place in now() {
                if forgotten.is_none_or(|forgotten| place.made < forgotten) {
                    return Err(format!("{key} has made two sessions at once"));
                }
                forgotten = remembered(place);
            }
            let arrived = now()
                .chain(self.lost.iter().filter(|place| place.key == *key))
                .map(|place| place.app.delivered)
                .max();
            told(app, arrived.unwrap_or(0), "client")?;
            for place in now() {
                let delivered = if app.peer == Some(place.app.name) { app.delivered } else { 0 };
                told(&place.app, delivered, "server")?;
                if app.unconfirmed.is_some() && place.app.unconfirmed.is_none() {
                    return Err(format!("{key} has ended for the client only: {}", place.app.name));
                }
                let peer = app.peer.unwrap_or(place.app.name);
                if place.app.unconfirmed.is_some()
                    && app.unconfirmed.is_none()
                    && peer == place.app.name
                    && self.restarts == 0
                {
                    return Err(format!("{key} has ended for the server only: {}", place.app.name));
                }
            }
        }
        Ok(())
    }
}

fn told(app: &App, arrived: u64, who: &str) -> Checked {
    match app.unconfirmed {
        Some(told) if app.emitted - arrived > told => Err(format!(
            "the {who} {} was told of {told} of {} emitted, {arrived} arrived",
            app.name, app.emitted
        )),
        _ => Ok(()),
    }
}
