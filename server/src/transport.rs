//! The transports, one file each, and what they share.

pub(crate) mod ws_frame;
