//! A TCP proxy that does all that networks do, by a seed, and a run of clients through it whose every event is numbered.
#![forbid(unsafe_code)]

pub mod crowd;
mod dice;
mod fault;
mod line;
mod proxy;
mod request;
pub mod run;
mod stream;
mod weather;

pub use dice::Dice;
pub use fault::{Fault, Rates, Tally};
pub use proxy::Proxy;
