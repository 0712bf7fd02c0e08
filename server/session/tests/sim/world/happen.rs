//! What happens in a schedule, on either side.

use super::*;

impl World {
    pub(super) fn happen(&mut self, event: Event) -> Checked {
        let (now, current) = (self.now, self.life);
        match event {
            Event::Attach => self.attach(),
            // The turn that follows does it.
            Event::Breathe => {}
            Event::Body { target, shape, head, batch, malformed } => {
                return self.body(target, shape, *head, batch, malformed);
            }
            Event::ClientClose => {
                self.say(|| "client: closes".to_owned());
                self.closing.get_or_insert(now);
                self.client.handle(now, client::Input::Close(Code::ClientDisconnect));
            }
            Event::ClientConsume { life, bytes } => {
                if life == current && self.client.state() != client::State::Ended {
                    self.app.consume(bytes);
                    self.client.handle(now, client::Input::Consumed(bytes));
                }
            }
            Event::ClientTalk => self.client_talks(),
            Event::Closed { life, carrier, code } => {
                if life == current {
                    self.say(|| format!("client: carrier {carrier} is lost {code:?}"));
                    self.farewell = self.farewell.filter(|_| code.is_none());
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
                    if code.is_some() {
                        self.farewell = None;
                        self.client_book.hear(now, client::Pipe::Request(request), None);
                    }
                    self.client.handle(now, client::Input::Failed(request, code));
                }
            }
            Event::Frame { carrier, frame } => return self.frame(carrier, frame),
            Event::Gone { pipe } => {
                self.say(|| format!("server: pipe {pipe} is gone"));
                self.targets.remove(&pipe);
                return self.engine.input(now, pipe, Input::Gone { pipe });
            }
            Event::SocketGone { carrier } => {
                if let Some(pipe) = self.sockets.get(&carrier).copied() {
                    self.say(|| format!("server: socket {pipe} is gone"));
                    self.targets.remove(&pipe);
                    return self.engine.input(now, pipe, Input::Gone { pipe });
                }
            }
            Event::Heal => self.heal(),
            Event::Jump => {
                self.pump()?;
                self.now += millis(self.dice.between(1, 200) * SECOND);
                self.jumped = self.now;
                self.say(|| "the clock jumps".to_owned());
            }
            Event::Lie => return self.lie(),
            Event::Line { life, pipe, down } => {
                if life == current {
                    self.say(|| format!("client: {pipe:?} {down:?}"));
                    self.heard_down(pipe, &down);
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
                    place.closing.get_or_insert(now);
                    place.session.handle(now, Input::Close { code, reason: None, retry: Some(5) });
                    self.say(|| format!("server: closes with {code}"));
                }
            }
            Event::ServerConsume { id, bytes } => {
                if let Some(place) = self.engine.places.get_mut(&id) {
                    place.app.consume(bytes);
                    place.session.handle(now, Input::Consumed(bytes));
                }
            }
            Event::ServerTalk => self.server_talks(),
        }
        Ok(())
    }

    pub(super) fn attach(&mut self) {
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

    fn heard_down(&mut self, pipe: client::Pipe, down: &Down<Note>) {
        let grant = match down {
            Down::Welcome(welcome) => welcome.grant.as_ref().map(|grant| grant.token.expose()),
            Down::Close(close) if self.client.state() != client::State::Ended => {
                self.farewell = Some((close.last, self.now));
                None
            }
            Down::Refusal(_) => {
                self.farewell = None;
                None
            }
            _ => None,
        };
        self.client_book.hear(self.now, pipe, grant);
    }

    pub(super) fn soon(&mut self, within: u64) -> Duration {
        self.now + millis(self.dice.between(0, within))
    }

    pub(super) fn delay(&mut self) -> Duration {
        self.soon(self.weather.delay)
    }

    pub(super) fn client_talks(&mut self) {
        if self.client.state() == client::State::Ended {
            return;
        }
        for _ in 0..self.dice.between(1, 6) {
            let size = self.dice.between(self.clients.least, self.largest) as usize;
            match self.dice.between(0, 9) {
                0 => {
                    let note = self.app.write_volatile(size);
                    self.client.volatile(note);
                }
                kind => {
                    let mut note = self.app.write(size, kind > 2);
                    // Of an opening that nobody can read the server would know nothing.
                    note.poison = self.client.id().is_some() && self.poisons();
                    if self.client.emit(note) {
                        self.app.emitted += 1;
                    }
                }
            }
        }
        let emitted = self.app.emitted;
        self.say(|| format!("client: has emitted {emitted}"));
    }

    pub(super) fn server_talks(&mut self) {
        let now = self.now;
        let mut poison = self.poisons();
        let Some(place) = self.engine.places.values_mut().next_back() else { return };
        for _ in 0..self.dice.between(1, 6) {
            let size = self.dice.between(self.clients.least, self.largest) as usize;
            match self.dice.between(0, 9) {
                0 => {
                    let note = place.app.write_volatile(size);
                    let session = &mut place.session;
                    session.machine.volatile(&mut session.send, now, [note]);
                }
                kind => {
                    let mut note = place.app.write(size, kind > 2);
                    note.poison = std::mem::take(&mut poison);
                    if place.session.emit(now, note) {
                        place.app.emitted += 1;
                    }
                }
            }
        }
        let (name, emitted) = (place.app.name, place.app.emitted);
        self.say(|| format!("server: {name} has emitted {emitted}"));
    }

    /// Shall the next message be one that cannot be read?
    fn poisons(&mut self) -> bool {
        let poisons = self.malice && !self.healed && !self.poisoned && self.dice.percent(5);
        self.poisoned |= poisons;
        poisons
    }

    /// A client confirms more than it can have received, with a proof that is good.
    fn lie(&mut self) -> Checked {
        let now = self.now;
        self.pump()?;
        self.pipes += 1;
        let pipe = self.pipes;
        let Some((id, place)) =
            self.engine.places.iter_mut().next_back().filter(|(_, place)| !place.is_over())
        else {
            return Ok(());
        };
        let Some(token) = place.used.and_then(|used| place.tokens.get(used)) else { return Ok(()) };
        let (session, token) = (id.clone(), Secret::new(token.clone()));
        let received = place.app.emitted + 1;
        let head = Post {
            session,
            token,
            received,
            consumed: 0,
            serial: None,
            first: None,
            attach: None,
            poll: None,
            wait: None,
        };
        self.lied = true;
        place.session.handle(now, Input::Post { pipe, head, batch: Vec::new(), how: How::Readable });
        let ended = place.session.machine.ended();
        self.say(|| format!("somebody says {received} have come: {ended:?}"));
        ensure(ended == Some(Code::BadAck), || "what was never sent is confirmed".to_owned())
    }

    pub(super) fn heal(&mut self) {
        self.healed = true;
        self.weather = Weather::fair();
        self.say(|| "the network heals".to_owned());
        for after in [SECOND, 60 * SECOND, 70 * SECOND] {
            self.link.at(self.now + millis(after), Event::ClientTalk);
            self.link.at(self.now + millis(after), Event::ServerTalk);
        }
    }

    pub(super) fn reopen(&mut self) {
        self.life += 1;
        let key = format!("key{}", self.life);
        self.say(|| format!("client: begins anew with {key}"));
        self.client = (self.clients.begin)(&self.client_config, Secret::new(key));
        self.app = App::new(self.life);
        self.client_book = ClientBook::default();
        (self.closing, self.farewell) = (None, None);
        self.attach();
    }

    pub(super) fn restart(&mut self) {
        self.say(|| "server: restarts".to_owned());
        self.restarts += 1;
        self.lost.extend(self.engine.restart());
        for (pipe, target) in std::mem::take(&mut self.targets) {
            self.break_off(pipe, target);
        }
        self.sockets.clear();
    }

    /// The way down ends without a word; the client may notice at once, later, or not at all.
    pub(super) fn break_off(&mut self, pipe: Pipe, target: Target) {
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

    pub(super) fn life_of(&self, carrier: u64) -> u64 {
        self.shapes.get(&carrier).map_or(0, |(life, _)| *life)
    }

    pub(super) fn probe(&mut self) -> Checked {
        let now = self.now;
        self.pump()?;
        let Some(place) = self.engine.places.values_mut().next_back() else { return Ok(()) };
        let Some(used) = place.used.filter(|used| *used > 0) else { return Ok(()) };
        let old = place.tokens[self.dice.roll() as usize % used].clone();
        self.pipes += 1;
        place.probe(now, self.pipes, &old)
    }
}
