//! What arrives at the server.

use super::*;

impl World {
    pub(super) fn open_pipe(&mut self, target: Target) -> Pipe {
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

    pub(super) fn frame(&mut self, carrier: u64, frame: Frame) -> Checked {
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
                self.targets.remove(&pipe);
                return self.engine.input(now, pipe, Input::Gone { pipe });
            }
            Frame::Malformed(code) => {
                self.say(|| format!("server: socket {pipe} brings nonsense"));
                let input = Input::Malformed { pipe, code, first: None, before: 0 };
                return self.engine.input(now, pipe, input);
            }
            Frame::Up(Up::Message(note)) if note.poison => {
                return self.frame(carrier, Frame::Malformed(Code::BadJson));
            }
            Frame::Up(Up::Message(note)) => {
                self.say(|| format!("server: socket {pipe} {note:?}"));
                return self.accept(pipe, &note);
            }
            Frame::Up(up) => {
                self.say(|| format!("server: socket {pipe} {up:?}"));
                return self.engine.input(now, pipe, Input::Packet { pipe, up });
            }
        }
        Ok(())
    }

    /// By the short way, or the long one.
    pub(super) fn accept(&mut self, pipe: Pipe, note: &Note) -> Checked {
        let now = self.now;
        if self.dice.percent(50) {
            return self.engine.input(now, pipe, Input::Packet { pipe, up: Up::Message(note.clone()) });
        }
        let Some(id) = self.engine.owners.get(&pipe).cloned() else { return Ok(()) };
        // What was delivered before goes first.
        self.pump_server(&id)?;
        let Some(place) = self.engine.places.get_mut(&id) else { return Ok(()) };
        place.heard = now;
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

    pub(super) fn body(
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
        let poison = batch.iter().position(|up| matches!(up, Up::Message(note) if note.poison));
        if malformed || poison.is_some() {
            let batch = &batch[..poison.unwrap_or(batch.len())];
            let (id, first) = match &head {
                Head::Attach(head) => (head.session.clone(), head.first),
                Head::Post(head) => (Some(head.session.clone()), head.first),
            };
            let code = Code::BadPacket;
            match id.filter(|id| self.engine.places.contains_key(id)) {
                Some(id) => {
                    self.engine.owners.insert(pipe, id);
                    let before = batch.iter().filter(|up| matches!(up, Up::Message(_))).count() as u64;
                    return self.engine.input(now, pipe, Input::Malformed { pipe, code, first, before });
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

    pub(super) fn attached(
        &mut self,
        pipe: Pipe,
        shape: Shape,
        head: Attach,
        batch: Vec<Up<Note>>,
    ) -> Checked {
        if self.engine.is_stale(&head) {
            self.pump()?;
        }
        self.engine.attach(self.now, pipe, shape, head, batch)
    }

    pub(super) fn redeem(&mut self, carrier: u64, ticket: &str) {
        let pipe = self.open_pipe(Target::Stream { carrier });
        let good = self.engine.redeem(self.now, pipe, ticket);
        self.say(|| format!("server: stream {pipe} for carrier {carrier}, ticket good: {good}"));
        if !good {
            self.end(pipe);
        }
    }
}
