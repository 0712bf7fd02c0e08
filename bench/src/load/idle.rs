//! What opening costs, what an open session weighs, and what it costs when nobody says anything.

use std::io;
use std::time::{Duration, Instant};

use super::{Load, Tally};
use crate::crowd::Crowd;
use crate::dialect::Heard;
use crate::measure::Figures;
use crate::plan::Plan;
use crate::process::Process;

#[derive(Default)]
struct Idle {
    heartbeats: u64,
    tally: Tally,
}

impl Load for Idle {
    fn heard(&mut self, _client: usize, heard: Heard<'_>) {
        self.heartbeats += u64::from(matches!(heard, Heard::Heartbeat));
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }
}

pub fn run(plan: &Plan) -> io::Result<Figures> {
    let (server, mut idle) = (Process(plan.pid), Idle::default());
    let mut crowd = Crowd::new(plan)?;
    let count = plan.connections as f64;
    let (resident, cpu, waited, began) = (server.resident(), server.cpu(), server.waited(), Instant::now());
    crowd.open(plan, &mut idle)?;
    let took = began.elapsed().as_secs_f64();
    let (cpu, waited) = (server.cpu() - cpu, server.waited() - waited);
    // What is freed after opening is given back by then.
    crowd.keep_up(Duration::from_millis(500), &mut idle)?;
    let weight = server.resident().saturating_sub(resident);
    let mut figures = vec![
        ("open_us", cpu as f64 / 1e3 / count),
        ("opens_per_s", count / took),
        ("rss_kib", weight as f64 / 1024.0 / count),
        ("wait_pct", waited as f64 / 1e7 / took),
    ];
    if !plan.measured.is_zero() {
        idle.heartbeats = 0;
        let cpu = server.cpu();
        crowd.keep_up(plan.measured, &mut idle)?;
        let cpu = server.cpu() - cpu;
        figures.push(("idle_pct", cpu as f64 / 1e7 / plan.measured.as_secs_f64()));
        figures.push(("heartbeats", idle.heartbeats as f64 / count));
    }
    Ok(figures)
}
