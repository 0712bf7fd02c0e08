//! A pair of machines, joined by a network that does what networks do, in virtual time.

pub(crate) mod app;
pub(crate) mod book;
pub(crate) mod client;
pub(crate) mod dice;
pub(crate) mod engine;
pub(crate) mod link;
pub(crate) mod schedules;
pub(crate) mod world;
