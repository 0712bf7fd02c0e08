//! What the machines want done, and what the network makes of it.

use super::*;

/// More than any turn has to do.
const MOST_OUTPUTS: u64 = 10_000;

impl World {
    pub(super) fn pump(&mut self) -> Checked {
        self.outputs = 0;
        loop {
            let mut quiet = true;
            while let Some(output) = self.client.poll_output(self.now) {
                self.outputs += 1;
                if self.outputs > MOST_OUTPUTS {
                    return Err("the client never stops".to_owned());
                }
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
        self.check_times()?;
        self.check_bytes()
    }

    /// One turn of a session of the server.
    pub(super) fn pump_server(&mut self, id: &str) -> Result<bool, String> {
        let mut any = self.drain(id)?;
        loop {
            self.flush(id)?;
            if !self.drain(id)? {
                return Ok(any);
            }
            any = true;
        }
    }

    fn drain(&mut self, id: &str) -> Result<bool, String> {
        let mut any = false;
        loop {
            let Some(place) = self.engine.places.get_mut(id) else { return Ok(any) };
            let Some(output) = place.session.machine.poll_output() else { return Ok(any) };
            self.outputs += 1;
            if self.outputs > MOST_OUTPUTS {
                return Err("the server never stops".to_owned());
            }
            any = true;
            self.server_output(id, output)?;
        }
    }

    /// Lets a session write what it has, or as much as its carrier takes now.
    fn flush(&mut self, id: &str) -> Checked {
        let now = self.now;
        let Some(place) = self.engine.places.get_mut(id) else { return Ok(()) };
        let session = &mut place.session;
        if let (Some(breath), Some(pipe)) = (place.breath, session.machine.live_pipe()) {
            let mut taken = Vec::new();
            if now >= place.breathes_at {
                taken.extend(std::iter::from_fn(|| session.send.next().cloned()).take(breath));
            }
            let more = session.send.is_ready();
            if more && !taken.is_empty() {
                place.breathes_at = now + millis(20);
                self.link.at(now + millis(20), Event::Breathe);
            }
            for note in taken {
                self.server_book.write(&Output::Message(pipe, note.clone()))?;
                self.down(pipe, Down::Message(note));
            }
            let Some(place) = self.engine.places.get_mut(id) else { return Ok(()) };
            if more {
                place.session.machine.flush_beside(&mut place.session.send, now);
                return Ok(());
            }
        }
        let Some(place) = self.engine.places.get_mut(id) else { return Ok(()) };
        place.session.machine.flush(&mut place.session.send, now);
        Ok(())
    }

    pub(super) fn forget(&mut self) {
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

    pub(super) fn client_output(&mut self, output: client::Output<Note, Note>) -> Checked {
        use client::Output as O;
        let life = self.life;
        if !matches!(output, O::Deliver(_)) {
            self.say(|| format!("client → {output:?}"));
        }
        self.client_book.write(self.now, &output)?;
        self.client_says(&output)?;
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

    pub(super) fn consumed_at(&mut self) -> Duration {
        let within = if self.healed { 10 } else { self.weather.delay * 5 };
        self.soon(within)
    }

    pub(super) fn late(&mut self) -> Duration {
        if self.dice.percent(self.weather.late) { self.soon(LATEST) } else { self.delay() }
    }

    pub(super) fn write(&mut self, carrier: u64, frame: Frame) {
        let at = self.delay();
        self.link.send(Lane::Up(carrier), at, Event::Frame { carrier, frame });
    }

    pub(super) fn request(&mut self, request: u64, carrier: u64, head: Box<Head>, batch: Vec<Up<Note>>) {
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

    pub(super) fn server_output(&mut self, id: &str, output: Output<Note, Note>) -> Checked {
        if !matches!(output, Output::Deliver(_)) {
            self.say(|| format!("server {id} → {output:?}"));
        }
        self.server_book.write(&output)?;
        self.server_says(id, &output)?;
        match output {
            Output::Deliver(note) => return self.deliver_up(id, &note),
            Output::Volatile(note) => {
                if let Some(place) = self.engine.places.get_mut(id) {
                    return place.app.take_volatile(&note);
                }
            }
            Output::Welcome(pipe, mut welcome) => {
                if let Some(place) = self.engine.places.get_mut(id) {
                    place.welcomes(pipe, welcome.grant.as_ref().map(|grant| grant.token.expose()))?;
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
            Output::Attached { .. } => {
                if let Some(place) = self.engine.places.get_mut(id) {
                    place.suspended = None;
                }
            }
            Output::Suspended => {
                if let Some(place) = self.engine.places.get_mut(id) {
                    place.suspended = Some(self.now);
                }
            }
        }
        Ok(())
    }

    pub(super) fn deliver_up(&mut self, id: &str, note: &Note) -> Checked {
        let now = self.now;
        self.deliveries += 1;
        self.say(|| format!("server {id} delivers {note:?}"));
        let at = self.consumed_at();
        let Some(place) = self.engine.places.get_mut(id) else { return Ok(()) };
        place.app.take(note)?;
        if self.dice.percent(20) {
            let size = self.dice.between(self.clients.least, self.largest) as usize;
            let reply = place.app.write(size, self.dice.percent(50));
            if place.session.emit(now, reply) {
                place.app.emitted += 1;
            }
        }
        if self.abrupt && !self.healed && self.dice.percent(5) {
            let at = self.delay();
            self.link.at(at, Event::ServerClose);
        }
        if note.credited {
            let event = Event::ServerConsume { id: id.to_owned(), bytes: note.size as u64 };
            self.link.at(at, event);
        }
        Ok(())
    }

    pub(super) fn down(&mut self, pipe: Pipe, down: Down<Note>) {
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
        let down = match down {
            Down::Message(note) if note.poison => Down::Malformed(Code::BadPacket),
            down => down,
        };
        let nonsense = self.malice && !self.healed && self.dice.percent(1);
        if nonsense {
            let down = Box::new(Down::Malformed(Code::BadPacket));
            self.link.send(Lane::Down(pipe), at, Event::Line { life, pipe: to, down });
        }
        self.link.send(Lane::Down(pipe), at, Event::Line { life, pipe: to, down: Box::new(down) });
    }

    pub(super) fn end(&mut self, pipe: Pipe) {
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

    pub(super) fn refuse(&mut self, pipe: Pipe, code: Code) {
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
            Some(Target::Nowhere) | None => {
                self.targets.remove(&pipe);
            }
        }
    }
}
