//! `everwire-chaos proxy` puts bad weather before a server; `everwire-chaos run` sends clients through it and holds their ledgers; `hold`, `slow` and `storm` are about numbers.
#![forbid(unsafe_code)]

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use everwire_chaos::crowd::{self, SlowOptions, hold, slow, storm};
use everwire_chaos::run::{Options, run};
use everwire_chaos::{Fault, Proxy, Rates, Tally};

#[derive(Parser)]
#[command(about, version)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// A proxy alone, until it is interrupted.
    Proxy {
        /// The server.
        #[arg(long)]
        upstream: SocketAddr,
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        /// The same seed brings the same weather.
        #[arg(long, env = "EVERWIRE_SEED", default_value_t = 1)]
        seed: u64,
        #[command(flatten)]
        rates: Rates,
    },
    /// Many clients for a long time, while some come and go.
    Hold(crowd::Options),
    /// Clients of all kinds through proxies, for some time.
    Run(Options),
    /// Many subscribers, of whom some stop reading.
    Slow(SlowOptions),
    /// Many clients whose server restarts.
    Storm(crowd::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().what {
        What::Proxy { upstream, listen, seed, rates } => proxy(upstream, listen, seed, rates).await,
        What::Hold(options) => hold(options).await,
        What::Run(options) => run(options).await,
        What::Slow(options) => slow(options).await,
        What::Storm(options) => storm(options).await,
    };
    let (text, code) = match outcome {
        Ok(text) => (text, ExitCode::SUCCESS),
        Err(text) => (text, ExitCode::FAILURE),
    };
    print(&text);
    code
}

async fn proxy(upstream: SocketAddr, listen: SocketAddr, seed: u64, rates: Rates) -> Result<String, String> {
    let tally = Arc::new(Tally::default());
    let proxy = Proxy::start(listen, upstream, seed, rates, tally.clone())
        .await
        .map_err(|error| error.to_string())?;
    print(&format!("listening on http://{}, seed {seed}", proxy.address()));
    proxy.begin();
    tokio::signal::ctrl_c().await.map_err(|error| error.to_string())?;
    let faults = Fault::ALL.map(|fault| format!("{} {}", tally.of(fault), fault.name()));
    Ok(faults.join(", "))
}

fn print(text: &str) {
    // Whoever closes the output does not read it.
    let _ = writeln!(std::io::stdout(), "{text}");
}
