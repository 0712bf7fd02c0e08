//! What a run has seen, for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::ledger::Ledger;
use super::told::GOODBYE;
use crate::fault::{Fault, Tally};

#[derive(Default)]
struct Row {
    clients: u64,
    up: u64,
    down: u64,
    news: u64,
    acks: u64,
    suspended: u64,
    resumed: u64,
    moved: u64,
    sessions: u64,
    lost: u64,
}

impl Row {
    fn cells(&self) -> [u64; 10] {
        [
            self.clients,
            self.up,
            self.down,
            self.news,
            self.acks,
            self.suspended,
            self.resumed,
            self.moved,
            self.sessions,
            self.lost,
        ]
    }
}

const COLUMNS: [&str; 10] =
    ["clients", "up", "down", "news", "acks", "suspended", "resumed", "moved", "sessions", "lost+told"];

pub(super) fn draw(ledger: &Ledger, names: &[String], tally: &Tally) -> String {
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    ledger.each(|name, client| {
        let label = name.rsplit_once(' ').map_or(name, |(label, _)| label);
        let row = rows.entry(label.to_owned()).or_default();
        let totals = client.totals.clone().unwrap_or_default();
        row.clients += 1;
        row.up += totals.sent;
        row.acks += totals.answered;
        row.suspended += totals.suspended;
        row.resumed += totals.resumed;
        row.moved += totals.moved;
        row.sessions += client.served.len() as u64;
        for served in client.served.values() {
            row.acks += served.lock().answered;
        }
        for seen in &client.seen {
            row.down += seen.down;
            row.news += seen.news;
            row.lost += u64::from(seen.code != GOODBYE);
        }
    });
    let mut text = format!("{:24}", format!("{} clients", names.len()));
    for column in COLUMNS {
        let _ = write!(text, "{column:>10}");
    }
    let mut sums = [0; COLUMNS.len()];
    for (label, row) in &rows {
        let _ = write!(text, "\n{label:24}");
        for (sum, cell) in sums.iter_mut().zip(row.cells()) {
            *sum += cell;
            let _ = write!(text, "{cell:>10}");
        }
    }
    let _ = write!(text, "\n{:24}", "all");
    for sum in sums {
        let _ = write!(text, "{sum:>10}");
    }
    text.push_str("\nfaults:");
    for fault in Fault::ALL {
        let _ = write!(text, " {} {};", tally.of(fault), fault.name());
    }
    text
}
