//! What is counted of a message: each does one thing so many times.

mod session;

use everwire::measure::{native, sock_js, socket_io, ws_frame};
use session::{codec, session};

/// All that is counted, by name.
pub const WORK: [(&str, fn(u64)); 6] = [
    ("codec", codec),
    ("session", session),
    ("native", native),
    ("socket_io", socket_io),
    ("sock_js", sock_js),
    ("ws_frame", ws_frame),
];
