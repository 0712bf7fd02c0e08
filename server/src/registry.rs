//! The handlers of one socket, by event.

use std::borrow::Cow;

use parking_lot::Mutex;

use crate::handler::{Answer, Erased};

#[derive(Default)]
pub(crate) struct Registry(Mutex<Handlers>);

#[derive(Default)]
struct Handlers {
    /// Sorted by length and name, which is quicker to search than by name; those of one name in the order of their registering.
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
    /// The event's name, if that is a constant of the program.
    pub(crate) name: Option<&'static str>,
    pub(crate) first: Option<Erased<Answer>>,
    /// Beside the first, so that the usual case of one handler carries nothing around.
    pub(crate) others: Option<Box<Others>>,
}

/// Those that are called for the same event.
#[derive(Default)]
pub(crate) struct Others {
    /// Before the first.
    pub(crate) any: Vec<Erased<Answer>>,
    /// Behind it.
    pub(crate) more: Vec<Erased<Answer>>,
}

impl Registry {
    pub(crate) fn add(&self, event: Cow<'static, str>, handler: Erased<Answer>, once: bool) {
        let mut handlers = self.0.lock();
        let at = handlers.named.partition_point(|entry| key(&entry.event) <= key(&event));
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
        let mut found = handlers.named_for(event);
        if !handlers.any.is_empty() {
            found.others.get_or_insert_default().any = handlers.any.clone();
        }
        found
    }

    /// The handlers of a local event.
    pub(crate) fn find_local(&self, event: &str) -> Found {
        self.0.lock().named_for(event)
    }
}

fn key(event: &str) -> (usize, &str) {
    (event.len(), event)
}

impl Handlers {
    fn range(&self, event: &str) -> (usize, usize) {
        let start = self.named.partition_point(|entry| key(&entry.event) < key(event));
        let count = self.named[start..].iter().take_while(|entry| entry.event == event).count();
        (start, start + count)
    }

    fn named_for(&mut self, event: &str) -> Found {
        let (start, end) = self.range(event);
        let mut found = Found::default();
        if let Some(Entry { event: Cow::Borrowed(name), .. }) = self.named[start..end].first() {
            found.name = Some(name);
        }
        for entry in &self.named[start..end] {
            match &found.first {
                None => found.first = Some(entry.handler.clone()),
                Some(_) => found.others.get_or_insert_default().more.push(entry.handler.clone()),
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
