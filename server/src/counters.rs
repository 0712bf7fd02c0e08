//! What was refused and ended since the start, one counter for each code.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use everwire_session::code::Code;

/// Why events, answers and emits were not taken, beside the codes of requests and sessions.
pub(crate) const WORDS: [&str; 13] = [
    "bad_data",
    "bad_event",
    "handler_error",
    "handler_panic",
    "namespace_limit",
    "no_handler",
    "pending_acks",
    "queue_full",
    "reserved_event",
    "room_limit",
    "too_large",
    "unknown_namespace",
    "volatile",
];

pub(crate) struct Counters {
    refused: [AtomicU64; Code::ALL.len()],
    ended: [AtomicU64; Code::ALL.len()],
    rejected: [AtomicU64; WORDS.len()],
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            refused: [const { AtomicU64::new(0) }; Code::ALL.len()],
            ended: [const { AtomicU64::new(0) }; Code::ALL.len()],
            rejected: [const { AtomicU64::new(0) }; WORDS.len()],
        }
    }
}

impl Counters {
    /// A request, a carrier or an opening was refused.
    pub(crate) fn refused(&self, code: Code) {
        count(&self.refused, Code::ALL.iter().position(|other| *other == code));
    }

    /// A session has ended.
    pub(crate) fn ended(&self, code: Code) {
        count(&self.ended, Code::ALL.iter().position(|other| *other == code));
    }

    /// Something within a session was not taken: one of [`WORDS`].
    pub(crate) fn rejected(&self, word: &str) {
        count(&self.rejected, WORDS.iter().position(|other| *other == word));
    }

    pub(crate) fn all_refused(&self) -> BTreeMap<&'static str, u64> {
        told(Code::ALL.iter().map(|code| code.as_str()), &self.refused)
    }

    pub(crate) fn all_ended(&self) -> BTreeMap<&'static str, u64> {
        told(Code::ALL.iter().map(|code| code.as_str()), &self.ended)
    }

    pub(crate) fn all_rejected(&self) -> BTreeMap<&'static str, u64> {
        told(WORDS.into_iter(), &self.rejected)
    }
}

fn count(counters: &[AtomicU64], at: Option<usize>) {
    if let Some(counter) = at.and_then(|at| counters.get(at)) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Those that have counted anything.
fn told(names: impl Iterator<Item = &'static str>, counters: &[AtomicU64]) -> BTreeMap<&'static str, u64> {
    let counts = counters.iter().map(|counter| counter.load(Ordering::Relaxed));
    names.zip(counts).filter(|(_, count)| *count > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_counter() {
        let counters = Counters::default();
        for code in Code::ALL {
            counters.refused(*code);
        }
        counters.refused(Code::Full);
        counters.ended(Code::Rate);
        WORDS.into_iter().for_each(|word| counters.rejected(word));
        let refused = counters.all_refused();
        assert_eq!((refused.len(), refused["full"], refused["rate"]), (Code::ALL.len(), 2, 1));
        assert_eq!(counters.all_ended(), BTreeMap::from([("rate", 1)]));
        assert_eq!(counters.all_rejected().len(), WORDS.len());
    }
}
