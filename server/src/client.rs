//! Everything the application sees of one session: a socket for each namespace that its client is in.
//!
//! The session's task owns it and calls one method at a time. Handlers run inside [`Client::poll`].

use std::sync::Arc;
use std::task::Context;

use bytes::Bytes;
use everwire_session::code::Code;
use everwire_session::packet::Kind;
use serde::Deserialize;
use tokio::time::Instant;

use crate::error::{AckError, Disconnect};
use crate::handshake::RequestInfo;
use crate::hub::{Hub, MAX_NAMESPACES};
use crate::incoming::Incoming;
use crate::link::{Link, Peer};
use crate::outgoing::Outgoing;
use crate::outlet::SharedOutlet;
use crate::socket::Socket;
use crate::worker::Worker;
use everwire_session::payload::Payload;

pub(crate) struct Client {
    link: Arc<Link>,
    /// Few, and mostly one: searched in order.
    workers: Vec<Worker>,
    /// Consumed since the last poll.
    consumed: u64,
    ended: bool,
}

/// What the emitter reads of an `x` or an `l`. Anything may be missing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    code: String,
    message: String,
    reason: Option<String>,
}

impl Client {
    pub(crate) fn new(hub: Arc<Hub>, outlet: SharedOutlet, request: RequestInfo, peer: Peer) -> Self {
        hub.hooks().opened(outlet.session_id());
        let link = Arc::new(Link::new(hub, outlet, request, peer));
        Self { link, workers: Vec::new(), consumed: 0, ended: false }
    }

    /// Namespaces that are connected or connecting.
    pub(crate) fn namespaces(&self) -> usize {
        self.workers.iter().filter(|worker| worker.is_addressed()).count()
    }

    /// Is a namespace open?
    pub(crate) fn is_admitted(&self) -> bool {
        self.workers.iter().any(|worker| worker.is_open() && worker.is_addressed())
    }

    /// When to call [`poll`](Self::poll) though nothing has happened.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.workers.iter().filter_map(Worker::next_timeout).min()
    }

    /// Their names.
    pub(crate) fn names(&self) -> Vec<Box<str>> {
        let addressed = self.workers.iter().filter(|worker| worker.is_addressed());
        addressed.map(|worker| (&**worker.socket().namespace_name()).into()).collect()
    }

    /// The id of the socket in this namespace, if it is connected.
    pub(crate) fn socket_id(&mut self, namespace: &str) -> Option<&str> {
        self.find(namespace).filter(|worker| worker.is_open()).map(|worker| worker.socket().id())
    }

    /// Does the client wait for more answers than it may?
    pub(crate) fn owes_too_much(&self) -> bool {
        self.link.owes_too_much()
    }

    /// Is nothing running or waiting to run?
    pub(crate) fn is_idle(&self) -> bool {
        self.workers.iter().all(Worker::is_idle)
    }

    /// Takes a message. Acks are resolved at once; everything else waits for [`poll`](Self::poll).
    pub(crate) fn receive(&mut self, incoming: Incoming) {
        if self.ended {
            return;
        }
        match (incoming.kind, incoming.id) {
            (Kind::Connect, _) => self.connect(&incoming),
            (Kind::Event | Kind::Volatile, _) => self.event(incoming),
            (Kind::Ack, Some(id)) => self.answer(&incoming, id),
            (Kind::Error, id) => self.error(&incoming, id),
            (Kind::Left, _) => self.left(&incoming),
            _ => {}
        }
    }

    /// The same, but an event is handled at once if nothing waits before it. The rest is for [`poll`](Self::poll), which must follow.
    pub(crate) fn handle(&mut self, cx: &mut Context<'_>, incoming: Incoming) {
        if matches!(incoming.kind, Kind::Event | Kind::Volatile)
            && !self.ended
            && let Some(worker) = self.find(incoming.namespace())
        {
            let mut consumed = 0;
            worker.handle(cx, incoming, &mut consumed);
            self.consumed += consumed;
        } else {
            self.receive(incoming);
        }
    }

    /// Runs connects, middleware and handlers as far as they go without waiting. Returns the bytes of events that are finished since the last poll.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> u64 {
        // Before anything is looked at, so that what comes from another thread in between wakes again.
        self.link.waker.register(cx.waker());
        let mut consumed = std::mem::take(&mut self.consumed);
        for worker in &mut self.workers {
            worker.poll(cx, &mut consumed);
        }
        self.tell_dismissed();
        self.workers.retain(|worker| !worker.is_gone());
        consumed
    }

    /// Tells the client which sockets the server has put out. With the last of them the session ends.
    fn tell_dismissed(&mut self) {
        for at in 0..self.workers.len() {
            let Some(code) = self.workers[at].take_untold() else { continue };
            if self.link.peer == Peer::Native && self.namespaces() == 0 {
                self.link.outlet.kill(code);
            } else {
                let namespace = self.workers[at].socket().namespace_name();
                let _ = self.link.outlet.send(&Outgoing::left(namespace, code, None));
            }
        }
    }

    /// The session has lost its carrier.
    pub(crate) fn suspended(&mut self) {
        self.link.hub.hooks().suspended(self.link.outlet.session_id());
        self.local("suspended", &Payload::default());
    }

    /// The session has a carrier again.
    pub(crate) fn resumed(&mut self, transport: &'static str) {
        self.link.hub.hooks().resumed(self.link.outlet.session_id(), transport);
        for worker in self.workers.iter().filter(|worker| worker.is_open()) {
            worker.socket().recover();
        }
        self.local("resumed", &transport_payload(transport));
    }

    /// The session goes on over another transport.
    pub(crate) fn moved(&mut self, transport: &'static str) {
        self.link.hub.hooks().moved(self.link.outlet.session_id(), transport);
        self.local("transport", &transport_payload(transport));
    }

    /// The session is over. What has come in is still handled (but see [`Worker::end`]), then each socket's end, its rooms still joined: poll until idle.
    pub(crate) fn end(&mut self, code: Code, reason: Option<&str>, unconfirmed: u64) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        for worker in &mut self.workers {
            self.consumed += worker.end(Disconnect::new(code, reason.map(Into::into), unconfirmed));
        }
        self.link.hub.counters.ended(code);
        self.link.hub.hooks().closed(self.link.outlet.session_id(), code, unconfirmed);
    }

    fn local(&mut self, event: &'static str, payload: &Payload) {
        for worker in self.workers.iter_mut().filter(|worker| worker.is_open()) {
            worker.local(event, payload.clone());
        }
    }

    fn find(&mut self, namespace: &str) -> Option<&mut Worker> {
        self.workers
            .iter_mut()
            .find(|worker| worker.is_addressed() && **worker.socket().namespace_name() == *namespace)
    }

    fn connect(&mut self, incoming: &Incoming) {
        let peer = self.link.peer;
        if let Some(worker) = self.find(incoming.namespace()) {
            // While connecting one answer is on its way.
            if peer == Peer::Native {
                worker.renew(Bytes::copy_from_slice(&incoming.body));
            } else if worker.is_open() {
                worker.socket().greet();
            }
            return;
        }
        let Some(space) = self.link.hub.spaces.find(incoming.namespace()) else {
            return self.deny(incoming, "unknown_namespace", "Invalid namespace");
        };
        // Those whose end is under way count too: else connects and disconnects could heap them up.
        if self.workers.len() >= MAX_NAMESPACES {
            return self.deny(incoming, "namespace_limit", "namespace_limit");
        }
        // A copy, because the auth is kept and its buffer may be large.
        let auth = Bytes::copy_from_slice(&incoming.body);
        match Socket::new(space, self.link.clone()) {
            Ok(socket) => {
                // Most sessions have one, and room for four would be a kilobyte.
                self.workers.reserve_exact(1);
                self.workers.push(Worker::new(socket, auth));
            }
            Err(error) => {
                tracing::error!(%error, "the system gives no randomness");
                self.deny(incoming, "handler_error", "handler_error");
            }
        }
    }

    fn deny(&self, incoming: &Incoming, code: &str, message: &str) {
        self.link.hub.counters.rejected(code);
        let _ = self.link.outlet.send(&Outgoing::denied(incoming.namespace(), message, None));
    }

    fn event(&mut self, incoming: Incoming) {
        if let Some(worker) = self.find(incoming.namespace()) {
            let mut consumed = 0;
            worker.event(incoming, &mut consumed);
            self.consumed += consumed;
            return;
        }
        self.consumed += incoming.credit();
        self.link.hub.counters.rejected("unknown_namespace");
        if incoming.kind == Kind::Event {
            let _ = self.link.outlet.send(&Outgoing::error(
                incoming.namespace(),
                incoming.id,
                "unknown_namespace",
                None,
                None,
            ));
        }
    }

    fn answer(&mut self, incoming: &Incoming, id: u64) {
        if let Some(worker) = self.find(incoming.namespace()) {
            let payload = Payload::of_array(incoming.body.clone(), 0, incoming.attachments.clone());
            worker.socket().resolve_ack(id, Ok(payload));
        }
    }

    fn error(&mut self, incoming: &Incoming, id: Option<u64>) {
        let Some(worker) = self.find(incoming.namespace()) else { return };
        match id {
            Some(id) => {
                let Said { code, message, .. } = said(&incoming.body);
                worker.socket().resolve_ack(id, Err(AckError::Remote { code, message }));
            }
            None => worker.local("error", Payload::of_value(incoming.body.clone())),
        }
    }

    fn left(&mut self, incoming: &Incoming) {
        if let Some(worker) = self.find(incoming.namespace()) {
            let reason = said(&incoming.body).reason;
            worker.leave(Disconnect::new(Code::ClientDisconnect, reason, 0));
        }
    }
}

fn said(body: &[u8]) -> Said {
    serde_json::from_slice(body).unwrap_or_default()
}

fn transport_payload(transport: &'static str) -> Payload {
    Payload::new(transport).unwrap_or_default()
}
