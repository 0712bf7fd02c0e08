//! Warm up, then count messages and what the server has used for them.

use std::io;
use std::time::Instant;

use crate::crowd::Crowd;
use crate::load::{Load, Tally};
use crate::plan::Plan;
use crate::process::Process;

pub type Figure = (&'static str, f64);
pub type Figures = Vec<Figure>;

/// Opens the plan's sessions, and measures a load that goes on.
pub fn steady(plan: &Plan, load: &mut dyn Load) -> io::Result<Figures> {
    let mut crowd = Crowd::new(plan)?;
    crowd.open(plan, load)?;
    Ok(self::load(plan, &mut crowd, load)?.into())
}

pub fn load(plan: &Plan, crowd: &mut Crowd, load: &mut dyn Load) -> io::Result<[Figure; 5]> {
    let server = Process(plan.pid);
    load.begin(crowd)?;
    crowd.keep_up(plan.warm, load)?;
    *load.tally() = Tally::default();
    let (cpu, waited, began) = (server.cpu(), server.waited(), Instant::now());
    crowd.keep_up(plan.measured, load)?;
    let (cpu, waited) = (server.cpu() - cpu, server.waited() - waited);
    let took = began.elapsed().as_secs_f64();
    let Tally { messages, latency } = load.tally();
    assert!(*messages > 0, "nothing has come");
    let messages = *messages as f64;
    Ok([
        ("cpu_us", cpu as f64 / 1e3 / messages),
        ("per_s", messages / took),
        ("p50_ms", latency.quantile(0.5)),
        ("p99_ms", latency.quantile(0.99)),
        ("wait_pct", waited as f64 / 1e7 / took),
    ])
}
