//! One coarse timer for all sessions: it wakes their drivers.
//!
//! A driver says when it wants to be woken; the wheel may wake it up to one tick late. A deadline that moves away leaves its place in the wheel where it is, and is
//! looked at there: so re-arming at each message costs nothing, and a deadline that never comes, as that of a client that answers, wakes nobody.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::Engine;
use super::live::Live;

/// How fine time is. Heartbeats and time-outs are tens of this.
const TICK: Duration = Duration::from_millis(20);

/// When a session will be woken; part of the session.
pub(crate) struct Alarm {
    /// The tick at which it is to be woken.
    due: AtomicU64,
    /// The tick at which the wheel looks at that: never later.
    at: AtomicU64,
}

impl Default for Alarm {
    fn default() -> Self {
        Self { due: AtomicU64::new(u64::MAX), at: AtomicU64::new(u64::MAX) }
    }
}

pub(crate) struct Wheel {
    origin: Instant,
    slots: Mutex<BTreeMap<u64, Vec<Weak<Live>>>>,
}

impl Wheel {
    pub(crate) fn new() -> Self {
        Self { origin: Instant::now(), slots: Mutex::default() }
    }

    /// Time as the session machines know it.
    pub(crate) fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// The same of a time that the runtime knows.
    pub(crate) fn at(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.origin)
    }

    /// Wakes the driver of `live` at `due` or soon after, in place of what was said before.
    pub(crate) fn arm(&self, live: &Arc<Live>, due: Duration) {
        let tick = tick(due) + 1;
        // In this order, and in the other one when the wheel looks: one of both sees what the other has done.
        live.alarm.due.store(tick, Ordering::SeqCst);
        if live.alarm.at.load(Ordering::SeqCst) > tick {
            self.place(live, tick);
        }
    }

    fn place(&self, live: &Arc<Live>, tick: u64) {
        live.alarm.at.store(tick, Ordering::SeqCst);
        self.slots.lock().entry(tick).or_default().push(Arc::downgrade(live));
    }

    fn fire(&self) {
        let now = tick(self.now());
        let come = {
            let mut slots = self.slots.lock();
            let later = slots.split_off(&(now + 1));
            std::mem::replace(&mut *slots, later)
        };
        for (tick, lives) in come {
            lives.iter().filter_map(Weak::upgrade).for_each(|live| self.look(&live, tick, now));
        }
    }

    /// Looks at a session whose place in the wheel has come.
    fn look(&self, live: &Arc<Live>, tick: u64, now: u64) {
        let Alarm { due, at } = &live.alarm;
        if at.load(Ordering::SeqCst) != tick {
            // It has an earlier place, or had one.
            return;
        }
        at.store(u64::MAX, Ordering::SeqCst);
        let due = due.load(Ordering::SeqCst);
        if due <= now {
            live.wake();
        } else if at.load(Ordering::SeqCst) > due {
            self.place(live, due);
        }
    }
}

fn tick(time: Duration) -> u64 {
    (time.as_millis() / TICK.as_millis()) as u64
}

/// Lets the next session start the wheel again, should its runtime end before the engine does.
struct Turning(Weak<Engine>);

impl Drop for Turning {
    fn drop(&mut self) {
        if let Some(engine) = self.0.upgrade() {
            engine.turning.store(false, Ordering::Relaxed);
        }
    }
}

/// Turns the wheel while the engine lives.
pub(crate) async fn turn(engine: Weak<Engine>) {
    let turning = Turning(engine);
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut count = 0u64;
    loop {
        ticks.tick().await;
        let Some(engine) = turning.0.upgrade() else { return };
        engine.wheel.fire();
        count += 1;
        if count.is_multiple_of(50) {
            engine.sweep();
        }
    }
}
