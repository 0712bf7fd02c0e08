//! For how long a session may be without a namespace.

use std::time::Duration;

use crate::client::Client;

/// Looks whether a session has an open namespace. It may be without one for `limit`, and once more as long while a middleware is at work.
pub(crate) struct Probation {
    limit: Duration,
    /// Since when there is none.
    since: Option<Duration>,
    connecting: bool,
}

impl Probation {
    pub(crate) fn new(now: Duration, limit: Duration) -> Self {
        Self { limit, since: Some(now), connecting: false }
    }

    /// To be called after each turn. Has the client been let in?
    pub(crate) fn watch(&mut self, now: Duration, client: &Client) -> bool {
        let admitted = client.is_admitted();
        self.since = if admitted { None } else { self.since.or(Some(now)) };
        self.connecting = client.namespaces() > 0;
        admitted
    }

    /// When it is over.
    pub(crate) fn ends(&self) -> Option<Duration> {
        let times = if self.connecting { 2 } else { 1 };
        Some(self.since?.saturating_add(self.limit.saturating_mul(times)))
    }
}
