//! The carriers that were not given up, their requests, and how they are given up.

use std::time::Duration;

use super::{Carrier, Kind, Output, Pipe, Purpose, Request, Session, State};
use crate::code::Code;
use crate::send::Message;
use crate::server::Instant;
use crate::wire::Secret;

/// So long a client waits before it asks again for nothing, or answers another heartbeat.
pub(super) const QUIET: Duration = Duration::from_millis(100);

/// A carrier that was not given up.
#[derive(Debug)]
pub(super) struct Road {
    pub(super) carrier: Carrier,
    pub(super) kind: Kind,
    pub(super) attach: u64,
    /// What proved its attach; none if that was the key.
    pub(super) proof: Option<Secret>,
    pub(super) patience: Duration,
    /// When it is given up, unless something is heard.
    pub(super) deadline: Instant,
    pub(super) welcomed: bool,
    /// Its stream is opened by ticket.
    pub(super) ticketed: bool,
    /// Of the next message on a WebSocket or a stream opened by ticket; none until a welcome.
    pub(super) position: Option<u64>,
    /// WebSocket: the last message written; none while the welcome has to tell where to go on.
    pub(super) written: Option<u64>,
    /// The number of the last poll, and when the next one, or the answer to a heartbeat, is due.
    pub(super) polls: u64,
    pub(super) rested: Instant,
    /// Posts that failed in a row.
    pub(super) strikes: u32,
    pub(super) requests: Vec<Pending>,
}

/// A request without its whole answer.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) request: Request,
    pub(super) purpose: Purpose,
    pub(super) position: Option<u64>,
    /// When to give up the carrier over it.
    pub(super) deadline: Option<Instant>,
}

impl<M: Message, U: Message> Session<M, U> {
    pub(super) fn road(&mut self, carrier: Carrier) -> Option<&mut Road> {
        self.roads.iter_mut().find(|road| road.carrier == carrier)
    }

    pub(super) fn is_poll(&mut self, carrier: Carrier) -> bool {
        self.road(carrier).is_some_and(|road| road.kind == Kind::Poll)
    }

    pub(super) fn pending(&mut self, pipe: Pipe) -> Option<&mut Pending> {
        let Pipe::Request(request) = pipe else { return None };
        self.roads.iter_mut().flat_map(|road| &mut road.requests).find(|pending| pending.request == request)
    }

    pub(super) fn carrier(&self, pipe: Pipe) -> Option<Carrier> {
        let found = match pipe {
            Pipe::Carrier(carrier) => self.roads.iter().find(|road| road.carrier == carrier),
            Pipe::Request(request) => {
                self.roads.iter().find(|road| road.requests.iter().any(|pending| pending.request == request))
            }
        };
        found.map(|road| road.carrier)
    }

    pub(super) fn position(&mut self, pipe: Pipe) -> Option<&mut Option<u64>> {
        match pipe {
            Pipe::Carrier(carrier) => self.road(carrier).map(|road| &mut road.position),
            Pipe::Request(_) => self.pending(pipe).map(|pending| &mut pending.position),
        }
    }

    pub(super) fn take_request(&mut self, request: Request) -> Option<(Carrier, Pending)> {
        for road in &mut self.roads {
            if let Some(at) = road.requests.iter().position(|pending| pending.request == request) {
                return Some((road.carrier, road.requests.remove(at)));
            }
        }
        None
    }

    /// A carrier is gone, or given up.
    pub(super) fn lose(&mut self, carrier: Carrier, code: Option<Code>) {
        let Some(road) = self.road(carrier) else { return };
        // A stream by ticket has to show that it carries, too.
        let welcomed = road.welcomed && (!road.ticketed || road.position.is_some());
        // The server may tell the old carrier sooner than the new one: the session has one.
        let attach = road.attach;
        let moving = code == Some(Code::TakenOver) && self.roads.iter().any(|other| other.attach > attach);
        self.let_go(carrier);
        if self.current == Some(carrier) {
            self.current = None;
        }
        if self.current.is_none() && !moving && self.state == State::Open {
            self.state = State::Suspended;
            self.outputs.push_back(Output::Suspended);
        }
        if self.roads.is_empty() {
            self.outputs.push_back(Output::Lost { carrier, code, welcomed });
        }
    }

    /// Something has come: who asks for more is not asking for nothing.
    pub(super) fn brought(&mut self, now: Instant, carrier: Carrier) {
        let hangs = self.rest.is_zero();
        if let Some(road) = self.road(carrier)
            && road.kind == Kind::Poll
            && hangs
        {
            road.rested = now;
        }
    }

    pub(super) fn let_go(&mut self, carrier: Carrier) {
        let Some(at) = self.roads.iter().position(|road| road.carrier == carrier) else { return };
        let road = self.roads.remove(at);
        if let Some(batch) = &mut self.batch
            && road.requests.iter().any(|pending| batch.request == Some(pending.request))
        {
            batch.request = None;
        }
        self.said_close = false;
        self.outputs.push_back(Output::Drop(carrier));
    }
}
