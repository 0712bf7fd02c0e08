//! The Everwire demo and standalone server.
#![forbid(unsafe_code)]

fn main() {}
