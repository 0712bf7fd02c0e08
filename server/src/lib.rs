//! Everwire: a session between a client and a server that survives every change of transport, and an
//! event emitter on both sides. This crate is the server SDK.
#![forbid(unsafe_code)]

#[allow(dead_code, unused_imports, reason = "the transports are built from these parts next")]
mod transport;

pub use transport::http::origin::{InvalidOrigin, OriginPattern, OriginPolicy};
