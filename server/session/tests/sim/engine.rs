//! The least that a server needs around its sessions: tables by id and by key, tickets, pipes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use everwire_session::code::Code;
use everwire_session::server::{Config, How, Input, Output, Pipe, Session, Shape, State, Up};
use everwire_session::wire::{Attach, Post, Secret};

use super::app::{App, Note};

/// One session of the server, with its application.
pub(crate) struct Place {
    pub(crate) session: Session<Note, Note>,
    pub(crate) app: App,
    /// The key that opened it, by which the client's session is known.
    pub(crate) key: String,
    /// Tokens in the order in which they were issued, and the newest one that was used.
    pub(crate) tokens: Vec<String>,
    pub(crate) used: Option<usize>,
    pub(crate) made: Duration,
    pub(crate) ended: Option<Duration>,
    /// Since when it has no carrier, when it was told to close, and when anything came.
    pub(crate) suspended: Option<Duration>,
    pub(crate) closing: Option<Duration>,
    pub(crate) heard: Duration,
    /// The client's final count, and when it came.
    pub(crate) farewell: Option<(u64, Duration)>,
    /// What proved the attach on a pipe: which of the tokens.
    proofs: BTreeMap<Pipe, usize>,
    /// The attach and number of a poll, by pipe, and those that were answered.
    polls: BTreeMap<Pipe, (u64, u64)>,
    answered: BTreeSet<(u64, u64)>,
    /// What comes on these pipes is of a former carrier.
    outdated: BTreeSet<Pipe>,
    /// Pipes whose welcome names a ticket.
    pub(crate) ticketed: BTreeSet<Pipe>,
    pub(crate) latest: u64,
    /// Messages that its carrier takes at once, and when it takes the next.
    pub(crate) breath: Option<usize>,
    pub(crate) breathes_at: Duration,
}

/// The server.
pub(crate) struct Engine {
    pub(crate) config: Config,
    pub(crate) queue: usize,
    /// Messages that a carrier takes at once; none if it takes all.
    pub(crate) breath: Option<usize>,
    pub(crate) places: BTreeMap<String, Place>,
    /// Ends of sessions that are forgotten, by key: what was delivered, and the application.
    pub(crate) past: Vec<Place>,
    tickets: BTreeMap<String, (String, u64, Duration)>,
    drawn: u64,
    /// Which session a pipe belongs to.
    pub(crate) owners: BTreeMap<Pipe, String>,
    /// Refusals that no session gave.
    pub(crate) refused: Vec<(Pipe, Code)>,
}

impl Engine {
    pub(crate) fn new(config: Config, queue: usize, breath: Option<usize>) -> Self {
        Self {
            config,
            queue,
            breath,
            places: BTreeMap::new(),
            past: Vec::new(),
            tickets: BTreeMap::new(),
            drawn: 0,
            owners: BTreeMap::new(),
            refused: Vec::new(),
        }
    }

    fn draw(&mut self) -> u64 {
        self.drawn += 1;
        self.drawn
    }

    /// It loses all it knows. What its sessions have delivered stays on record.
    pub(crate) fn restart(&mut self) -> Vec<Place> {
        self.tickets.clear();
        self.owners.clear();
        std::mem::take(&mut self.places).into_values().collect()
    }

    pub(crate) fn next_timeout(&self) -> Option<Duration> {
        self.places.values().filter_map(|place| place.session.machine.next_timeout()).min()
    }

    /// Finds or makes the session of an attach. The id, or why not.
    fn find(&mut self, now: Duration, head: &Attach) -> Result<String, Code> {
        if let Some(id) = &head.session {
            return self.places.get(id).map(|_| id.clone()).ok_or(Code::UnknownSession);
        }
        let key = head.key.as_ref().map(|key| key.expose().to_owned()).ok_or(Code::UnknownSession)?;
        let known = self.places.iter().find(|(_, place)| place.key == key && place.session.machine.has_key());
        if let Some((id, _)) = known {
            return Ok(id.clone());
        }
        let name = 1_000 + self.draw();
        let (id, token) = (format!("s{name}"), format!("t{}", self.draw()));
        let (secret, first) = (Secret::new(key.clone()), Secret::new(token));
        let session = Session::new(self.config.clone(), id.clone(), secret, first, now, self.queue);
        let place = Place {
            session,
            app: App::new(name),
            key,
            tokens: Vec::new(),
            used: None,
            made: now,
            ended: None,
            suspended: Some(now),
            closing: None,
            heard: now,
            farewell: None,
            proofs: BTreeMap::new(),
            polls: BTreeMap::new(),
            answered: BTreeSet::new(),
            outdated: BTreeSet::new(),
            ticketed: BTreeSet::new(),
            latest: 0,
            breath: self.breath,
            breathes_at: Duration::ZERO,
        };
        self.places.insert(id.clone(), place);
        Ok(id)
    }

    pub(crate) fn attach(
        &mut self,
        now: Duration,
        pipe: Pipe,
        shape: Shape,
        head: Attach,
        batch: Vec<Up<Note>>,
    ) -> Result<(), String> {
        let id = match self.find(now, &head) {
            Ok(id) => id,
            Err(code) => {
                self.refused.push((pipe, code));
                return Ok(());
            }
        };
        let fresh = Secret::new(format!("t{}", self.draw()));
        self.owners.insert(pipe, id.clone());
        let place = self.places.get_mut(&id).expect("just found");
        if shape == Shape::Ticketed {
            place.ticketed.insert(pipe);
        }
        let (number, token) = (head.attach, head.token.clone());
        place.hear(now, &batch);
        if place.is_over() {
            place.session.handle(now, Input::Attach { pipe, shape, head, batch, fresh });
            return Ok(());
        }
        let before = (number <= place.latest).then(|| format!("{:?}", place.session));
        let proof = token.as_ref().map(|token| token.expose().to_owned());
        place.session.handle(now, Input::Attach { pipe, shape, head, batch, fresh });
        if let Some(before) = before {
            let code = place.must_have_refused(pipe, &before)?;
            self.refused.push((pipe, code));
            return Ok(());
        }
        place.latest = place.latest.max(place.session.machine.attach_number());
        if place.session.machine.attach_number() == number {
            place.note_use(proof.as_deref())?;
            if let Some(used) = place.used.filter(|_| proof.is_some()) {
                place.proofs.insert(pipe, used);
            }
        }
        Ok(())
    }

    /// Will this attach lose against one that was accepted?
    pub(crate) fn is_stale(&self, head: &Attach) -> bool {
        let key = head.key.as_ref().map(Secret::expose);
        self.places.iter().any(|(id, place)| {
            let named = head.session.as_ref().map_or(key == Some(&place.key), |session| session == id);
            named && head.attach <= place.latest
        })
    }

    pub(crate) fn post(&mut self, now: Duration, pipe: Pipe, head: Post, batch: Vec<Up<Note>>) {
        let Some(place) = self.places.get_mut(&head.session) else {
            return self.refused.push((pipe, Code::UnknownSession));
        };
        self.owners.insert(pipe, head.session.clone());
        let token = head.token.expose().to_owned();
        // A token proves a post if it proves anything at all.
        let accepted = place.proves(&token);
        if accepted {
            let _ = place.note_use(Some(&token));
        }
        place.hear(now, &batch);
        if let (Some(attach), Some(poll)) = (head.attach, head.poll) {
            place.polls.insert(pipe, (attach, poll));
            if attach != place.latest {
                place.outdated.insert(pipe);
            }
        }
        place.session.handle(now, Input::Post { pipe, head, batch, how: How::Readable });
    }

    pub(crate) fn input(&mut self, now: Duration, pipe: Pipe, input: Input<Note>) -> Result<(), String> {
        let Some(place) = self.owners.get(&pipe).and_then(|id| self.places.get_mut(id)) else {
            return Ok(());
        };
        let live = place.session.machine.live_pipe();
        let other = matches!(input, Input::Gone { .. }) && live.is_some_and(|live| live != pipe);
        match &input {
            Input::Packet { up, .. } if live == Some(pipe) => place.hear(now, std::slice::from_ref(up)),
            Input::Gone { .. } => {}
            _ => place.hear(now, &[]),
        }
        place.session.handle(now, input);
        if other && place.session.machine.live_pipe() != live && !place.is_over() {
            return Err(format!("pipe {live:?} is given up for the end of {pipe}"));
        }
        Ok(())
    }

    pub(crate) fn redeem(&mut self, now: Duration, pipe: Pipe, ticket: &str) -> bool {
        let Some((id, attach, until)) = self.tickets.remove(ticket) else { return false };
        let Some(place) = self.places.get_mut(&id).filter(|_| until > now) else { return false };
        self.owners.insert(pipe, id.clone());
        place.heard = now;
        if attach != place.latest {
            place.outdated.insert(pipe);
        }
        place.session.handle(now, Input::Stream { pipe, attach });
        true
    }

    /// A ticket for the welcome on this pipe, if it is to have one.
    pub(crate) fn ticket(&mut self, now: Duration, pipe: Pipe, attach: Option<u64>) -> Option<String> {
        let id = self.owners.get(&pipe)?.clone();
        if !self.places.get(&id)?.ticketed.contains(&pipe) {
            return None;
        }
        let ticket = format!("k{}", self.draw());
        self.tickets.insert(ticket.clone(), (id, attach?, now + Duration::from_secs(10)));
        Some(ticket)
    }
}

impl Place {
    /// Tries a token that has had its day, with a number that would win.
    pub(crate) fn probe(&mut self, now: Duration, pipe: Pipe, token: &str) -> Result<(), String> {
        let before = format!("{:?}", self.session);
        let head = Attach {
            v: 1,
            attach: self.latest + 1_000,
            key: None,
            session: Some(self.session.machine.id().to_owned()),
            token: Some(Secret::new(token)),
            received: 0,
            consumed: 0,
            window: 1_000,
            first: None,
            serial: None,
            pad: None,
            ticket: None,
        };
        let (shape, batch, fresh) = (Shape::Duplex, Vec::new(), Secret::new("stolen"));
        self.session.handle(now, Input::Attach { pipe, shape, head, batch, fresh });
        self.must_have_refused(pipe, &before).map(|_| ())
    }

    /// Something comes from the client.
    fn hear(&mut self, now: Duration, batch: &[Up<Note>]) {
        self.heard = now;
        for up in batch {
            if let Up::Close(close) = up {
                self.farewell = Some((close.last, now));
            }
        }
    }

    /// A pipe begins.
    pub(crate) fn welcomes(&mut self, pipe: Pipe, token: Option<&str>) -> Result<(), String> {
        if self.outdated.contains(&pipe) {
            return Err(format!("pipe {pipe} of a former carrier is welcome"));
        }
        if let Some(poll) = self.polls.get(&pipe)
            && !self.answered.insert(*poll)
        {
            return Err(format!("poll {poll:?} is answered twice"));
        }
        let Some(token) = token else { return Ok(()) };
        if !self.tokens.iter().any(|issued| issued == token) {
            self.tokens.push(token.to_owned());
        }
        let at = self.tokens.iter().position(|issued| issued == token);
        match self.proofs.get(&pipe) {
            Some(proof) if at <= Some(*proof) => Err(format!("{token} is issued where it is used already")),
            _ => Ok(()),
        }
    }

    fn must_have_refused(&mut self, pipe: Pipe, before: &str) -> Result<Code, String> {
        let outputs: Vec<_> = std::iter::from_fn(|| self.session.machine.poll_output()).collect();
        let after = format!("{:?}", self.session);
        match outputs[..] {
            [Output::Refuse(at, code, _)]
                if at == pipe && without_secrets(before) == without_secrets(&after) =>
            {
                Ok(code)
            }
            _ => Err(format!("a stale attach changed something: {outputs:?}\n{before}\n{after}")),
        }
    }

    /// By our own record: does a token prove the session?
    pub(crate) fn proves(&self, token: &str) -> bool {
        match self.tokens.iter().position(|issued| issued == token) {
            Some(at) => self.used.is_none_or(|used| at >= used),
            None => false,
        }
    }

    pub(crate) fn note_use(&mut self, token: Option<&str>) -> Result<(), String> {
        let Some(token) = token else {
            return if self.used.is_some() {
                Err("the key was taken after a token".to_owned())
            } else {
                Ok(())
            };
        };
        match self.tokens.iter().position(|issued| issued == token) {
            Some(at) if self.used.is_none_or(|used| at >= used) => {
                self.used = Some(at);
                Ok(())
            }
            _ => Err(format!("token {token} was taken: {:?}, used {:?}", self.tokens, self.used)),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.session.machine.state(), State::Ended | State::Forgotten)
    }
}

/// Using a token may be noted; nothing else may change. The queue of outputs has another capacity, which is not shown.
fn without_secrets(text: &str) -> String {
    let from = text.find("secrets: ").unwrap_or(0);
    let to = text.find(", receive: ").unwrap_or(from);
    format!("{}{}", &text[..from], &text[to..])
}
