//! What of a session can be set.

use std::time::Duration;

/// Sizes and times of a client.
#[derive(Clone, Debug)]
pub struct Config {
    /// Credit given to the server, in bytes.
    pub window: u64,
    /// Credit taken as given until a welcome names the server's window.
    pub credit: u64,
    /// Bytes of messages in one body.
    pub body: usize,
    /// Bytes that may be unconfirmed.
    pub queue: usize,
    /// How long a close may take.
    pub close: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            window: 1_048_576,
            credit: 65_536,
            body: 65_536,
            queue: 4 << 20,
            close: Duration::from_secs(5),
        }
    }
}
