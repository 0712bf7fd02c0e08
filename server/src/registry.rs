//! The handlers of one socket, by event.

use std::borrow::Cow;

use parking_lot::Mutex;

use crate::handler::{Answer, Erased};

#[derive(Default)]
pub(crate) struct Registry(Mutex<Handlers>);

#[derive(Default)]
struct Handlers {
    /// Sorted by name; those of one name in the order of their registering.
    named: Vec<Entry>,
    any: Vec<Erased<Answer>>,
}

struct Entry {
    event: Cow<'static, str>,
    handler: Erased<Answer>,
    once: bool,
}

/// What handles one event, taken out of the registry.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) any: Vec<Erased<Answer>>,
    /// Beside the others, so that the usual case of one handler allocates nothing.
    pub(crate) first: Option<Erased<Answer>>,
    pub(crate) more: Vec<Erased<Answer>>,
}

impl Registry {
    pub(crate) fn add(&self, event: Cow<'static, str>, handler: Erased<Answer>, once: bool) {
        let mut handlers = self.0.lock();
        let at = handlers.named.partition_point(|entry| entry.event <= event);
        handlers.named.insert(at, Entry { event, handler, once });
    }

    pub(crate) fn add_any(&self, handler: Erased<Answer>) {
        self.0.lock().any.push(handler);
    }

    pub(crate) fn remove(&self, event: &str) {
        let mut handlers = self.0.lock();
        let (start, end) = handlers.range(event);
        let removed: Vec<_> = handlers.named.drain(start..end).collect();
        drop(handlers);
        drop(removed);
    }

    pub(crate) fn remove_any(&self) {
        let removed = std::mem::take(&mut self.0.lock().any);
        drop(removed);
    }

    /// What closures hold may be the last of its kind: dropped outside the lock.
    pub(crate) fn clear(&self) {
        let removed = std::mem::take(&mut *self.0.lock());
        drop(removed);
    }

    pub(crate) fn has(&self, event: &str) -> bool {
        let handlers = self.0.lock();
        let (start, end) = handlers.range(event);
        start < end
    }

    /// The handlers of an event from the client; those that shall run once are taken out.
    pub(crate) fn find(&self, event: &str) -> Found {
        let mut handlers = self.0.lock();
        let any = handlers.any.clone();
        Found { any, ..handlers.named_for(event) }
    }

    /// The handlers of a local event.
    pub(crate) fn find_local(&self, event: &str) -> Found {
        self.0.lock().named_for(event)
    }
}

impl Handlers {
    fn range(&self, event: &str) -> (usize, usize) {
        let start = self.named.partition_point(|entry| *entry.event < *event);
        let count = self.named[start..].iter().take_while(|entry| entry.event == event).count();
        (start, start + count)
    }

    fn named_for(&mut self, event: &str) -> Found {
        let (start, end) = self.range(event);
        let mut found = Found::default();
        for entry in &self.named[start..end] {
            match &found.first {
                None => found.first = Some(entry.handler.clone()),
                Some(_) => found.more.push(entry.handler.clone()),
            }
        }
        if self.named[start..end].iter().any(|entry| entry.once) {
            let mut at = start;
            for _ in start..end {
                if self.named[at].once {
                    self.named.remove(at);
                } else {
                    at += 1;
                }
            }
        }
        found
    }
}
