//! The task in which handlers run: in order, one at a time, and apart from what keeps the session alive.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use everwire_session::payload::Payload;
use futures_util::FutureExt as _;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::handler::{Erased, Event, Outcome};
use crate::packets::Outgoing;
use crate::shared::{Command, Shared};
use crate::socket::Socket;

/// Bytes of volatile events that may wait for their handlers; the events of the server are bounded by its credit.
const MAX_VOLATILE: usize = 1 << 20;

/// Something that happened.
pub(crate) enum Item {
    Event(Received),
    Local(&'static str, Payload),
}

/// An event of the server.
pub(crate) struct Received {
    pub(crate) session: u64,
    pub(crate) name: String,
    pub(crate) args: Payload,
    pub(crate) id: Option<u64>,
    /// Bytes that are consumed when it has been handled.
    pub(crate) credit: u64,
    /// Bytes of a volatile event.
    pub(crate) volatile: usize,
}

/// The way to that task.
#[derive(Clone)]
pub(crate) struct Dispatch {
    items: mpsc::UnboundedSender<Item>,
    shared: Arc<Shared>,
}

impl Dispatch {
    pub(crate) fn start(shared: &Arc<Shared>) -> Self {
        let (sender, items) = mpsc::unbounded_channel();
        tokio::spawn(run(items, shared.clone()));
        Self { items: sender, shared: shared.clone() }
    }

    pub(crate) fn local(&self, event: &'static str, data: impl Serialize) {
        let payload = Payload::new((data,)).unwrap_or_default();
        let _ = self.items.send(Item::Local(event, payload));
    }

    /// A local event without data.
    pub(crate) fn tell(&self, event: &'static str) {
        let _ = self.items.send(Item::Local(event, Payload::default()));
    }

    pub(crate) fn event(&self, event: Received) {
        let waiting = self.shared.volatile.load(Ordering::Relaxed);
        if event.volatile == 0 || waiting + event.volatile <= MAX_VOLATILE {
            self.shared.volatile.fetch_add(event.volatile, Ordering::Relaxed);
            let _ = self.items.send(Item::Event(event));
        }
    }
}

/// Ends when the client has, behind the last handler.
async fn run(mut items: mpsc::UnboundedReceiver<Item>, shared: Arc<Shared>) {
    while let Some(item) = items.recv().await {
        match item {
            Item::Event(event) => handle(&shared, event).await,
            Item::Local(name, args) => {
                let event = Event { socket: Socket(shared.clone()), name: name.into(), args };
                for handler in shared.registry.take(name) {
                    // An error of a local event's handler has nobody to go to.
                    let _ = call(&handler, &event).await;
                }
            }
        }
    }
    shared.over.send_replace(true);
}

async fn handle(shared: &Arc<Shared>, received: Received) {
    let Received { session, name, args, id, credit, volatile } = received;
    shared.volatile.fetch_sub(volatile, Ordering::Relaxed);
    // After `close` nothing is handled; what it held of the window is free all the same.
    let closing = shared.view.lock().closing;
    if !closing {
        let handlers = shared.registry.take(&name);
        let event = Event { socket: Socket(shared.clone()), name: name.into(), args };
        let outcome = call_all(&handlers, &event).await;
        if volatile == 0
            && let Some(message) = answer(&shared.namespace, id, &event.name, outcome)
        {
            let _ = shared.commands.send(Command::Answer { session, message });
        }
    }
    if credit > 0 {
        let _ = shared.commands.send(Command::Consumed { session, bytes: credit });
    }
}

/// Calls one after the other: the first that has something to say has answered. None if there is no handler.
async fn call_all(handlers: &[Erased], event: &Event) -> Option<Outcome> {
    let mut answer = None;
    for handler in handlers {
        let outcome = call(handler, event).await;
        if answer.as_ref().is_none_or(|answer| matches!(answer, Outcome::Done)) {
            answer = Some(outcome);
        }
    }
    answer
}

async fn call(handler: &Erased, event: &Event) -> Outcome {
    // A panic when the handler is called is one of the handler, too.
    let called = AssertUnwindSafe(async { handler(event).await.0 });
    called.catch_unwind().await.unwrap_or_else(|_| Outcome::Failed {
        code: "handler_panic",
        message: "the handler panicked".to_owned(),
    })
}

fn answer(namespace: &str, id: Option<u64>, event: &str, outcome: Option<Outcome>) -> Option<Outgoing> {
    match (outcome, id) {
        (Some(Outcome::Failed { code, message }), _) => {
            Some(Outgoing::error(namespace, id, code, Some(event), Some(&message)))
        }
        (_, None) => None,
        (Some(Outcome::Done), Some(id)) => Some(Outgoing::ack(namespace, id, &Payload::default())),
        (Some(Outcome::Values(values)), Some(id)) => Some(Outgoing::ack(namespace, id, &values)),
        (None, Some(_)) => Some(Outgoing::error(
            namespace,
            id,
            "no_handler",
            Some(event),
            Some("nothing handles this event"),
        )),
    }
}
