//! Both machines, joined by a network that cuts, loses, repeats, delays and reorders, in thousands of schedules drawn from seeds.
//!
//! `EVERWIRE_SCHEDULES` says how many, `EVERWIRE_SEED` runs one and prints it.

mod sim;

use std::env;

use sim::client::RUST;
use sim::schedules::{run, run_all};

/// How often a long run tells where it stands, in schedules.
const PROGRESS: u64 = 1_000_000;

fn variable(name: &str) -> Option<u64> {
    env::var(name).ok().and_then(|value| value.parse().ok())
}

#[test]
fn whatever_the_network_does_messages_arrive_once_and_in_order() {
    if let Some(seed) = variable("EVERWIRE_SEED") {
        match run(seed, true, RUST) {
            Ok(world) => println!("{}", world.log.unwrap_or_default().join("\n")),
            Err(failure) => panic!("{failure}"),
        }
        return;
    }
    let schedules = variable("EVERWIRE_SCHEDULES").unwrap_or(20_000);
    let progress = |seed: u64| {
        if seed > 0 && seed.is_multiple_of(PROGRESS) {
            println!("{seed} of {schedules} schedules begun");
        }
    };
    match run_all(schedules, RUST, || {}, progress) {
        Ok(tally) => println!(
            "{schedules} schedules: {} deliveries over {} attaches",
            tally.deliveries, tally.attaches
        ),
        // Once more, in words.
        Err(failure) => panic!("{}", run(failure.seed, true, RUST).err().unwrap_or(failure)),
    }
}
