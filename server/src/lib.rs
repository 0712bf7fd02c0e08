//! Everwire: a session between a client and a server that survives every change of transport, and an
//! event emitter on both sides. This crate is the server SDK.
#![forbid(unsafe_code)]
