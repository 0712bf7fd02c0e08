//! The npm client's machine in the schedules of the simulation, against the Rust server's machine.
//!
//! `EVERWIRE_SCHEDULES` says how many, `EVERWIRE_SEED` runs one and prints it. Both need node, to bundle the source in TypeScript.

mod machine;
#[path = "../../../server/session/tests/sim/mod.rs"]
mod sim;

use std::env;

use machine::{TYPESCRIPT, script};
use sim::schedules::{run, run_all};

/// How often a long run tells where it stands, in schedules: a multiple of what a thread takes at a time.
const PROGRESS: u64 = 16_000;

fn variable(name: &str) -> Option<u64> {
    env::var(name).ok().and_then(|value| value.parse().ok())
}

#[test]
fn the_npm_client_keeps_what_the_rust_client_keeps() {
    let bundled = script::bundle("entry.ts");
    script::load(&bundled);
    if let Some(seed) = variable("EVERWIRE_SEED") {
        match run(seed, true, TYPESCRIPT) {
            Ok(world) => println!("{}", world.log.unwrap_or_default().join("\n")),
            Err(failure) => panic!("{failure}"),
        }
        return;
    }
    let schedules = variable("EVERWIRE_SCHEDULES").unwrap_or(5_000);
    let progress = |seed: u64| {
        if seed > 0 && seed.is_multiple_of(PROGRESS) {
            println!("{seed} of {schedules} schedules begun");
        }
    };
    match run_all(schedules, TYPESCRIPT, || script::load(&bundled), progress) {
        Ok(tally) => println!(
            "{schedules} schedules: {} deliveries over {} attaches",
            tally.deliveries, tally.attaches
        ),
        // Once more, in words.
        Err(failure) => panic!("{}", run(failure.seed, true, TYPESCRIPT).err().unwrap_or(failure)),
    }
}
