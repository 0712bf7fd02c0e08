//! Handlers by the names of their events.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::handler::Erased;

/// Names one handler, to take it off again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HandlerId(u64);

#[derive(Default)]
pub(crate) struct Registry(Mutex<Handlers>);

#[derive(Default)]
struct Handlers {
    by_event: HashMap<String, Vec<Entry>>,
    last: u64,
}

struct Entry {
    id: HandlerId,
    once: bool,
    handler: Erased,
}

impl Registry {
    pub(crate) fn add(&self, event: &str, once: bool, handler: Erased) -> HandlerId {
        let mut handlers = self.0.lock();
        handlers.last += 1;
        let id = HandlerId(handlers.last);
        handlers.by_event.entry(event.to_owned()).or_default().push(Entry { id, once, handler });
        id
    }

    pub(crate) fn remove(&self, id: HandlerId) {
        self.0.lock().by_event.retain(|_, entries| {
            entries.retain(|entry| entry.id != id);
            !entries.is_empty()
        });
    }

    pub(crate) fn remove_event(&self, event: &str) {
        self.0.lock().by_event.remove(event);
    }

    /// The handlers to call now, in the order in which they were added.
    pub(crate) fn take(&self, event: &str) -> Vec<Erased> {
        let mut handlers = self.0.lock();
        let Some(entries) = handlers.by_event.get_mut(event) else { return Vec::new() };
        let taken = entries.iter().map(|entry| entry.handler.clone()).collect();
        entries.retain(|entry| !entry.once);
        if entries.is_empty() {
            handlers.by_event.remove(event);
        }
        taken
    }
}
