//! Each planted defect is seen by the simulation: else the simulation would have a hole, and its silence would prove nothing.
//!
//! `EVERWIRE_MUTANT` runs one alone and prints the schedule that caught it.

mod sim;

use std::env;
use std::fmt::Write;
use std::time::Instant;

use everwire_session::mutant::{Mutant, is_reached, plant};
use sim::client::RUST;
use sim::schedules::{run, run_all};

/// Within so many schedules each must be caught.
const MOST: u64 = 20_000;

#[test]
fn every_planted_defect_is_caught() {
    let only = env::var("EVERWIRE_MUTANT").ok();
    let (mut table, mut survivors) = (String::new(), Vec::new());
    for mutant in Mutant::ALL {
        let name = format!("{mutant:?}");
        if only.as_ref().is_some_and(|only| *only != name) {
            continue;
        }
        let begun = Instant::now();
        let result = run_all(MOST, RUST, || plant(Some(*mutant)), |_| {});
        let spent = begun.elapsed().as_millis();
        match result {
            Ok(_) => {
                writeln!(table, "{name:<24} survives {spent:>9} ms").unwrap();
                survivors.push(*mutant);
            }
            Err(failure) => {
                let what = failure.what.lines().next().unwrap_or_default();
                let what: String = what.chars().take(100).collect();
                writeln!(table, "{name:<24} {:>8} {spent:>9} ms  {what}", failure.seed).unwrap();
                if only.is_some() {
                    plant(Some(*mutant));
                    println!("{}", run(failure.seed, true, RUST).err().unwrap_or(failure));
                }
            }
        }
    }
    println!("defect                   schedule      time     what was seen\n{table}");
    assert!(survivors.is_empty(), "survivors: {survivors:?}");
}

#[test]
fn every_place_of_a_defect_is_reached() {
    run_all(2_000, RUST, || plant(None), |_| {}).unwrap();
    let unreached: Vec<_> = Mutant::ALL.iter().filter(|mutant| !is_reached(**mutant)).collect();
    assert!(unreached.is_empty(), "{unreached:?}");
}
