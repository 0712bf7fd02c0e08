//! Other ways to emit to one socket.

use everwire_session::payload::IntoArgs;

use super::Socket;
use crate::emit::Emit;
use crate::emitter::Broadcast;
use crate::hub::is_event_name;
use crate::outgoing::Outgoing;

/// Emits volatile events to one socket. Made by [`Socket::volatile`].
#[must_use = "nothing is sent without `emit`"]
pub struct Volatile {
    pub(super) socket: Socket,
}

impl Volatile {
    /// Sends an event if the client can take it now. It never waits; what is not sent is no error.
    pub fn emit(&self, event: impl AsRef<str>, args: impl IntoArgs) {
        let event = event.as_ref();
        if !is_event_name(event) || !self.socket.is_connected() {
            return;
        }
        match args.into_payload() {
            Ok(payload) => {
                let _ = self.socket.send(&Outgoing::volatile(self.socket.namespace_name(), event, payload));
            }
            Err(error) => tracing::error!(event, %error, "a volatile event was not sent"),
        }
    }

    /// A volatile broadcast to all others.
    pub fn broadcast(&self) -> Broadcast {
        self.socket.broadcast().volatile()
    }

    /// A volatile broadcast to the others in a room.
    pub fn to(&self, room: impl AsRef<str>) -> Broadcast {
        self.broadcast().to(room)
    }
}

/// Emits events of which only the newest matters. Made by [`Socket::latest`].
#[must_use = "nothing is sent without `emit`"]
pub struct Latest {
    pub(super) socket: Socket,
    pub(super) key: Box<str>,
}

impl Latest {
    /// Sends an event, or puts it in the place of the one that waits. As [`Socket::emit`], but where it takes a place it waits for no room.
    pub fn emit(&self, event: impl AsRef<str>, args: impl IntoArgs) -> Emit {
        let out = self.socket.outgoing(event.as_ref(), args, None);
        Emit::new(&self.socket, out.map(|out| out.latest(Some(&self.key))))
    }
}
