//! The attach protocol (protocol.md, sections 3 to 5) as a model, in which every order of events is tried.
//!
//! Modelled, from the text and not from the code: attaches with their numbers, key and tokens, counts and positions, replay, batches and
//! polls, take-over; duplex carriers and loops of polls; a network in which a carrier may be given up at any time while what was sent on it
//! still arrives, later or never, and in which requests overtake each other and are made twice. One loss may cost a request, its answer, or
//! both directions of a WebSocket from any point on.
//!
//! Not modelled: streams and posts apart from polls, credit, volatile events with their serials, malformed packets, namespaces, closing,
//! grace, a server that was restarted. Time is not, and so no heartbeat: nothing may wait for one.
//!
//! Each side writes what it may as soon as it may, since what waits there cannot be told from what waits in the network.
//!
//! | run | messages × carriers × losses | bounded by | unique states |
//! | --- | --- | --- | --- |
//! | always | 2 × 2 × 2 | both messages of a side are emitted at once; no `n` | 629,057 |
//! | always | 2 × 2 × 1 | both messages of a side are emitted at once | 141,309 |
//! | `EVERWIRE_MODEL=full` | 2 × 2 × 2 | nothing else | 16,889,554 |
//! | `EVERWIRE_MODEL=full` | 3 × 3 × 3 | all messages of a side are emitted at once; no `n`; 15 events | 11,705,411 |
//!
//! *Carriers* counts the attaches of the client's own will; after a loss it makes one more.
//! The full run takes some minutes and 7 GB.

#[path = "model/mod.rs"]
mod attach;

use std::collections::BTreeSet;
use std::env;
use std::thread::available_parallelism;

use attach::rules::{Bounds, Mutant};
use attach::world::{self, World};
use stateright::{Checker, CheckerBuilder, HasDiscoveries, Model};

const SMALL: Bounds = Bounds { messages: 2, burst: 2, carriers: 2, losses: 1, counts: true, depth: None };
const EVERY_CHANGE: [Bounds; 2] = [SMALL, Bounds { losses: 2, counts: false, ..SMALL }];
const NIGHTLY: [Bounds; 2] = [
    Bounds { burst: 1, losses: 2, ..SMALL },
    Bounds { messages: 3, burst: 3, carriers: 3, losses: 3, counts: false, depth: Some(15) },
];

fn checker(bounds: Bounds, mutant: Option<Mutant>) -> CheckerBuilder<World> {
    let builder = World { bounds, mutant }.checker();
    match bounds.depth {
        // Several threads would not go strictly by depth, and what is left out would differ from run to run.
        Some(depth) => builder.target_max_depth(depth),
        None => builder.threads(available_parallelism().map_or(1, usize::from)),
    }
}

#[test]
fn in_every_order_of_events_messages_arrive_once_and_in_order() {
    let full = env::var("EVERWIRE_MODEL").is_ok_and(|value| value == "full");
    for bounds in if full { NIGHTLY } else { EVERY_CHANGE } {
        println!("{bounds:?}: begun");
        let run = checker(bounds, None).spawn_bfs().join();
        println!("{bounds:?}: {} unique states", run.unique_state_count());
        run.assert_properties();
    }
}

#[test]
fn a_broken_rule_is_noticed() {
    let mutants = [
        (Mutant::AcceptSeen, world::PREFIX),
        (Mutant::AcceptStale, world::STALE_IS_NOTHING),
        (Mutant::KeepBatch, world::QUIET_IS_COMPLETE),
        (Mutant::KeepFormer, world::ONE_CURRENT),
        (Mutant::KillAtIssue, world::NEVER_LOCKED_OUT),
        (Mutant::LetHang, world::QUIET_IS_COMPLETE),
        (Mutant::RewindToCursor, world::QUIET_IS_COMPLETE),
        (Mutant::SayUnsent, world::NO_FAULT),
        (Mutant::SkipReplay, world::QUIET_IS_COMPLETE),
    ];
    for (mutant, property) in mutants {
        let noticed = HasDiscoveries::AllOf(BTreeSet::from([property]));
        // What waits behind a batch is to be seen only where it is emitted later.
        let burst = if mutant == Mutant::LetHang { 1 } else { SMALL.burst };
        let run = checker(Bounds { burst, ..SMALL }, Some(mutant)).finish_when(noticed).spawn_bfs().join();
        let path = run.discovery(property).unwrap_or_else(|| panic!("{mutant:?} survives"));
        println!("{mutant:?}: not so that {property}, after {:?}", path.into_actions());
    }
}
