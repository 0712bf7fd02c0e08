//! What a driver tells the application: gathered while the lock was held, told when it is free.

use everwire_session::code::Code;

use super::Driver;
use crate::config::Transport;
use crate::incoming::Incoming;

/// What the application is told.
pub(super) enum Note {
    Attached {
        resumed: bool,
        first: bool,
        transport: Transport,
    },
    Deliver(Incoming),
    Ended {
        code: Code,
        reason: Option<String>,
        unconfirmed: u64,
    },
    /// `counted`: by whoever answers the request.
    Refused {
        code: Code,
        counted: bool,
    },
    Suspended,
}

/// Bytes of packets since the metrics were told.
#[derive(Default)]
pub(super) struct Traffic {
    pub(super) transport: Option<Transport>,
    pub(super) up: u64,
    pub(super) down: u64,
}

impl Driver {
    /// Tells the application what happened. Not under the lock: its hooks are user code.
    pub(super) fn tell(&mut self) {
        for note in std::mem::take(&mut self.notes) {
            if !matches!(note, Note::Deliver(_)) {
                self.report_traffic();
            }
            match note {
                Note::Attached { first: true, transport, .. } => {
                    tracing::debug!(session = &*self.live.id, transport = transport.name(), "session opened");
                }
                Note::Attached { resumed: true, transport, .. } => self.client.resumed(transport.name()),
                Note::Attached { resumed: false, transport, .. } => self.client.moved(transport.name()),
                Note::Deliver(incoming) => {
                    self.traffic.up += incoming.size as u64;
                    self.client.receive(incoming);
                }
                Note::Ended { code, reason, unconfirmed } => {
                    self.ended = Some(self.now());
                    self.place = None;
                    self.engine.has_ended(&self.live);
                    tracing::debug!(session = &*self.live.id, %code, unconfirmed, "session ended");
                    self.client.end(code, reason.as_deref(), unconfirmed);
                }
                Note::Refused { code, counted } => {
                    tracing::debug!(session = &*self.live.id, %code, why = code.message(), "refused");
                    if !counted {
                        self.engine.hub.refused(code);
                    }
                }
                Note::Suspended => {
                    tracing::debug!(session = &*self.live.id, "session suspended: no carrier");
                    self.client.suspended();
                }
            }
        }
    }

    pub(super) fn report_traffic(&mut self) {
        let Traffic { transport, up, down } = std::mem::take(&mut self.traffic);
        if let Some(transport) = transport
            && up + down > 0
        {
            self.engine.hub.hooks().bytes(transport.name(), up, down);
        }
        self.traffic.transport = self.live.lock().transport;
    }
}
