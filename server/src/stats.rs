//! Figures of a running server.

use std::collections::BTreeMap;

use serde::Serialize;

/// What a server holds at this moment; see [`Everwire::stats`](crate::Everwire::stats).
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// Sessions, suspended ones included.
    pub sessions: usize,
    /// Sessions that have never been in a namespace: see [`Config::unauthenticated`](crate::Config::unauthenticated).
    pub unauthenticated: usize,
    /// Sessions without a carrier.
    pub suspended: usize,
    /// Current carriers by the name of their transport.
    pub carriers: BTreeMap<&'static str, usize>,
    /// Namespaces of [`Everwire::of_matching`](crate::Everwire::of_matching) that somebody is in, or the application holds.
    pub namespaces: usize,
    /// Rooms with at least one socket in them.
    pub rooms: usize,
    /// Acks that handlers or broadcasts wait for.
    pub pending_acks: usize,
    /// Bytes emitted and not yet given to a carrier.
    pub queued_bytes: usize,
    /// Bytes given to a carrier and not yet confirmed.
    pub replay_bytes: usize,
    /// Tasks of the whole runtime.
    pub tasks: usize,
    /// HTTP requests that have not been answered to their end.
    pub open_requests: usize,
    /// How many requests, carriers and openings have been refused since the start, by code. Here and below only what has happened.
    pub refused: BTreeMap<&'static str, u64>,
    /// How many sessions have ended, by code.
    pub ended: BTreeMap<&'static str, u64>,
    /// What within sessions was not taken, by the code that told it: events (`pending_acks`, `bad_event`, …), namespaces (`namespace_limit`), emits (`queue_full`, `too_large`,
    /// `pending_acks`), rooms (`room_limit`), and volatile events that were dropped (`volatile`).
    pub rejected: BTreeMap<&'static str, u64>,
    /// Why connections and requests did not get past the accept loops of this process, [`serve`](crate::serve).
    pub connections: BTreeMap<&'static str, u64>,
}
