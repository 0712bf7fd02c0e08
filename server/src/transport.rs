//! The transports, one file each, and what they share.

pub(crate) mod handshake;
pub(crate) mod http;
pub(crate) mod ws_frame;
