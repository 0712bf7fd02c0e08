//! The handle to a client.

use std::future::Future;
use std::sync::Arc;

use everwire_session::packet::Kind;
use everwire_session::payload::IntoArgs;

use crate::ack::AckFuture;
use crate::choice::Transport;
use crate::error::EmitError;
use crate::handler::{Handler, IntoAck, erase};
use crate::packets::Outgoing;
use crate::registry::HandlerId;
use crate::shared::{Command, Shared};

/// Names that only local events have.
const RESERVED: [&str; 8] =
    ["connect", "connect_error", "disconnect", "disconnecting", "suspended", "resumed", "transport", "error"];

/// Is it a name that an event on the wire may have?
pub(crate) fn name_error(name: &str) -> Option<&'static str> {
    if name.is_empty() || name.len() > 128 {
        Some("bad_event")
    } else if RESERVED.contains(&name) {
        Some("reserved_event")
    } else {
        None
    }
}

/// One namespace of a server. Cheap to clone; every clone is the same socket.
///
/// It lives until [`close`](Self::close), or until its session has ended for good: dropping it closes nothing, since its handlers go on.
#[derive(Clone)]
pub struct Socket(pub(crate) Arc<Shared>);

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket").field("namespace", &self.0.namespace).field("id", &self.id()).finish()
    }
}

impl Socket {
    /// Handles an event of the server, or a local one. Handlers run one after the other, in a task of their own: one that is slow delays those behind
    /// it, and, when the window is full, the server's events.
    ///
    /// What arrives before this call is not seen by the handler: those that must miss nothing are given to the [`Builder`](crate::Builder).
    pub fn on<A, H>(&self, event: &str, handler: H) -> HandlerId
    where
        A: 'static,
        H: Handler<A>,
        <H::Future as Future>::Output: IntoAck,
    {
        self.0.registry.add(event, false, erase(handler))
    }

    /// Handles the event once.
    pub fn once<A, H>(&self, event: &str, handler: H) -> HandlerId
    where
        A: 'static,
        H: Handler<A>,
        <H::Future as Future>::Output: IntoAck,
    {
        self.0.registry.add(event, true, erase(handler))
    }

    /// Takes off all handlers of an event.
    pub fn off(&self, event: &str) {
        self.0.registry.remove_event(event);
    }

    /// Takes off one handler.
    pub fn off_handler(&self, id: HandlerId) {
        self.0.registry.remove(id);
    }

    /// Sends an event, once and in order: now, or as soon as there is a connection.
    ///
    /// # Errors
    /// When it cannot be sent at all.
    pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<(), EmitError> {
        self.0.emit(self.event(Kind::Event, None, event, args)?, None)
    }

    /// Sends an event and waits for its answer.
    pub fn emit_with_ack<T>(&self, event: &str, args: impl IntoArgs) -> AckFuture<T> {
        AckFuture::new(self, |id| self.event(Kind::Event, Some(id), event, args))
    }

    /// For events that are only worth having now: sent at most once, and not at all if they cannot be sent at once.
    pub fn volatile(&self) -> Volatile {
        Volatile(self.clone())
    }

    /// Leaves, behind all that was emitted. No event is handled any more but `disconnect`; acks that are still pending fail.
    pub fn close(&self) {
        if !std::mem::replace(&mut self.0.view.lock().closing, true) {
            // If nobody takes it, the session has ended already.
            let _ = self.0.commands.send(Command::Close);
        }
    }

    /// Waits until the session has ended for good and the last handler has run. Not for handlers: they would wait for themselves.
    pub async fn closed(&self) {
        // The sender is in `self`.
        let _ = self.0.over.subscribe().wait_for(|over| *over).await;
    }

    /// From `connect` to `disconnect`: a session that is suspended is still connected.
    pub fn connected(&self) -> bool {
        let view = self.0.view.lock();
        view.connected && !view.closing
    }

    /// The server's name for this socket, while connected.
    pub fn id(&self) -> Option<String> {
        self.0.view.lock().id.clone()
    }

    /// The transport in use; none while there is no connection.
    pub fn transport(&self) -> Option<Transport> {
        self.0.view.lock().transport
    }

    /// The namespace with its slash.
    pub fn namespace(&self) -> &str {
        &self.0.namespace
    }

    fn event(
        &self,
        kind: Kind,
        id: Option<u64>,
        event: &str,
        args: impl IntoArgs,
    ) -> Result<Outgoing, EmitError> {
        if name_error(event).is_some() {
            return Err(EmitError::Event);
        }
        Ok(Outgoing::event(kind, &self.0.namespace, id, event, &args.into_payload()?))
    }
}

/// Emits volatile events. Made by [`Socket::volatile`].
#[derive(Clone, Debug)]
pub struct Volatile(Socket);

impl Volatile {
    /// Sends an event if it can be sent now. It is no error if it cannot.
    ///
    /// # Errors
    /// When it could never be sent.
    pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<(), EmitError> {
        let message = self.0.event(Kind::Volatile, None, event, args)?;
        self.0.0.may_send(&message)?;
        if self.0.connected() && self.0.transport().is_some() {
            let _ = self.0.0.commands.send(Command::Volatile(message));
        }
        Ok(())
    }
}
