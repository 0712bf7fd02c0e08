//! The load generator: one thread, one epoll, many WebSockets. Prints one line of JSON about one run.
//!
//! `load ADDRESS PID DIALECT SCENARIO CONNECTIONS WINDOW RATE SECONDS`, where the dialect is `native` or `bare`, the scenario `echo`, `fanout` or
//! `idle`, and a fan-out with a rate of 0 keeps as many publications on their way as the window says.

mod client;
mod frames;
mod histogram;
mod process;
mod run;

use std::net::SocketAddr;

use client::Dialect;
use run::{Plan, Run, Scenario};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, pid, dialect, scenario, connections, window, rate, seconds] = &arguments[..] else {
        panic!("load ADDRESS PID DIALECT SCENARIO CONNECTIONS WINDOW RATE SECONDS");
    };
    let address: SocketAddr = address.parse().expect("an address");
    let plan = Plan {
        address,
        pid: number(pid) as u32,
        dialect: if dialect == "bare" { Dialect::Bare } else { Dialect::Native },
        scenario: match scenario.as_str() {
            "echo" => Scenario::Echo,
            "fanout" => Scenario::FanOut,
            "idle" => Scenario::Idle,
            other => panic!("no scenario {other}"),
        },
        connections: number(connections) as usize,
        window: number(window) as usize,
        rate: number(rate),
        seconds: number(seconds),
    };
    println!("{}", Run::new(plan)?.go()?);
    Ok(())
}

fn number(text: &str) -> f64 {
    text.parse().expect("a number")
}
