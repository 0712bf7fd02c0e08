//! The load generator: one thread, one epoll, many sessions. Prints one line of JSON about one run.
//!
//! `load ADDRESS PID scenario=echo dialect=native transport=websocket connections=100 window=16 rate=0 rooms=1 warm=0.5 seconds=3`:
//! what is left out is as here. `plan.rs` says what each means, `README.md` what it prints.

mod client;
mod connection;
mod crowd;
mod dialect;
mod frames;
mod histogram;
mod http;
mod load;
mod measure;
mod plan;
mod process;
mod stamp;
mod way;

use load::echo::Echo;
use load::fan_out::FanOut;
use load::{idle, rooms};
use plan::{Plan, Scenario};

fn main() -> std::io::Result<()> {
    let plan = Plan::parse(std::env::args().skip(1));
    let figures = match plan.scenario {
        Scenario::Echo => measure::steady(&plan, &mut Echo::new(&plan)),
        Scenario::FanOut => measure::steady(&plan, &mut FanOut::new(&plan)),
        Scenario::Idle => idle::run(&plan),
        Scenario::Rooms => rooms::run(&plan),
    }?;
    let fields: Vec<String> = figures.iter().map(|(name, value)| format!("\"{name}\":{value:.4}")).collect();
    println!("{{{}}}", fields.join(","));
    Ok(())
}
