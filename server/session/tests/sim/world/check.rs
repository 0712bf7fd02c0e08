//! What must hold.

use super::*;

impl World {
    pub(super) fn may_end_with(&self, code: Code) -> bool {
        match code {
            Code::ClientDisconnect
            | Code::GraceOver
            | Code::ServerDisconnect
            | Code::Shutdown
            | Code::SlowConsumer => true,
            Code::BadAck => self.lied,
            Code::BadJson | Code::BadPacket => self.malice,
            _ => false,
        }
    }

    /// What the client says of itself must be so.
    pub(super) fn client_says(&self, output: &client::Output<Note, Note>) -> Checked {
        use client::Output as O;
        match output {
            O::Write(_, Up::Counts(received, consumed)) => self.app.says(*received, *consumed),
            O::WriteAttach(_, head) => self.app.says(head.received, head.consumed),
            O::Farewell(head, _) => self.app.says(head.received, head.consumed),
            O::Request { head, .. } => match &**head {
                Head::Attach(head) => self.app.says(head.received, head.consumed),
                Head::Post(head) => self.app.says(head.received, head.consumed),
            },
            _ => Ok(()),
        }
    }

    /// What a session of the server says of itself must be so.
    pub(super) fn server_says(&self, id: &str, output: &Output<Note, Note>) -> Checked {
        let Some(place) = self.engine.places.get(id) else { return Ok(()) };
        match output {
            Output::Counts(_, received, consumed) => place.app.says(*received, *consumed),
            Output::Welcome(_, welcome) => place.app.says(welcome.received, welcome.consumed),
            _ => Ok(()),
        }
    }

    pub(super) fn client_ended(&mut self, code: Code, unconfirmed: u64) -> Checked {
        *self.ends.entry(code.as_str()).or_default() += 1;
        let key = format!("key{}", self.life);
        let fine = match (code, self.client.id().as_deref()) {
            (Code::UnknownSession, Some(id)) => {
                // After a restart the key may have made another session, and the old one still be heard of.
                self.restarts > 0 || self.engine.places.get(id).is_none_or(Place::is_over)
            }
            _ => self.may_end_with(code),
        };
        if !fine {
            return Err(format!("the client's session ended with {code}"));
        }
        if let Some((last, at)) = self.farewell
            && self.closing.is_none()
            && matches!(code, Code::ServerDisconnect | Code::Shutdown)
        {
            ensure(self.app.delivered >= last || self.now >= at + CLOSE, || {
                format!("the client has ended at {} of {last}", self.app.delivered)
            })?;
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

    pub(super) fn server_ended(&mut self, id: &str, code: Code, unconfirmed: u64) -> Checked {
        if !self.may_end_with(code) {
            return Err(format!("session {id} of the server ended with {code}"));
        }
        if let Some(place) = self.engine.places.get_mut(id) {
            let grace = self.engine.config.grace;
            let late = place.suspended.is_some_and(|since| self.now + SLACK >= since + grace);
            ensure(code != Code::GraceOver || late, || {
                format!("session {id} ended before its grace was over")
            })?;
            if let Some((last, at)) = place.farewell
                && matches!(code, Code::ClientDisconnect | Code::ServerDisconnect | Code::Shutdown)
            {
                let since = place.closing.map_or(at, |closing| closing.min(at));
                ensure(place.app.delivered >= last || self.now >= since + CLOSE, || {
                    format!("session {id} ended at {} of {last}", place.app.delivered)
                })?;
            }
            if place.ended.replace(self.now).is_some() {
                return Err(format!("session {id} ended twice"));
            }
            place.app.unconfirmed = Some(unconfirmed);
        }
        Ok(())
    }

    pub(super) fn check_bytes(&self) -> Checked {
        if self.client.bytes() > self.client_config.queue {
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

    /// What has a bound in time ends within it. Only where no deadline waits to be looked at.
    pub(super) fn check_times(&self) -> Checked {
        let now = self.now;
        let late = |since: Option<Duration>, bound: Duration| {
            since.is_some_and(|since| now > since.max(self.jumped) + bound + SLACK)
        };
        let patience = self.engine.config.ping + self.engine.config.timeout;
        if self.client.next_timeout().is_none_or(|due| due > now) {
            let state = self.client.state();
            ensure(state != client::State::Open || !late(self.client_book.heard(), patience), || {
                "the client does not notice that its carrier is mute".to_owned()
            })?;
            ensure(state != client::State::Closing || !late(self.closing, CLOSE), || {
                "the client closes for ever".to_owned()
            })?;
        }
        let ended = client::State::Ended == self.client.state() && self.graves.len() as u64 != self.life;
        ensure(!ended, || "the client has ended without a word".to_owned())?;
        for (id, place) in &self.engine.places {
            let machine = &place.session.machine;
            if machine.next_timeout().is_some_and(|due| due <= now) {
                continue;
            }
            let missed = match machine.state() {
                server::State::Open => late(Some(place.heard), patience),
                server::State::Suspended => late(place.suspended, self.engine.config.grace),
                server::State::Closing => late(place.closing, CLOSE),
                server::State::Ended => late(place.ended, self.engine.config.linger),
                server::State::Forgotten => false,
            };
            ensure(!missed, || format!("session {id} is {:?} for too long", machine.state()))?;
        }
        Ok(())
    }

    /// The network is fair, and nobody says anything: all that was said has arrived, and both know.
    pub(super) fn check_settled(&self) -> Checked {
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
        let unconfirmed = (self.client.unconfirmed(), place.session.send.unconfirmed());
        if unconfirmed != (0, 0) {
            return Err(format!("not confirmed: {unconfirmed:?}"));
        }
        let bytes = (self.client.bytes(), place.session.send.bytes());
        ensure(bytes == (0, 0), || format!("kept for nothing: {bytes:?} bytes"))?;
        let open = self.targets.len();
        ensure(open <= 2, || format!("{open} pipes are open: {:?}", self.targets))?;
        ensure(self.client_book.carriers.len() == 1, || {
            format!("the client keeps the carriers {:?}", self.client_book.carriers)
        })?;
        Ok(())
    }

    /// Nothing is untold: whoever has ended knows how much did not arrive, and the other end has ended too.
    pub(super) fn check_ends(&self) -> Checked {
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
