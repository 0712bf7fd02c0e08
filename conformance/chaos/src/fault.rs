//! What the proxy does, how often, and how often it has done it.

use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;

/// What happens to a connection or a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Closed on both sides.
    Cut,
    /// An answer ends in its middle.
    CutAnswer,
    /// Some chunks are late.
    Delay,
    /// A request reaches the server twice, and one of its answers nobody.
    Duplicate,
    /// One direction is closed, the other goes on.
    HalfClose,
    /// An upgrade is answered, and nothing after that.
    MuteUpgrade,
    /// A connection is not taken.
    Refuse,
    /// Reset on both sides.
    Reset,
    /// Bytes travel alone.
    Slice,
    /// A direction stands still for a while.
    Stall,
    /// A direction, or both, say nothing any more.
    StallForever,
    /// A request reaches the server, and its answer nobody: the client gets none, or a page of the proxy's.
    Swallow,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 12] = [
        Self::Cut,
        Self::CutAnswer,
        Self::Delay,
        Self::Duplicate,
        Self::HalfClose,
        Self::MuteUpgrade,
        Self::Refuse,
        Self::Reset,
        Self::Slice,
        Self::Stall,
        Self::StallForever,
        Self::Swallow,
    ];

    /// What tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::CutAnswer => "answer cut",
            Self::Delay => "delayed",
            Self::Duplicate => "duplicated",
            Self::HalfClose => "half-closed",
            Self::MuteUpgrade => "upgraded, mute",
            Self::Refuse => "refused",
            Self::Reset => "reset",
            Self::Slice => "in slices",
            Self::Stall => "stalled",
            Self::StallForever => "stalled for ever",
            Self::Swallow => "answer swallowed",
        }
    }
}

/// How often things happen while there is a storm, in percent. In a calm nothing does.
#[derive(Args, Clone, Debug)]
pub struct Rates {
    /// Of connections: not taken.
    #[arg(long, default_value_t = 6)]
    pub refused: u64,
    /// Of requests: duplicated, swallowed, answered in part; an upgrade that stays mute.
    #[arg(long, default_value_t = 12)]
    pub requests: u64,
    /// Of the moments of a connection, one or two each second: cut, reset, stalled, half-closed.
    #[arg(long, default_value_t = 14)]
    pub moments: u64,
    /// Of connections: bytes travel alone for a while.
    #[arg(long, default_value_t = 8)]
    pub sliced: u64,
    /// Of chunks: up to 120 ms late.
    #[arg(long, default_value_t = 10)]
    pub delayed: u64,
    /// Of storms: ends in a drought, in which everything is cut and refused.
    #[arg(long, default_value_t = 25)]
    pub droughts: u64,
    /// Of request bodies with several events: one event is taken out. No network does that: it is for tests of those who would notice.
    #[arg(long, default_value_t = 0)]
    pub lies: u64,
}

/// What has been done so far.
#[derive(Debug, Default)]
pub struct Tally([AtomicU64; Fault::ALL.len()]);

impl Tally {
    pub(crate) fn count(&self, fault: Fault) {
        self.0[fault as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How often a fault was injected.
    pub fn of(&self, fault: Fault) -> u64 {
        self.0[fault as usize].load(Ordering::Relaxed)
    }
}
