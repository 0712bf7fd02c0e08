//! What both ends know of each session. The first contradiction fails the run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::audit;
use super::told::{Last, Report, Seen, Totals};

/// A session as the server has seen it.
#[derive(Debug, Default)]
pub(super) struct Served {
    pub(super) client: String,
    pub(super) ordinal: u64,
    /// The first and the last numbered event from the client.
    pub(super) up: Option<(u64, u64)>,
    pub(super) volatile: u64,
    /// Numbered events to it.
    pub(super) down: u64,
    pub(super) asked: u64,
    pub(super) answered: u64,
    pub(super) failed: u64,
    /// Its last event may not have been sent.
    pub(super) unsure: u64,
    /// The first broadcast since it is in its room, and the last.
    pub(super) news: (u64, u64),
    /// The client has said goodbye: nothing more is sent.
    pub(super) goodbye: bool,
    /// Its end: the code, and what was not confirmed.
    pub(super) closed: Option<(&'static str, u64)>,
    pub(super) last: Last,
}

impl Served {
    pub(super) fn news_count(&self) -> u64 {
        self.news.1 + 1 - self.news.0
    }
}

/// All that is known of a client.
#[derive(Default)]
pub(super) struct Client {
    pub(super) served: BTreeMap<u64, Arc<Mutex<Served>>>,
    /// In the order of their ends.
    pub(super) seen: Vec<Seen>,
    pub(super) totals: Option<Totals>,
    state: Option<String>,
}

#[derive(Default)]
pub(super) struct Ledger {
    clients: Mutex<BTreeMap<String, Client>>,
    connected: Mutex<BTreeSet<String>>,
    violation: watch::Sender<Option<String>>,
}

impl Ledger {
    /// A session has begun.
    pub(super) fn serve(&self, client: &str, ordinal: u64) -> Arc<Mutex<Served>> {
        let served = Served { client: client.to_owned(), ordinal, news: (1, 0), ..Served::default() };
        let served = Arc::new(Mutex::new(served));
        let former =
            self.clients.lock().entry(client.to_owned()).or_default().served.insert(ordinal, served.clone());
        if former.is_some() {
            self.violated(client, &format!("session {ordinal} was opened twice"), &[]);
        }
        served
    }

    /// A client tells.
    pub(super) fn report(&self, report: Report) {
        match report {
            Report::Connected { client } => drop(self.connected.lock().insert(client)),
            Report::Done { client, totals } => {
                self.clients.lock().entry(client).or_default().totals = Some(totals);
            }
            Report::Session { client, session } => {
                self.clients.lock().entry(client).or_default().seen.push(session);
            }
            Report::State { client, text } => {
                self.clients.lock().entry(client).or_default().state = Some(text);
            }
            Report::Violation { client, text } => self.violated(&client, &text, &[]),
        }
    }

    /// Only the first counts: what follows may follow from it.
    pub(super) fn violated(&self, client: &str, what: &str, last: &[String]) {
        let mut text = format!("VIOLATION: {client}: {what}");
        for event in last {
            text.push_str("\n    ");
            text.push_str(event);
        }
        self.violation.send_if_modified(|violation| {
            let first = violation.is_none();
            violation.get_or_insert(text);
            first
        });
    }

    fn check(&self) -> Result<(), String> {
        let Some(violation) = self.violation.borrow().clone() else { return Ok(()) };
        Err(format!("{violation}{}", self.server_side(&violation)))
    }

    /// What the server last did with the client that the violation names.
    fn server_side(&self, violation: &str) -> String {
        let clients = self.clients.lock();
        let named = clients.iter().find(|(name, _)| violation.starts_with(&format!("VIOLATION: {name}:")));
        let Some((_, served)) = named.and_then(|(_, client)| client.served.last_key_value()) else {
            return String::new();
        };
        let served = served.lock();
        format!("\n  the server's last session with it: {served:#?}")
    }

    /// Lets time pass, unless something is violated.
    pub(super) async fn hold(&self, time: Duration) -> Result<(), String> {
        let mut violation = self.violation.subscribe();
        let _ = tokio::time::timeout(time, violation.wait_for(Option::is_some)).await;
        self.check()
    }

    pub(super) async fn wait(
        &self,
        what: &str,
        patience: Duration,
        mut done: impl FnMut(&Self) -> bool,
    ) -> Result<(), String> {
        let begun = Instant::now();
        while !done(self) {
            self.check()?;
            if begun.elapsed() > patience {
                return Err(format!("{what} within {} s", patience.as_secs()));
            }
            sleep(Duration::from_millis(20)).await;
        }
        self.check()
    }

    pub(super) fn connected(&self) -> usize {
        self.connected.lock().len()
    }

    pub(super) fn done(&self) -> usize {
        self.clients.lock().values().filter(|client| client.totals.is_some()).count()
    }

    /// Those who have not said goodbye.
    pub(super) fn laggards(&self, names: &[String]) -> String {
        let clients = self.clients.lock();
        let mut text = String::new();
        for name in names {
            let client = clients.get(name);
            if client.is_none_or(|client| client.totals.is_none()) {
                let state = client.and_then(|client| client.state.as_deref()).unwrap_or_default();
                let served = client.and_then(|client| client.served.last_key_value());
                let served = served.map(|(_, served)| format!("{:?}", served.lock())).unwrap_or_default();
                text.push_str(&format!("  {name}: {state}\n    the server: {served}\n"));
            }
        }
        text
    }

    /// Both ends of all clients.
    pub(super) fn compare(&self) -> Result<(), String> {
        self.check()?;
        for (name, client) in &*self.clients.lock() {
            audit::compare(client).map_err(|why| format!("VIOLATION: {name}: {why}"))?;
        }
        Ok(())
    }

    pub(super) fn each(&self, mut look: impl FnMut(&str, &Client)) {
        self.clients.lock().iter().for_each(|(name, client)| look(name, client));
    }
}
