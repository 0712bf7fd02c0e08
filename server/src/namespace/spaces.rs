//! The table of namespaces: those that the application has made, and those that are there because a client is in them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Weak};

use parking_lot::RwLock;

use super::Space;
use super::family::{Family, Rule};

/// No user code runs and no namespace is dropped under its locks.
#[derive(Default)]
pub(crate) struct Spaces {
    table: RwLock<HashMap<Box<str>, Place>>,
    /// In the order of their making, which is that of their asking.
    families: RwLock<Arc<Vec<Arc<Family>>>>,
}

enum Place {
    Kept(Arc<Space>),
    /// It lives as long as somebody holds it: a socket or the application. When it is dropped it takes itself out, so a client can fill the table with no more names than it is connected to.
    Lent(Weak<Space>),
}

impl Place {
    fn space(&self) -> Option<Arc<Space>> {
        match self {
            Self::Kept(space) => Some(space.clone()),
            Self::Lent(space) => space.upgrade(),
        }
    }
}

impl Spaces {
    /// The namespace of this name, if there is one or may be one.
    pub(crate) fn find(self: &Arc<Self>, name: &str) -> Option<Arc<Space>> {
        let found = self.table.read().get(name).and_then(Place::space);
        found.or_else(|| self.lend(name))
    }

    /// The namespace of this name, made if there is none.
    pub(crate) fn open(self: &Arc<Self>, name: &str) -> Arc<Space> {
        if let Some(space) = self.find(name) {
            return space;
        }
        let mut table = self.table.write();
        if let Some(space) = table.get(name).and_then(Place::space) {
            return space;
        }
        let space = Arc::new(Space::new(name, None));
        table.insert(name.into(), Place::Kept(space.clone()));
        space
    }

    /// The family of this rule, made if there is none.
    pub(crate) fn family(&self, rule: Rule) -> Arc<Family> {
        let mut families = self.families.write();
        if let Some(family) = families.iter().find(|family| family.is_of(&rule)) {
            return family.clone();
        }
        let family = Arc::new(Family::new(rule));
        Arc::make_mut(&mut families).push(family.clone());
        family
    }

    pub(crate) fn all(&self) -> Vec<Arc<Space>> {
        self.table.read().values().filter_map(Place::space).collect()
    }

    /// How many places are taken by what is only lent.
    pub(crate) fn lent(&self) -> usize {
        self.table.read().values().filter(|place| matches!(place, Place::Lent(_))).count()
    }

    /// A namespace of a family.
    fn lend(self: &Arc<Self>, name: &str) -> Option<Arc<Space>> {
        let families = self.families.read().clone();
        let family = families.iter().find(|family| family.accepts(name))?;
        let mut table = self.table.write();
        let entry = table.entry(name.into());
        if let Entry::Occupied(entry) = &entry
            && let Some(space) = entry.get().space()
        {
            return Some(space);
        }
        let space = Arc::new(Space::new(name, Some((family.clone(), Arc::downgrade(self)))));
        entry.insert_entry(Place::Lent(Arc::downgrade(&space)));
        Some(space)
    }

    /// A lent namespace stays from now on.
    pub(super) fn keep(&self, space: &Arc<Space>) {
        self.table.write().insert((*space.name).into(), Place::Kept(space.clone()));
    }

    /// A lent namespace is gone. If another of its name is there already, that one stays.
    pub(super) fn forget(&self, name: &str) {
        let mut table = self.table.write();
        if matches!(table.get(name), Some(Place::Lent(space)) if space.strong_count() == 0) {
            table.remove(name);
        }
        // A crowd that is gone leaves no large table behind.
        if table.capacity() > 64 && table.len() < table.capacity() / 4 {
            let half = table.capacity() / 2;
            table.shrink_to(half);
        }
    }
}
