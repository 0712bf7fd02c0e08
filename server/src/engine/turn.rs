//! A turn: one run of a driver. What is emitted in it is written at its end, once per receiver.
//!
//! A handler that emits ten times, or a burst of events that each broadcast, costs each receiver one write instead of ten. Writing
//! at once would cost 5.2 µs a delivery where this costs 1.4 (ARCHITECTURE.md, "Writes").

use std::cell::RefCell;
use std::sync::Arc;

use super::live::Live;

thread_local! {
    static TURN: RefCell<Option<Vec<Arc<Live>>>> = const { RefCell::new(None) };
}

/// Ends the turn when it is dropped.
pub(crate) struct Turn(());

/// Begins a turn on this thread. A driver is polled by one thread at a time, and never inside another's poll.
pub(crate) fn enter() -> Turn {
    TURN.with_borrow_mut(|turn| turn.get_or_insert_default().clear());
    Turn(())
}

impl Drop for Turn {
    fn drop(&mut self) {
        let touched = TURN.with_borrow_mut(Option::take).unwrap_or_default();
        for live in touched {
            live.write();
        }
    }
}

/// Something has been queued for this session: writes it at the end of the turn, or now if there is none.
pub(crate) fn touch(live: Arc<Live>) {
    let now = TURN.with_borrow_mut(|turn| match turn {
        Some(touched) => {
            touched.push(live);
            None
        }
        None => Some(live),
    });
    if let Some(live) = now {
        live.write();
    }
}
