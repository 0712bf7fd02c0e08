//! What clients are told, and tell.

use serde::{Deserialize, Serialize};

/// A client of a child process.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Told {
    pub(super) name: String,
    /// `any` if none is forced.
    pub(super) transport: &'static str,
}

impl Told {
    pub(super) fn new(kind: &str, transport: &'static str, number: usize) -> Self {
        Self { name: format!("{kind} {transport} {number}"), transport }
    }
}

/// What a client tells.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(super) enum Report {
    /// For the first time.
    Connected {
        client: String,
    },
    /// It has said goodbye, and closed.
    Done {
        client: String,
        totals: Totals,
    },
    /// A session has ended, and this is what the client knows of it.
    Session {
        client: String,
        session: Seen,
    },
    /// Asked for: why is it not done?
    State {
        client: String,
        text: String,
    },
    Violation {
        client: String,
        text: String,
    },
}

/// The code of a session whose goodbye was answered: nothing of it may be missing.
pub(super) const GOODBYE: &str = "goodbye";

/// A session as its client has seen it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub(super) struct Seen {
    /// Which session of this client; 0 if the server never said so.
    pub(super) ordinal: u64,
    /// Numbered events from the server.
    pub(super) down: u64,
    /// Broadcasts.
    pub(super) news: u64,
    pub(super) code: String,
    pub(super) unconfirmed: u64,
    /// What has just happened, for the reader of a failure.
    pub(super) last: Vec<String>,
}

/// A client's sums.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Totals {
    /// Numbered events to the server.
    pub(super) sent: u64,
    pub(super) asked: u64,
    pub(super) answered: u64,
    /// Acks that failed because the session had ended.
    pub(super) failed: u64,
    pub(super) suspended: u64,
    pub(super) resumed: u64,
    /// Changes of the transport.
    pub(super) moved: u64,
    pub(super) volatile: u64,
}

/// What binary goes with event number `number`: some have none, some much.
pub(super) fn blob(number: u64) -> Option<Vec<u8>> {
    let length = if number.is_multiple_of(50) {
        30_000
    } else if number.is_multiple_of(7) {
        number * 31 % 400
    } else {
        return None;
    };
    Some(vec![(number % 251) as u8; length as usize])
}

/// Is the binary that of this number?
pub(super) fn is_blob_of(number: u64, blob: Option<&[u8]>) -> bool {
    self::blob(number).as_deref() == blob
}

/// The last few things that happened.
#[derive(Debug, Default)]
pub(super) struct Last(std::collections::VecDeque<String>);

impl Last {
    pub(super) fn note(&mut self, what: String) {
        if self.0.len() == 12 {
            self.0.pop_front();
        }
        self.0.push_back(what);
    }

    pub(super) fn list(&self) -> Vec<String> {
        self.0.iter().cloned().collect()
    }
}
