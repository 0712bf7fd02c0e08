//! Where the sockets and rooms of a namespace are, and who receives a broadcast.

use crate::error::RoomError;
use crate::outlet::SharedOutlet;
use crate::socket::Socket;

mod local;

pub(crate) use local::Local;

/// A socket's place in its namespace: index below, stamp above, so that a handle kept too long never means the next socket of that index.
pub(crate) type Seat = u64;

/// Whom a broadcast is for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    /// The union of these rooms; if there are none, all.
    pub(crate) rooms: Vec<Box<str>>,
    pub(crate) except: Vec<Box<str>>,
    pub(crate) except_seat: Option<Seat>,
}

/// The sockets of one namespace. No method waits or calls back.
pub(crate) trait Adapter: Send + Sync {
    /// Takes a socket in.
    fn add(&self, socket: Socket) -> Seat;

    /// Forgets a socket, and the rooms that nobody else is in.
    fn remove(&self, seat: Seat);

    /// Delivers nothing to a socket any more; its rooms stay until [`remove`](Self::remove).
    fn mute(&self, seat: Seat);

    fn join(&self, seat: Seat, room: &str) -> Result<(), RoomError>;

    fn leave(&self, seat: Seat, room: &str);

    /// The rooms of a socket.
    fn rooms(&self, seat: Seat) -> Vec<String>;

    /// Each receiver of a broadcast, once.
    fn receivers(&self, target: &Target) -> Vec<SharedOutlet>;

    /// Each socket that a broadcast would reach, once.
    fn sockets(&self, target: &Target) -> Vec<Socket>;

    /// How many sockets and rooms there are.
    fn counts(&self) -> (usize, usize);
}
