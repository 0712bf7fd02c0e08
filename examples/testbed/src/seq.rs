//! Checks that numbered calls arrive once and in order.

use std::collections::HashSet;
use std::sync::Mutex;

use serde::Serialize;

/// What has arrived.
#[derive(Default)]
pub(crate) struct Sequence(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    numbers: HashSet<u64>,
    highest: Option<u64>,
    report: Report,
}

/// What a suite asks for.
#[derive(Clone, Default, Serialize)]
pub(crate) struct Report {
    /// Calls.
    received: u64,
    /// Calls whose number was seen before.
    duplicates: u64,
    /// First-seen numbers lower than the highest seen.
    reordered: u64,
    /// Numbers up to the highest that never came.
    missing: u64,
}

impl Sequence {
    /// A call with this number.
    pub(crate) fn record(&self, number: u64) {
        let mut seen = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.report.received += 1;
        if !seen.numbers.insert(number) {
            seen.report.duplicates += 1;
        } else if seen.highest.is_some_and(|highest| number < highest) {
            seen.report.reordered += 1;
        }
        seen.highest = seen.highest.max(Some(number));
    }

    /// What has come so far.
    pub(crate) fn report(&self) -> Report {
        let seen = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let expected = seen.highest.map_or(0, |highest| highest.saturating_add(1));
        Report { missing: expected.saturating_sub(seen.numbers.len() as u64), ..seen.report.clone() }
    }
}
