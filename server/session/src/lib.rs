//! The Everwire protocol without I/O: packets, and the session state machine for both roles.
//!
//! No clock, no randomness and no runtime in here: time and fresh secrets are arguments, so that a seed replays a run.
//! The normative text is `protocol.md`.

pub mod client;
pub mod code;
#[cfg(any(fuzzing, test))]
pub mod fuzz;
pub mod json;
#[cfg(not(feature = "mutants"))]
mod mutant;
#[cfg(feature = "mutants")]
pub mod mutant;
pub mod packet;
pub mod payload;
mod receive;
mod secrets;
mod send;
pub mod server;
pub mod wire;

pub use receive::{Accept, ReceiveHalf};
pub use send::{BadAck, Message, QueueFull, SendHalf};
