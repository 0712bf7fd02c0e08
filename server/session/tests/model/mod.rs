//! The parts of the model.

pub(crate) mod client;
pub(crate) mod rules;
pub(crate) mod secrets;
pub(crate) mod server;
pub(crate) mod wire;
pub(crate) mod world;
