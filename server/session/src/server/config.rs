//! What of a session can be set.

use std::time::Duration;

/// Times and sizes of a session; section 13 has the defaults.
#[derive(Clone, Debug)]
pub struct Config {
    /// Heartbeat interval.
    pub ping: Duration,
    /// Time for the answer.
    pub timeout: Duration,
    /// How long a session is kept without a carrier.
    pub grace: Duration,
    /// How long a close may take.
    pub close: Duration,
    /// How long an opening request may wait for the answer to its namespace connect.
    pub opening: Duration,
    /// How long an ended session still tells its code.
    pub linger: Duration,
    /// Credit given to the client, in bytes.
    pub window: u64,
    /// The largest message.
    pub max: u64,
    /// Acks that may be pending.
    pub acks: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ping: Duration::from_secs(10),
            timeout: Duration::from_secs(8),
            grace: Duration::from_secs(120),
            close: Duration::from_secs(5),
            opening: Duration::from_secs(1),
            linger: Duration::from_secs(30),
            window: 1_048_576,
            max: 1_000_000,
            acks: 1_000,
        }
    }
}
