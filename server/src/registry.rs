//! The handlers of one socket, by event.

use std::borrow::Cow;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::handler::{Answer, Erased};

#[derive(Default)]
pub(crate) struct Registry(Mutex<Handlers>);

#[derive(Default)]
struct Handlers {
    /// Sorted by tag; those of one tag in the order of their registering.
    /// Shared with other sockets until one of them differs.
    named: Option<Table>,
    any: Vec<Erased<Answer>>,
}

type Table = Arc<Vec<Entry>>;

/// The tables that sockets of one namespace had last, when they were connected. Mostly all register the same, and then have one table.
#[derive(Default)]
pub(crate) struct Tables(Mutex<Vec<Table>>);

/// As many kinds of sockets as share their tables.
const KINDS: usize = 8;

impl Tables {
    /// The table that equals this one; from now on this one, if there is none.
    fn find(&self, table: &Table) -> Table {
        let mut known = self.0.lock();
        if let Some(same) = known.iter().find(|same| *same == table) {
            return same.clone();
        }
        if known.len() == KINDS {
            known.remove(0);
        }
        known.push(table.clone());
        table.clone()
    }
}

#[derive(Clone, PartialEq)]
struct Entry {
    /// Of the event's name: one comparison of numbers in place of one of texts.
    tag: u64,
    event: Cow<'static, str>,
    handler: Erased<Answer>,
    once: bool,
}

impl Entry {
    /// Is it of the program alone, and holds nothing that is a user's?
    fn is_constant(&self) -> bool {
        matches!((&self.event, &self.handler), (Cow::Borrowed(_), Erased::Bare(_)))
    }
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
        let tag = tag(event.as_bytes());
        let at = handlers.named().partition_point(|entry| entry.tag <= tag);
        handlers.named_mut().insert(at, Entry { tag, event, handler, once });
    }

    pub(crate) fn add_any(&self, handler: Erased<Answer>) {
        self.0.lock().any.push(handler);
    }

    pub(crate) fn remove(&self, event: &str) {
        let mut handlers = self.0.lock();
        if handlers.of(event.as_bytes()).next().is_none() {
            return;
        }
        let removed: Vec<_> = handlers.named_mut().extract_if(.., |entry| entry.event == event).collect();
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

    /// Whoever has the same handlers shares them.
    pub(crate) fn share(&self, tables: &Tables) {
        let named = self.0.lock().named.clone();
        let Some(table) = named.filter(|table| table.iter().all(Entry::is_constant)) else { return };
        let shared = tables.find(&table);
        let mut handlers = self.0.lock();
        // Another thread may have added to it meanwhile.
        if handlers.named.as_ref().is_some_and(|named| Arc::ptr_eq(named, &table)) {
            handlers.named = Some(shared);
        }
    }

    pub(crate) fn has(&self, event: &str) -> bool {
        self.0.lock().of(event.as_bytes()).next().is_some()
    }

    /// The handlers of an event from the client; those that shall run once are taken out.
    pub(crate) fn find(&self, event: &[u8]) -> Found {
        let mut handlers = self.0.lock();
        let mut found = handlers.named_for(event);
        if !handlers.any.is_empty() {
            found.others.get_or_insert_default().any = handlers.any.clone();
        }
        found
    }

    /// The handlers of a local event.
    pub(crate) fn find_local(&self, event: &str) -> Found {
        self.0.lock().named_for(event.as_bytes())
    }
}

/// A number for a name, seldom the same for two: eight bytes at a time.
fn tag(name: &[u8]) -> u64 {
    let (words, rest) = name.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let mix = |tag: u64, word: u64| (tag.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    let tag = words.iter().fold(name.len() as u64, |tag, word| mix(tag, u64::from_le_bytes(*word)));
    mix(tag, u64::from_le_bytes(last))
}

impl Handlers {
    fn named(&self) -> &[Entry] {
        self.named.as_ref().map_or(&[], |table| table)
    }

    fn named_mut(&mut self) -> &mut Vec<Entry> {
        Arc::make_mut(self.named.get_or_insert_default())
    }

    /// Those for an event.
    fn of(&self, event: &[u8]) -> impl Iterator<Item = &Entry> {
        let tag = tag(event);
        let start = self.named().partition_point(|entry| entry.tag < tag);
        let same = self.named()[start..].iter().take_while(move |entry| entry.tag == tag);
        same.filter(move |entry| entry.event.as_bytes() == event)
    }

    fn named_for(&mut self, event: &[u8]) -> Found {
        let mut found = Found::default();
        let mut once = false;
        for entry in self.of(event) {
            if let Cow::Borrowed(name) = entry.event {
                found.name.get_or_insert(name);
            }
            match &found.first {
                None => found.first = Some(entry.handler.clone()),
                Some(_) => found.others.get_or_insert_default().more.push(entry.handler.clone()),
            }
            once |= entry.once;
        }
        if once {
            self.named_mut().retain(|entry| !(entry.once && entry.event.as_bytes() == event));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handler::erase;

    /// As each socket of an application registers them.
    fn registry(tables: &Tables) -> Registry {
        let registry = Registry::default();
        registry.add("often".into(), erase(|| async {}), false);
        registry.add("once".into(), erase(|| async {}), true);
        registry.share(tables);
        registry
    }

    fn table(registry: &Registry) -> Table {
        registry.0.lock().named.clone().unwrap()
    }

    #[test]
    fn sockets_that_register_the_same_share_it() {
        let tables = Tables::default();
        let (one, other) = (registry(&tables), registry(&tables));
        assert!(Arc::ptr_eq(&table(&one), &table(&other)));
    }

    #[test]
    fn what_one_changes_is_its_own() {
        let tables = Tables::default();
        let (one, other) = (registry(&tables), registry(&tables));
        assert!(one.find(b"once").first.is_some());
        assert!(one.find(b"once").first.is_none() && other.find(b"once").first.is_some());
        one.remove("often");
        one.add("more".into(), erase(|| async {}), false);
        assert!(!one.has("often") && other.has("often") && !other.has("more"));
        assert!(registry(&tables).find(b"once").first.is_some());
    }

    #[test]
    fn what_a_handler_holds_is_not_kept_for_others() {
        let tables = Tables::default();
        let held = Arc::new(());
        let registry = Registry::default();
        let captured = held.clone();
        let handler = move || {
            let captured = captured.clone();
            async move { drop(captured) }
        };
        registry.add("holds".into(), erase(handler), false);
        registry.share(&tables);
        registry.clear();
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
