//! The end of a schedule: in fair weather one side ends a session that is settled, and nothing of it may be lost or left.

use super::*;

/// Within it both must know; less than a close may take, so that it is no time-out that ends it.
const SOON: u64 = 4 * SECOND;

impl World {
    pub(super) fn farewell(&mut self) -> Checked {
        let key = format!("key{}", self.life);
        if self.client.state() == client::State::Ended {
            return Ok(());
        }
        let peer = self.app.peer;
        let place = self.engine.places.iter().find(|(_, place)| {
            place.key == key && peer.is_none_or(|peer| peer == place.app.name) && !place.is_over()
        });
        let Some(id) = place.map(|(id, _)| id.clone()) else { return Ok(()) };
        // A message that takes the whole window may have to wait for the next heartbeat.
        self.largest = (self.largest / 2).max(self.clients.least);
        let shape =
            self.client_book.current.and_then(|carrier| self.shapes.get(&carrier)).map(|(_, shape)| *shape);
        let attaches = self.attaches;
        let begun = self.now;
        let how = self.dice.between(0, 2);
        if how < 2 && self.dice.percent(70) {
            self.client_talks();
            self.server_talks();
        }
        match how {
            0 => self.happen(Event::ClientClose)?,
            1 => self.happen(Event::ServerClose)?,
            _ => {
                self.say(|| format!("server: kills {id}"));
                let place = self.engine.places.get_mut(&id).expect("just found");
                place.session.handle(begun, Input::Kill { code: Code::SlowConsumer });
            }
        }
        self.pump()?;
        self.until(begun + millis(SOON))?;
        let grave = self.graves.last().filter(|grave| grave.key == key).map(|grave| &grave.app);
        let (Some(client), Some(place)) = (grave, self.engine.places.get(&id)) else {
            return Err(format!("the end is not told: client {:?}", self.client.state()));
        };
        ensure(place.is_over(), || format!("the server's session is {:?}", place.session.machine.state()))?;
        // Two polls in a row that were overtaken cost their carrier.
        ensure(self.attaches == attaches || shape == Some(Shape::Poll), || {
            "the end was not told on the carrier that stood".to_owned()
        })?;
        if how < 2 && place.session.machine.ended() == Some(Code::SlowConsumer) {
            // What was said last did not fit into a small queue: another end than the one that was begun.
            return Ok(());
        }
        let (from, to) = match how {
            0 => (client, &place.app),
            1 => (&place.app, client),
            _ => {
                let told = (client.unconfirmed, place.app.unconfirmed);
                return ensure(told == (Some(0), Some(0)), || {
                    format!("told of losses where none were: {told:?}")
                });
            }
        };
        ensure(from.emitted == to.delivered, || {
            format!("closed without a flush: {} of {}", to.delivered, from.emitted)
        })?;
        ensure(from.unconfirmed == Some(0), || {
            format!("told of {:?} losses where none were", from.unconfirmed)
        })?;
        self.until(begun + self.engine.config.linger + millis(2 * SOON))?;
        self.forget();
        ensure(self.engine.places.is_empty(), || "an ended session is not forgotten".to_owned())?;
        ensure(self.targets.is_empty(), || format!("left open: {:?}", self.targets))
    }
}
