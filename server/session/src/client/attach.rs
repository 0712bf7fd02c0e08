//! A carrier attaches, and is welcomed (protocol.md, section 4).

use std::time::Duration;

use super::carrier::Road;
use super::{Carrier, Kind, Output, Pipe, Purpose, Session, State};
use crate::code::Code;
use crate::mutant::{Mutant, planted};
use crate::send::Message;
use crate::server::Instant;
use crate::wire::{Attach, Grant, VERSION, Welcome};

/// No carrier is given up for a silence of fewer milliseconds than this, whatever the server says.
const LEAST: u64 = 500;

impl<M: Message, U: Message> Session<M, U> {
    pub(super) fn attach(&mut self, now: Instant, carrier: Carrier, kind: Kind, patience: Duration) {
        self.attach += u64::from(self.attach == 0 || !planted(Mutant::AttachNumberStands));
        let attach = self.attach;
        let opening = self.named.is_none();
        self.roads.push(Road {
            carrier,
            kind,
            attach,
            proof: self.named.as_ref().map(|(_, token)| token.clone()),
            patience,
            deadline: now + patience,
            welcomed: false,
            ticketed: false,
            position: None,
            // Only an opening client knows where the server stands: at nothing.
            written: (kind == Kind::Duplex && opening).then(|| self.send.confirmed()),
            polls: 0,
            rested: now,
            strikes: 0,
            requests: Vec::new(),
        });
        if kind == Kind::Duplex {
            let first = opening.then(|| self.send.confirmed() + 1);
            let head = Box::new(self.head(attach, first, None));
            self.outputs.push_back(Output::WriteAttach(carrier, head));
        } else {
            self.request(now, carrier, Purpose::Attach, true);
        }
    }

    pub(super) fn head(&mut self, attach: u64, first: Option<u64>, serial: Option<u64>) -> Attach {
        let (received, consumed) = self.say_counts();
        let (session, token) = self.named.clone().unzip();
        let key = token.is_none().then(|| self.key.clone());
        let window = self.config.window;
        Attach {
            v: VERSION,
            attach,
            key,
            session,
            token,
            received,
            consumed,
            window,
            first,
            serial,
            pad: None,
            ticket: None,
        }
    }

    pub(super) fn welcome(&mut self, now: Instant, pipe: Pipe, carrier: Carrier, welcome: &Welcome) {
        let Some(road) = self.road(carrier) else { return };
        let awaited = !road.welcomed;
        if awaited && welcome.grant.is_none() {
            return self.malformed(carrier, Code::BadPacket);
        }
        if let Some(position) = self.position(pipe) {
            *position = Some(welcome.first);
        }
        if let Pipe::Request(request) = pipe {
            // The answer has begun, so the whole request has arrived.
            self.batch.take_if(|batch| batch.request == Some(request));
        }
        if let Some(grant) = &welcome.grant
            && awaited
            && !self.adopt(now, carrier, welcome, grant)
        {
            return;
        }
        let before = self.send.confirmed();
        self.counts(welcome.received, welcome.consumed);
        if self.send.confirmed() > before {
            self.brought(now, carrier);
        }
    }

    /// The welcome of a carrier: it is the current one from now on. False if it cannot be.
    fn adopt(&mut self, now: Instant, carrier: Carrier, welcome: &Welcome, grant: &Grant) -> bool {
        if self.named.as_ref().is_some_and(|(session, _)| *session != grant.session)
            && !planted(Mutant::OtherSessionTaken)
        {
            // The key has opened another session: the server knows nothing of ours.
            self.end(Code::UnknownSession, None, None);
            return false;
        }
        let base = self.send.base();
        let Some(road) = self.road(carrier) else { return false };
        if road.kind == Kind::Duplex {
            let start = if planted(Mutant::WebSocketGoesOnAnywhere) { base } else { welcome.received };
            let written = *road.written.get_or_insert(start);
            if written < base && !planted(Mutant::LateWebSocketKept) {
                // Counts that came another way were faster: what must come first on this WebSocket is gone.
                self.lose(carrier, Some(Code::Stale));
                return false;
            }
            self.send.seek(written);
        }
        let Some(road) = self.road(carrier) else { return false };
        road.welcomed = true;
        road.ticketed = welcome.ticket.is_some();
        let (attach, patience) = (road.attach, road.patience);
        self.mute = Duration::from_millis(grant.ping.saturating_add(grant.timeout.max(LEAST)));
        let due = now + if welcome.ticket.is_some() { patience } else { self.mute };
        if let Some(road) = self.road(carrier) {
            road.deadline = due;
        }
        if self.named.is_none() || !planted(Mutant::NewTokenIgnored) {
            self.named = Some((grant.session.clone(), grant.token.clone()));
        }
        self.send.set_window(grant.window);
        self.current = Some(carrier);
        // Older ones have nothing more to say. Newer ones may still win.
        let older: Vec<_> =
            self.roads.iter().filter(|road| road.attach < attach).map(|road| road.carrier).collect();
        for carrier in older.into_iter().filter(|_| !planted(Mutant::FormerCarrierUsed)) {
            self.let_go(carrier);
        }
        self.said_close = false;
        let before = self.state;
        if before != State::Closing {
            self.state = State::Open;
        }
        self.outputs.push_back(if before == State::Open {
            Output::Moved(carrier)
        } else {
            Output::Opened { carrier, resumed: before == State::Suspended }
        });
        if let Some(ticket) = &welcome.ticket {
            self.outputs.push_back(Output::Stream(carrier, ticket.clone()));
        }
        true
    }
}
