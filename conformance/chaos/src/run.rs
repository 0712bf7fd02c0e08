//! Clients of all kinds over all transports through the proxy. All events are numbered, both ways, and both ends keep a ledger.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::dice::Dice;
use crate::fault::{Rates, Tally};
use crate::proxy::Proxy;

mod audit;
mod children;
mod client;
mod ledger;
mod server;
mod table;
mod told;

use children::Children;
use ledger::Ledger;
use server::Server;
use told::Told;

/// What a run can be told.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// How long the weather lasts, in seconds.
    #[arg(long, default_value_t = 45)]
    pub seconds: u64,
    /// Clients, three in ten of them in Rust, four in node, three in Chromium.
    #[arg(long, default_value_t = 200)]
    pub clients: usize,
    /// Kinds of clients.
    #[arg(long, value_delimiter = ',', default_value = "rust,node,chromium")]
    pub kinds: Vec<String>,
    /// Of all dice; drawn and printed if not given.
    #[arg(long, env = "EVERWIRE_SEED")]
    pub seed: Option<u64>,
    /// Bound of the pause between two bursts of one side, in milliseconds.
    #[arg(long, default_value_t = 700)]
    pub pause_ms: u64,
    /// How long clients without connection are kept, in milliseconds: droughts may last longer.
    #[arg(long, default_value_t = 5_000)]
    pub grace_ms: u64,
    /// How often which faults come.
    #[command(flatten)]
    pub rates: Rates,
}

/// Districts, each behind a proxy with a weather of its own.
const DISTRICTS: u64 = 4;
/// How long the clients may take to be there.
const ARRIVAL: Duration = Duration::from_secs(120);
/// How long the clients may take to say goodbye, and the server to forget them: machines may be busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the clients are to do.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Talk,
    SayGoodbye,
}

/// A run: its table, or what went wrong.
///
/// # Errors
/// The first violation, with what is known of it.
pub async fn run(options: Options) -> Result<String, String> {
    let seed = options.seed.unwrap_or_else(draw);
    say(&format!("chaos: seed {seed}, {} clients, {} s", options.clients, options.seconds));
    let outcome = with_seed(&options, seed).await;
    outcome.map_err(|why| {
        format!("{why}\n\nchaos failed; EVERWIRE_SEED={seed} has the same weather and the same faults")
    })
}

async fn with_seed(options: &Options, seed: u64) -> Result<String, String> {
    let dice = Dice::new(seed);
    let ledger = Arc::new(Ledger::default());
    let server = Server::start(options, dice.part(1), ledger.clone())?;
    let tally = Arc::new(Tally::default());
    let mut proxies = Vec::new();
    for district in 0..DISTRICTS {
        let seed = dice.part(2).part(district).roll();
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let proxy = Proxy::start(any, server.address, seed, options.rates.clone(), tally.clone()).await;
        proxies.push(proxy.map_err(|error| format!("no proxy: {error}"))?);
    }
    let ports: Vec<u16> = proxies.iter().map(|proxy| proxy.address().port()).collect();
    let (stage, stages) = watch::channel(Stage::Talk);
    let crowd = Crowd::of(options);
    for (number, (name, transport)) in crowd.rust.into_iter().enumerate() {
        let url = format!("http://127.0.0.1:{}/everwire", ports[number % ports.len()]);
        let talk = client::Talk {
            name,
            dice: dice.part(100 + number as u64),
            pause_ms: options.pause_ms,
            ledger: ledger.clone(),
        };
        tokio::spawn(talk.run(url, transport, stages.clone()));
    }
    let mut children = Children::default();
    for (program, clients) in [("node", crowd.node), ("chromium", crowd.chromium)] {
        if !clients.is_empty() {
            children.start(program, &clients, &ports, options.pause_ms, &ledger)?;
        }
    }
    ledger
        .wait("not all clients have connected", ARRIVAL, |ledger| ledger.connected() >= crowd.count)
        .await?;
    say(&format!("all {} are connected; the weather begins", crowd.count));
    proxies.iter().for_each(Proxy::begin);
    ledger.hold(Duration::from_secs(options.seconds)).await?;
    proxies.iter().for_each(Proxy::heal);
    say("the weather is over; all say goodbye");
    stage.send_replace(Stage::SayGoodbye);
    children.say("goodbye").await;
    let said = ledger
        .wait("not all clients have said goodbye", PATIENCE, |ledger| ledger.done() >= crowd.count)
        .await;
    if let Err(why) = said {
        children.say("state").await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        return Err(format!("{why}\n{}", ledger.laggards(&crowd.names)));
    }
    let verdict = match baseline(&server, &ledger).await {
        Ok(waited) => ledger.compare().map(|()| waited),
        Err(why) => Err(why),
    };
    children.say("quit").await;
    let table = table::draw(&ledger, &crowd.names, &tally);
    let waited = verdict.map_err(|why| format!("{table}\n\n{why}"))?.as_millis();
    Ok(format!("{table}\nviolations: 0 (seed {seed}); the server's tables were empty after {waited} ms"))
}

/// Waits until the server holds nothing any more.
async fn baseline(server: &Server, ledger: &Ledger) -> Result<Duration, String> {
    let begun = Instant::now();
    let mut told = Duration::ZERO;
    while let Some(what) = server.left_over() {
        let elapsed = begun.elapsed();
        if elapsed > PATIENCE {
            return Err(format!("the server still holds {what}"));
        }
        if elapsed - told > Duration::from_secs(5) {
            told = elapsed;
            say(&format!("after {} s the server holds {what}", elapsed.as_secs()));
        }
        ledger.hold(Duration::from_millis(50)).await?;
    }
    Ok(begun.elapsed())
}

/// Who takes part: names tell kind and transport.
struct Crowd {
    rust: Vec<(String, Option<everwire_client::Transport>)>,
    node: Vec<Told>,
    chromium: Vec<Told>,
    names: Vec<String>,
    count: usize,
}

impl Crowd {
    fn of(options: &Options) -> Self {
        use everwire_client::Transport::{LongPolling, Websocket};
        let wants = |kind: &str| options.kinds.iter().any(|wanted| wanted == kind);
        let shares = [("rust", 3), ("node", 4), ("chromium", 3)];
        let all: usize = shares.iter().filter(|(kind, _)| wants(kind)).map(|(_, share)| share).sum();
        let share = |kind: &str| {
            let mine =
                shares.iter().find(|(name, _)| *name == kind && wants(name)).map_or(0, |(_, share)| *share);
            (options.clients * mine).checked_div(all).unwrap_or(0)
        };
        let rust = [Some(Websocket), Some(LongPolling), None];
        let rust = (0..share("rust")).map(|number| {
            let transport = rust[number % rust.len()];
            let label = transport.map_or("any", everwire_client::Transport::name);
            (format!("rust {label} {number}"), transport)
        });
        let told = |kind: &'static str, labels: &'static [&'static str]| {
            let tell = move |number: usize| Told::new(kind, labels[number % labels.len()], number);
            (0..share(kind)).map(tell).collect::<Vec<_>>()
        };
        let rust: Vec<_> = rust.collect();
        let node = told("node", &["websocket", "streaming", "long_polling", "any"]);
        let chromium = told(
            "chromium",
            &["websocket", "streaming", "event_source", "long_polling", "forever_iframe", "jsonp", "any"],
        );
        let names: Vec<String> = rust
            .iter()
            .map(|(name, _)| name.clone())
            .chain(node.iter().chain(&chromium).map(|told| told.name.clone()))
            .collect();
        Self { rust, node, chromium, count: names.len(), names }
    }
}

fn draw() -> u64 {
    let mut bytes = [0; 4];
    // Without randomness of the system any seed will do.
    let _ = getrandom::fill(&mut bytes);
    u32::from_le_bytes(bytes).into()
}

#[expect(clippy::print_stderr, reason = "whoever waits wants to see that it goes on")]
fn say(what: &str) {
    eprintln!("{what}");
}
