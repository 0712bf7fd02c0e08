//! One coarse timer for all sessions: it wakes their drivers.
//!
//! A driver says when it wants to be woken; the wheel may wake it up to one tick late, or for a deadline that has moved meanwhile, and the
//! driver looks at its own timers. So re-arming at each message costs nothing.

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
pub(crate) struct Alarm(AtomicU64);

impl Default for Alarm {
    fn default() -> Self {
        Self(AtomicU64::new(u64::MAX))
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

    /// Wakes the driver of `live` at `due` or soon after. An earlier alarm stays: it finds nothing to do and arms anew.
    pub(crate) fn arm(&self, live: &Arc<Live>, due: Duration) {
        let tick = (due.as_millis() / TICK.as_millis()) as u64 + 1;
        if live.alarm.0.load(Ordering::Relaxed) <= tick {
            return;
        }
        live.alarm.0.store(tick, Ordering::Relaxed);
        self.slots.lock().entry(tick).or_default().push(Arc::downgrade(live));
    }

    fn fire(&self) {
        let tick = (self.now().as_millis() / TICK.as_millis()) as u64;
        let due = {
            let mut slots = self.slots.lock();
            let later = slots.split_off(&(tick + 1));
            std::mem::replace(&mut *slots, later)
        };
        for live in due.into_values().flatten().filter_map(|live| live.upgrade()) {
            live.alarm.0.store(u64::MAX, Ordering::Relaxed);
            live.wake();
        }
    }
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
