//! The Everwire protocol without I/O: packets and the session state machine. No tokio, no clock and no
//! randomness that was not handed in.
#![forbid(unsafe_code)]
