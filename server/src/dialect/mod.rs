//! Wire protocols spoken over the transports. A dialect knows packets and the handshake, nothing of HTTP, sockets or rooms.

pub(crate) mod native;
