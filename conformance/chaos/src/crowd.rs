//! Many clients that do little: held for a long time while some come and go, or all back at once after the server's restart.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use clap::Args;
use everwire_client::{Data, Disconnect, Socket, Transport, connect};
use parking_lot::Mutex;
use tokio::time::{Instant, sleep};

mod slow;
mod testbed;

pub use slow::{SlowOptions, slow};
use testbed::Testbed;

/// What both can be told.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The testbed's binary.
    #[arg(long, env = "EVERWIRE_TESTBED", default_value = "target/debug/testbed")]
    pub testbed: PathBuf,
    /// Clients, every other one over long-polling, which takes up to two connections.
    #[arg(long)]
    pub sessions: Option<usize>,
    /// How long they are held, in seconds.
    #[arg(long, default_value_t = 600)]
    pub seconds: u64,
}

/// Clients that open at a time.
const ABREAST: usize = 100;
/// Between such a number of goodbyes.
const PAUSE: Duration = Duration::from_millis(50);
/// How long all may take to open, to come back, or to be forgotten. More than the two minutes for which a session is kept whose client could not say goodbye in time.
const PATIENCE: Duration = Duration::from_secs(180);
/// Milliseconds over which each client asks something now and then.
const QUESTIONS: u64 = 20_000;

/// The sample of memory from which on it should stay as it is: by then as many sessions have ended as are remembered.
const SETTLED: usize = 12;

/// What the clients have seen.
#[derive(Default)]
struct Seen {
    connected: AtomicUsize,
    answers: AtomicU64,
    /// Since the server went down: when each came back.
    returns: Mutex<Vec<Duration>>,
    went_down: Mutex<Option<Instant>>,
    /// Ends that nobody asked for.
    wrong: Mutex<Vec<String>>,
}

impl Seen {
    fn connect(&self) {
        self.connected.fetch_add(1, Ordering::Relaxed);
        if let Some(since) = *self.went_down.lock() {
            self.returns.lock().push(since.elapsed());
        }
    }

    fn disconnect(&self, who: &str, end: &Disconnect) {
        if end.code != "client_disconnect" && self.went_down.lock().is_none() {
            self.wrong.lock().push(format!("{who}: {end:?}"));
        }
    }
}

/// Holds sessions while each second one in a hundred is closed and another one opened.
///
/// # Errors
/// What was not as it should be.
pub async fn hold(options: Options) -> Result<String, String> {
    let count = options.sessions.unwrap_or(10_000);
    let server = Testbed::start(&options.testbed, 0, &[]).await?;
    let seen = Arc::new(Seen::default());
    let mut crowd = open(&server, count, &seen).await?;
    let mut memory = Vec::new();
    let begun = Instant::now();
    let mut number = count;
    while begun.elapsed() < Duration::from_secs(options.seconds) {
        let second = Instant::now();
        for _ in 0..count.div_ceil(100) {
            let at = number % crowd.len();
            crowd[at].close();
            crowd[at] = client(&server, number, &seen)?;
            number += 1;
        }
        if let Some(wrong) = seen.wrong.lock().first() {
            return Err(wrong.clone());
        }
        if memory.len() as u64 * 10 < begun.elapsed().as_secs() {
            memory.push(server.memory()?);
            let (answers, memory) = (seen.answers.load(Ordering::Relaxed), memory[memory.len() - 1]);
            say(&format!(
                "{} s: {number} clients so far, {answers} answers, {memory} KiB",
                begun.elapsed().as_secs()
            ));
        }
        sleep(Duration::from_secs(1).saturating_sub(second.elapsed())).await;
    }
    server.until("all sessions of the clients that stay", |stats| stats.sessions == count).await?;
    for some in crowd.chunks(ABREAST) {
        some.iter().for_each(Socket::close);
        sleep(PAUSE).await;
    }
    let bare = |stats: &testbed::Stats| stats.sessions + stats.open_requests + stats.pending_acks == 0;
    server.until("nothing left", bare).await?;
    let wrong = seen.wrong.lock().len();
    let drift = match (memory.get(SETTLED), memory.last()) {
        (Some(first), Some(last)) => format!("{first} KiB after two minutes, {last} KiB at the end"),
        _ => "too short to tell".into(),
    };
    let answers = seen.answers.load(Ordering::Relaxed);
    let text = format!(
        "{number} sessions, {count} at a time; {answers} answers; {wrong} wrong ends; memory {drift}"
    );
    if wrong == 0 { Ok(text) } else { Err(text) }
}

/// Restarts the server under its clients: told to end, then killed.
///
/// # Errors
/// What was not as it should be.
pub async fn storm(options: Options) -> Result<String, String> {
    let count = options.sessions.unwrap_or(5_000);
    let mut server = Testbed::start(&options.testbed, 0, &[]).await?;
    let seen = Arc::new(Seen::default());
    let crowd = open(&server, count, &seen).await?;
    let mut lines = Vec::new();
    for (how, signal) in [("told", "TERM"), ("killed", "KILL")] {
        server.until("all of them", |stats| stats.sessions == count).await?;
        let before = server.memory()?;
        *seen.went_down.lock() = Some(Instant::now());
        seen.returns.lock().clear();
        server.signal(signal).await?;
        server = Testbed::start(&options.testbed, server.port, &[]).await?;
        let mut peak = 0;
        let deadline = Instant::now() + PATIENCE;
        while seen.returns.lock().len() < count {
            peak = peak.max(server.memory()?);
            if Instant::now() > deadline {
                return Err(format!("{how}: only {} of {count} came back", seen.returns.lock().len()));
            }
            sleep(Duration::from_millis(50)).await;
        }
        let mut returns = seen.returns.lock().clone();
        returns.sort();
        let [half, most, all] = [count / 2, count * 99 / 100, count - 1].map(|at| returns[at].as_millis());
        lines.push(format!(
            "{how}: {count} back, half in {half} ms, 99 % in {most} ms, all in {all} ms; memory {before} KiB before, {peak} KiB at most"
        ));
        if peak * 2 > before * 3 {
            return Err(format!("more than 1.5 times the memory: {}", lines.join("\n")));
        }
    }
    crowd.iter().for_each(Socket::close);
    Ok(lines.join("\n"))
}

async fn open(server: &Testbed, count: usize, seen: &Arc<Seen>) -> Result<Vec<Socket>, String> {
    let mut crowd = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    while crowd.len() < count {
        for _ in 0..ABREAST.min(count - crowd.len()) {
            crowd.push(client(server, crowd.len(), seen)?);
        }
        while seen.connected.load(Ordering::Relaxed) < crowd.len() {
            if Instant::now() > deadline {
                return Err(format!("only {} of {count} connected", seen.connected.load(Ordering::Relaxed)));
            }
            sleep(Duration::from_millis(5)).await;
        }
    }
    say(&format!("{count} clients are connected, {} KiB", server.memory()?));
    Ok(crowd)
}

fn client(server: &Testbed, number: usize, seen: &Arc<Seen>) -> Result<Socket, String> {
    let transport = if number.is_multiple_of(2) { Transport::Websocket } else { Transport::LongPolling };
    let (connects, ends, asks) = (seen.clone(), seen.clone(), seen.clone());
    let socket = connect(format!("http://127.0.0.1:{}/everwire", server.port))
        .transports([transport])
        .on("connect", move || {
            connects.connect();
            std::future::ready(())
        })
        .on("disconnect", move |Data(end): Data<Disconnect>| {
            ends.disconnect(&format!("client {number} over {}", transport.name()), &end);
            std::future::ready(())
        })
        .open()
        .map_err(|error| error.to_string())?;
    let asking = socket.clone();
    tokio::spawn(async move {
        sleep(Duration::from_millis(number as u64 * 7919 % QUESTIONS)).await;
        while asking.connected() {
            match asking.emit_with_ack::<u64>("message-with-ack", number).await {
                Ok(same) if same == number as u64 => _ = asks.answers.fetch_add(1, Ordering::Relaxed),
                Ok(other) => asks.wrong.lock().push(format!("client {number} was answered {other}")),
                // It was closed, or its server.
                Err(_) => {}
            }
            sleep(Duration::from_millis(QUESTIONS)).await;
        }
    });
    Ok(socket)
}

fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{text}");
}
