//! Many schedules, over all cores. Which fails is decided by its seed alone, never by how many threads there are.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use super::client::Clients;
use super::world::World;

/// Schedules that one thread takes at a time.
const SLICE: u64 = 64;

/// What many schedules came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) deliveries: u64,
    pub(crate) attaches: u64,
}

/// A schedule in which something did not hold.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) seed: u64,
    at: Duration,
    /// What did not hold.
    pub(crate) what: String,
    /// All that happened before, if it was asked for.
    log: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.log {
            writeln!(f, "{line}")?;
        }
        write!(f, "{:>9.3} {}\nreplay with EVERWIRE_SEED={}", self.at.as_secs_f64(), self.what, self.seed)
    }
}

/// Runs one schedule. A panic of a machine is a failure like others.
pub(crate) fn run(seed: u64, logging: bool, clients: Clients) -> Result<World, Failure> {
    let mut world = World::new(seed, logging, clients);
    let result = catch_unwind(AssertUnwindSafe(|| world.run())).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("panic: {}", text.unwrap_or_default()))
    });
    match result {
        Ok(()) => Ok(world),
        Err(what) => {
            let (at, log) = (world.now, world.log.take().unwrap_or_default());
            Err(Failure { seed, at, what, log })
        }
    }
}

/// Runs the schedules of the seeds below `most`; `prepare` is called in each thread, `progress` now and then with a seed.
/// The failure is the one with the lowest seed.
pub(crate) fn run_all(
    most: u64,
    clients: Clients,
    prepare: impl Fn() + Sync,
    progress: impl Fn(u64) + Sync,
) -> Result<Tally, Failure> {
    let next = AtomicU64::new(0);
    // Behind a failure nothing needs to be looked at.
    let end = AtomicU64::new(most);
    let result = Mutex::new((Tally::default(), None::<Failure>));
    let work = || {
        prepare();
        let mut tally = Tally::default();
        loop {
            let from = next.fetch_add(SLICE, Ordering::Relaxed);
            if from >= end.load(Ordering::Relaxed) {
                break;
            }
            progress(from);
            for seed in from..(from + SLICE).min(most) {
                match run(seed, false, clients) {
                    Ok(world) => {
                        tally.deliveries += world.deliveries;
                        tally.attaches += world.attaches;
                    }
                    Err(failure) => {
                        end.fetch_min(seed, Ordering::Relaxed);
                        let mut result = result.lock().expect("nobody panics while holding it");
                        if result.1.as_ref().is_none_or(|other| other.seed > seed) {
                            result.1 = Some(failure);
                        }
                        break;
                    }
                }
            }
        }
        let mut result = result.lock().expect("nobody panics while holding it");
        result.0.deliveries += tally.deliveries;
        result.0.attaches += tally.attaches;
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    match result.into_inner().expect("nobody panics while holding it") {
        (_, Some(failure)) => Err(failure),
        (tally, None) => Ok(tally),
    }
}
