//! The rules, and those that can be broken to see that the checker notices.

/// One broken rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// 3.1: what was seen before is taken again.
    AcceptSeen,
    /// 4.2: a lower attach number is accepted.
    AcceptStale,
    /// 4.2: the former carrier goes on beside the new one.
    KeepFormer,
    /// 4.4: a batch whose request failed is thought to be under way for ever.
    KeepBatch,
    /// 5: a proof dies when its successor is issued.
    KillAtIssue,
    /// 4.4: a poll goes on hanging when one has been refused with `stale_poll`.
    LetHang,
    /// 3.2, 4.2: an attach goes on behind what was sent, not behind what it says was received.
    RewindToCursor,
    /// 3.3: the client says to have received a message more than it has.
    SayUnsent,
    /// 3.1: the client goes on behind what it has sent, not behind what the welcome says was received.
    SkipReplay,
}

/// Bounds of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Messages each way.
    pub(crate) messages: u8,
    /// How many of them are emitted at a time.
    pub(crate) burst: u8,
    /// Attaches that the client makes of its own will; one more after each loss.
    pub(crate) carriers: u8,
    /// Carriers lost, spurious time-outs, and requests duplicated, together.
    pub(crate) losses: u8,
    /// May counts be said on a duplex carrier between its messages?
    pub(crate) counts: bool,
    /// Events from the beginning.
    pub(crate) depth: Option<usize>,
}

/// What a position says of a message (3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accept {
    Gap,
    New,
    Seen,
}

/// Compares a position with what was received.
pub(crate) fn accept(position: u8, received: u8, mutant: Option<Mutant>) -> Accept {
    match position {
        _ if position == received + 1 => Accept::New,
        _ if position > received => Accept::Gap,
        _ if mutant == Some(Mutant::AcceptSeen) => Accept::New,
        _ => Accept::Seen,
    }
}
