//! The transports, one file each, and what they share. A transport knows HTTP and sockets, nothing of rooms and handlers.

pub(crate) mod answers;
pub(crate) mod engine_io;
mod event_source;
mod forever_iframe;
pub(crate) mod handshake;
pub(crate) mod http;
mod jsonp;
mod long_polling;
mod send;
pub(crate) mod service;
pub(crate) mod sock_js;
mod streaming;
mod up;
pub(crate) mod websocket;
pub(crate) mod ws_frame;
