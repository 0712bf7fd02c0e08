//! Everwire: a session between a client and a server that survives every change of transport, and an
//! event emitter on both sides. This crate is the server SDK.
#![forbid(unsafe_code)]

#[allow(dead_code, unused_imports, reason = "the transports are built from these parts next")]
mod transport;

#[allow(dead_code, reason = "what it has for the websocket transport is used next")]
mod serve;

pub use serve::serve;
pub use transport::http::origin::{InvalidOrigin, OriginPattern, OriginPolicy};
