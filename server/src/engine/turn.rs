//! A turn: one run of a driver. What is emitted in it is written at its end, once per receiver.
//!
//! A handler that emits ten times, or a burst of events that each broadcast, costs each receiver one write instead of ten
//! (ARCHITECTURE.md, "Writes", has the figures). With many receivers the writing takes longer than others should wait: it is done in slices, and
//! what comes next from the same client waits until all are written.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

use super::live::Live;

/// Receivers written in one go: about a millisecond.
const SLICE: usize = 256;

thread_local! {
    static TURN: RefCell<Option<Current>> = const { RefCell::new(None) };
}

struct Current {
    /// Whose turn it is. It writes for itself at the end.
    own: *const Live,
    touched: Vec<Arc<Live>>,
}

/// Ends the turn when it is dropped.
pub(crate) struct Turn(());

/// Begins a turn on this thread. A driver is polled by one thread at a time, and never inside another's poll.
pub(crate) fn enter(own: &Live) -> Turn {
    TURN.set(Some(Current { own, touched: Vec::new() }));
    Turn(())
}

impl Turn {
    /// Ends the turn: gives those who are to be written.
    pub(crate) fn end(self) -> Backlog {
        leave()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(leave());
    }
}

fn leave() -> Backlog {
    Backlog(TURN.take().map(|turn| turn.touched).unwrap_or_default().into())
}

/// Those for whom something was queued in a turn and who are still to be written. None is forgotten: the rest is written when it is dropped.
#[derive(Default)]
pub(crate) struct Backlog(VecDeque<Arc<Live>>);

impl Backlog {
    /// Writes a slice of them. `true`: all are written.
    pub(crate) fn write(&mut self) -> bool {
        let slice = self.0.len().min(SLICE);
        self.0.drain(..slice).for_each(|live| live.write());
        if self.0.is_empty() {
            // An idle session keeps no buffer.
            self.0 = VecDeque::new();
        }
        self.0.is_empty()
    }
}

impl Drop for Backlog {
    fn drop(&mut self) {
        self.0.drain(..).for_each(|live| live.write());
    }
}

/// Is what is emitted now written later, at the end of a turn?
pub(crate) fn is_open() -> bool {
    TURN.with_borrow(Option::is_some)
}

/// Something has been queued for this session: writes it at the end of the turn, or now if there is none.
pub(crate) fn touch(live: &Live) {
    let is_own = TURN.with_borrow(|turn| turn.as_ref().is_some_and(|turn| std::ptr::eq(turn.own, live)));
    if !is_own && let Some(live) = live.me.upgrade() {
        keep(live);
    }
}

/// The same, for who owns it.
pub(crate) fn keep(live: Arc<Live>) {
    let now = TURN.with_borrow_mut(|turn| match turn {
        Some(turn) if std::ptr::eq(turn.own, &*live) => None,
        Some(turn) => {
            turn.touched.push(live);
            None
        }
        None => Some(live),
    });
    if let Some(live) = now {
        live.write();
    }
}
