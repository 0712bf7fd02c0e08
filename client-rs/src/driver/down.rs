//! What the server sends, and whom it concerns.

use everwire_session::Message;
use everwire_session::client::Input;
use everwire_session::packet::Kind;
use serde::Deserialize;
use serde_json::Value;

use super::Driver;
use crate::dispatch::Received;
use crate::error::AckError;
use crate::events::{Connect, ConnectError, Disconnect, Failure};
use crate::packets::{Incoming, Outgoing};
use crate::shared::Reply;
use crate::socket::name_error;

impl Driver {
    pub(super) fn deliver(&mut self, message: &Incoming) {
        let ours = message.namespace() == self.shared.namespace;
        match message.kind {
            Kind::Event | Kind::Volatile if ours && !self.closed && !self.told => self.event(message),
            Kind::Ack if ours => self.answered(message, Ok(message.values())),
            Kind::Error if ours => self.failed(message),
            Kind::Opened if ours => self.opened(message),
            Kind::Denied if ours => self.denied(message),
            Kind::Left if ours => self.left(message),
            Kind::Query if ours => self.asked = Some((self.auth)()),
            Kind::Event => {
                if !ours {
                    let error =
                        Outgoing::error(message.namespace(), message.id, "unknown_namespace", None, None);
                    self.push(error);
                }
                self.consume(message);
            }
            _ => {}
        }
    }

    fn consume(&mut self, message: &Incoming) {
        if message.credit() > 0 {
            self.machine.handle(self.now(), Input::Consumed(message.credit()));
        }
    }

    fn event(&mut self, message: &Incoming) {
        let (code, name) = match message.event() {
            None => ("bad_event", None),
            Some((name, args)) => match name_error(&name) {
                Some(code) => (code, Some(name)),
                None => {
                    let volatile = if message.kind == Kind::Volatile { message.size() } else { 0 };
                    let (id, credit) = (message.id, message.credit());
                    let session = self.number;
                    return self.dispatch.event(Received { session, name, args, id, credit, volatile });
                }
            },
        };
        if message.kind == Kind::Event {
            let name = name.filter(|name| name.len() <= 128);
            let error = Outgoing::error(&self.shared.namespace, message.id, code, name.as_deref(), None);
            self.push(error);
            self.consume(message);
        }
    }

    fn answered(&mut self, message: &Incoming, reply: Reply) {
        if let Some(waiting) = message.id.and_then(|id| self.settle(id)) {
            // Nobody may be waiting any more.
            let _ = waiting.send(reply);
        }
    }

    fn failed(&mut self, message: &Incoming) {
        let Some(failure) = message.object::<Failure>() else { return };
        if message.id.is_some() {
            let Failure { code, message: words, .. } = failure;
            let words = words.unwrap_or_default();
            self.answered(message, Err(AckError::Remote { code, message: words }));
        } else if !self.closed {
            self.dispatch.local("error", failure);
        }
    }

    fn opened(&mut self, message: &Incoming) {
        #[derive(Deserialize)]
        struct Opened {
            id: String,
        }
        let Some(Opened { id }) = message.object() else { return };
        let mut view = self.shared.view.lock();
        view.id = Some(id);
        let was = std::mem::replace(&mut view.connected, true);
        drop(view);
        if !was && !self.closed {
            self.dispatch.local("connect", Connect::new());
        }
    }

    fn denied(&mut self, message: &Incoming) {
        #[derive(Deserialize)]
        struct Denied {
            message: String,
            #[serde(default)]
            data: Value,
        }
        let Some(Denied { message, data }) = message.object() else { return };
        // It was connected if this answers fresh auth.
        if self.shared.disconnected() && !self.told {
            let (code, reason) = ("denied".to_owned(), Some(message.clone()));
            self.dispatch.local("disconnect", Disconnect { code, reason, unconfirmed: 0 });
        }
        if !self.closed {
            self.dispatch.local("connect_error", ConnectError { code: "denied".into(), message, data });
        }
        self.forget();
    }

    fn left(&mut self, message: &Incoming) {
        #[derive(Deserialize)]
        struct Left {
            code: String,
            #[serde(default)]
            reason: Option<String>,
        }
        let Some(Left { code, reason }) = message.object() else { return };
        if self.shared.disconnected() && !self.told {
            self.dispatch.local("disconnect", Disconnect { code, reason, unconfirmed: 0 });
        }
        self.forget();
    }

    /// The namespace is gone, and the session with it. The user has been told.
    fn forget(&mut self) {
        self.told = true;
        self.shared.view.lock().closing = true;
        for (_, waiting) in self.pending.drain() {
            let _ = waiting.send(Err(AckError::SessionEnded));
            self.shared.give_acks(1);
        }
        self.close();
    }
}
