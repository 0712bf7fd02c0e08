//! One server for black-box suites against Everwire.
#![forbid(unsafe_code)]

fn main() {}
