//! Both machines, joined by a network that cuts, loses, repeats, delays and reorders, in thousands of schedules drawn from seeds.
//!
//! `EVERWIRE_SCHEDULES` says how many, `EVERWIRE_SEED` runs one and prints it.

mod sim;

use std::env;

use sim::world::World;

fn variable(name: &str) -> Option<u64> {
    env::var(name).ok().and_then(|value| value.parse().ok())
}

/// Runs one schedule. What went wrong comes with everything that happened before.
fn run(seed: u64, logging: bool) -> Result<World, String> {
    let mut world = World::new(seed, logging);
    match world.run() {
        Ok(()) => Ok(world),
        Err(what) if logging => {
            let log = world.log.unwrap_or_default().join("\n");
            Err(format!("{log}\n{:>9.3} {what}\nreplay with EVERWIRE_SEED={seed}", world.now.as_secs_f64()))
        }
        Err(_) => run(seed, true),
    }
}

#[test]
fn whatever_the_network_does_messages_arrive_once_and_in_order() {
    if let Some(seed) = variable("EVERWIRE_SEED") {
        match run(seed, true) {
            Ok(world) => println!("{}", world.log.unwrap_or_default().join("\n")),
            Err(what) => panic!("{what}"),
        }
        return;
    }
    let (mut deliveries, mut attaches) = (0, 0);
    for seed in 0..variable("EVERWIRE_SCHEDULES").unwrap_or(20_000) {
        match run(seed, false) {
            Ok(world) => {
                deliveries += world.deliveries;
                attaches += world.attaches;
            }
            Err(what) => panic!("{what}"),
        }
    }
    println!("{deliveries} deliveries over {attaches} attaches");
}
