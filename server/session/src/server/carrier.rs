//! The ways down that are under way.

use super::{Instant, Pipe};
use crate::wire::Grant;

/// The way down that is current.
#[derive(Debug)]
pub(super) enum Down {
    None,
    Duplex {
        pipe: Pipe,
        position: u64,
    },
    Poll {
        /// Apart: most sessions are on a WebSocket.
        hanging: Option<Box<Hanging>>,
        highest: u64,
    },
    Stream {
        pipe: Pipe,
    },
    /// The ticket was told, the stream does not stand yet.
    Waiting,
}

/// A poll that has not been answered.
#[derive(Debug)]
pub(super) struct Hanging {
    pub(super) pipe: Pipe,
    pub(super) until: Instant,
    /// The full welcome, if this is an attach.
    pub(super) grant: Option<Grant>,
    /// Answer it whether or not there is news.
    pub(super) at_once: bool,
    /// The client waits for its namespace: counts alone are no reason to answer.
    pub(super) opening: bool,
    /// How far the carrier was written when this poll came: older answers are known to the client or lost.
    pub(super) since: u64,
}

/// A request that gets one answer and is no poll.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) pipe: Pipe,
    pub(super) grant: Option<Grant>,
    pub(super) readable: bool,
    pub(super) received: u64,
    /// Waits for the answer to its namespace connect until then.
    pub(super) until: Option<Instant>,
}
