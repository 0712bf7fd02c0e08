//! Some subscribers stop reading. What that costs the others, and the server, is told beside the same crowd in which all read.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use clap::Args;
use everwire_client::{Data, Disconnect, Socket, Transport, connect};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::testbed::Testbed;
use super::{ABREAST, PATIENCE, say};

/// What the run can be told.
#[derive(Args, Clone, Debug)]
pub struct SlowOptions {
    /// The testbed's binary.
    #[arg(long, env = "EVERWIRE_TESTBED", default_value = "target/debug/testbed")]
    pub testbed: PathBuf,
    /// Subscribers in all.
    #[arg(long, default_value_t = 2_000)]
    pub subscribers: usize,
    /// How many of them stop reading; every fourth of these is on an HTTP stream.
    #[arg(long, default_value_t = 500)]
    pub stopped: usize,
    /// How often: each time once with, once without them.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// How long each time, in seconds.
    #[arg(long, default_value_t = 30)]
    pub seconds: u64,
    /// Broadcasts in a second.
    #[arg(long, default_value_t = 10)]
    pub rate: u32,
    /// Bytes of each.
    #[arg(long, default_value_t = 4_000)]
    pub bytes: usize,
}

/// A session's queue: twice what one who reads may leave unconfirmed.
const QUEUE: usize = 512 << 10;
/// How much those who stop let the system take for them.
const TAKEN: u32 = 8 << 10;
/// How long one who reads again may take to come to the end.
const REST: Duration = Duration::from_secs(60);

/// What one run has shown.
struct Shown {
    /// Microseconds from a broadcast to one of those who read, in ascending order.
    delays: Vec<u64>,
    /// The most that the server took, in KiB, and that waited for all sessions together.
    memory: u64,
    waiting: usize,
    /// What those who stopped heard in the end.
    ends: BTreeMap<String, usize>,
}

/// What those who read have seen.
#[derive(Default)]
struct Seen {
    delays: Mutex<Vec<u64>>,
    connected: AtomicUsize,
    measuring: AtomicBool,
    wrong: Mutex<Vec<String>>,
}

/// Runs both crowds in turn.
///
/// # Errors
/// When one who reads loses its session, or one who does not keeps it.
pub async fn slow(options: SlowOptions) -> Result<String, String> {
    let mut ratios = Vec::new();
    let mut lines = Vec::new();
    for round in 1..=options.rounds {
        let without = run(&options, 0).await?;
        let with = run(&options, options.stopped).await?;
        ratios.push(with.share(99) as f64 / without.share(99).max(1) as f64);
        for (title, shown) in [("all read", &without), ("some do not", &with)] {
            let line = format!("{round}. {title:12} {}", shown.line());
            say(&line);
            lines.push(line);
        }
    }
    ratios.sort_by(f64::total_cmp);
    let text = format!(
        "{}\nthe others' p99 with {} of {} stopped, beside without: {:.2} times, {:.2} to {:.2} (goal: below 1.20)",
        lines.join("\n"),
        options.stopped,
        options.subscribers,
        ratios[ratios.len() / 2],
        ratios[0],
        ratios[ratios.len() - 1]
    );
    Ok(text)
}

impl Shown {
    fn share(&self, percent: usize) -> u64 {
        self.delays.get(self.delays.len() * percent / 100).copied().unwrap_or(u64::MAX)
    }

    fn line(&self) -> String {
        let Self { delays, memory, waiting, ends } = self;
        let (half, most) = (self.share(50), self.share(99));
        let deliveries = delays.len();
        format!(
            "{deliveries} deliveries, p50 {half} µs, p99 {most} µs; {memory} KiB, {waiting} bytes waiting; {ends:?}"
        )
    }
}

async fn run(options: &SlowOptions, stopped: usize) -> Result<Shown, String> {
    // A session whose stream is over should say why, and not be thought of as suspended.
    let flags = format!("--queue-bytes {QUEUE} --max-payload {} --stream-bytes {}", QUEUE / 4, 64 << 20);
    let flags: Vec<_> = flags.split(' ').collect();
    let server = Testbed::start(&options.testbed, 0, &flags).await?;
    let seen = Arc::new(Seen::default());
    let crowd = readers(&server, options.subscribers - stopped, &seen).await?;
    let (go_on, may_go_on) = watch::channel(false);
    let mut quiet = Vec::new();
    for number in 0..stopped {
        let stopped = Stopped::open(server.port, number).await.map_err(|error| error.to_string())?;
        quiet.push(tokio::spawn(stopped.read_on(may_go_on.clone())));
    }
    server.until("everybody", |stats| stats.sessions == options.subscribers).await?;
    seen.measuring.store(true, Ordering::Relaxed);
    let (memory, waiting) = broadcast(options, &server, &crowd, &go_on).await?;
    seen.measuring.store(false, Ordering::Relaxed);
    go_on.send_replace(true);
    let mut ends = BTreeMap::new();
    for end in quiet {
        *ends.entry(end.await.map_err(|error| error.to_string())?).or_default() += 1;
    }
    let left = server.stats().await?.sessions;
    if let Some(wrong) = seen.wrong.lock().first() {
        return Err(format!("one that reads was ended: {wrong}"));
    }
    if left != options.subscribers - stopped {
        return Err(format!("{left} sessions are left of {}", options.subscribers));
    }
    crowd.iter().for_each(Socket::close);
    let mut delays = std::mem::take(&mut *seen.delays.lock());
    delays.sort_unstable();
    Ok(Shown { delays, memory, waiting, ends })
}

/// Speaks to all, and tells the most that the server took meanwhile. Those who stopped go on as soon as they have lost their sessions: they have half a minute
/// to hear why.
async fn broadcast(
    options: &SlowOptions,
    server: &Testbed,
    crowd: &[Socket],
    go_on: &watch::Sender<bool>,
) -> Result<(u64, usize), String> {
    let (mut memory, mut waiting) = (0, 0);
    let mut ticks = interval(Duration::from_secs(1) / options.rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let text = "x".repeat(options.bytes);
    let begun = Instant::now();
    let mut number = 0;
    while begun.elapsed() < Duration::from_secs(options.seconds) {
        ticks.tick().await;
        crowd[0].emit("pub", (now(), &text)).map_err(|error| error.to_string())?;
        number += 1;
        if number % options.rate == 0 {
            let stats = server.stats().await?;
            memory = memory.max(server.memory()?);
            waiting = waiting.max(stats.queued_bytes + stats.replay_bytes);
            go_on.send_replace(stats.sessions == crowd.len());
        }
    }
    sleep(Duration::from_secs(1)).await;
    Ok((memory, waiting))
}

async fn readers(server: &Testbed, count: usize, seen: &Arc<Seen>) -> Result<Vec<Socket>, String> {
    let mut crowd = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    while crowd.len() < count {
        for _ in 0..ABREAST.min(count - crowd.len()) {
            crowd.push(reader(server, seen)?);
        }
        while seen.connected.load(Ordering::Relaxed) < crowd.len() {
            if Instant::now() > deadline {
                return Err(format!("not all of {count} connected"));
            }
            sleep(Duration::from_millis(5)).await;
        }
    }
    Ok(crowd)
}

fn reader(server: &Testbed, seen: &Arc<Seen>) -> Result<Socket, String> {
    let (connects, hears, ends) = (seen.clone(), seen.clone(), seen.clone());
    connect(format!("http://127.0.0.1:{}/everwire", server.port))
        .transports([Transport::Websocket])
        .on("connect", move || {
            connects.connected.fetch_add(1, Ordering::Relaxed);
            std::future::ready(())
        })
        .on("ev", move |Data((sent, _)): Data<(u64, String)>| {
            if hears.measuring.load(Ordering::Relaxed) {
                hears.delays.lock().push(now().saturating_sub(sent));
            }
            std::future::ready(())
        })
        .on("disconnect", move |Data(end): Data<Disconnect>| {
            if end.code != "client_disconnect" {
                ends.wrong.lock().push(format!("{end:?}"));
            }
            std::future::ready(())
        })
        .open()
        .map_err(|error| error.to_string())
}

/// Microseconds since the first call.
fn now() -> u64 {
    static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    BEGAN.get_or_init(Instant::now).elapsed().as_micros() as u64
}

/// One who subscribes, and reads nothing.
struct Stopped(TcpStream);

impl Stopped {
    async fn open(port: u16, number: usize) -> std::io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(TAKEN)?;
        let mut stream = socket.connect(([127, 0, 0, 1], port).into()).await?;
        let attach = format!(
            r#"A{{"v":1,"attach":1,"key":"{number:A>22}","received":0,"consumed":0,"window":{},"first":1,"serial":1}}"#,
            1u64 << 40
        );
        if number.is_multiple_of(4) {
            let body = format!("{attach}\nc");
            let head = "POST /everwire/streaming HTTP/1.1\r\nHost: testbed\r\nContent-Type: text/plain\r\n";
            stream
                .write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
                .await?;
        } else {
            let head = "GET /everwire/websocket HTTP/1.1\r\nHost: testbed\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
            let key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
            stream.write_all(format!("{head}{key}").as_bytes()).await?;
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).await?;
            for packet in [&attach, "c"] {
                stream.write_all(&frame(packet)).await?;
            }
        }
        Ok(Self(stream))
    }

    /// When it may, reads all there is, and tells with which code it ends.
    async fn read_on(mut self, mut may: watch::Receiver<bool>) -> String {
        let _ = may.wait_for(|may| *may).await;
        let mut last = Vec::new();
        let mut buffer = vec![0; 64 << 10];
        let all = async {
            while let Ok(read @ 1..) = self.0.read(&mut buffer).await {
                // What ends a session is short, and may come in two pieces.
                last.drain(..last.len().saturating_sub(1_000));
                last.extend_from_slice(&buffer[..read]);
            }
        };
        if timeout(REST, all).await.is_err() {
            return "goes on".into();
        }
        let text = String::from_utf8_lossy(&last);
        let code = text.rsplit_once(r#"z{"code":""#).and_then(|(_, rest)| rest.split_once('"'));
        code.map_or("cut", |(code, _)| code).into()
    }
}

/// A frame of a client; the mask is zero.
fn frame(packet: &str) -> Vec<u8> {
    let length = packet.len();
    let mut frame = match u8::try_from(length) {
        Ok(length @ 0..126) => vec![0x81, 0x80 | length],
        _ => [vec![0x81, 0xfe], (length as u16).to_be_bytes().to_vec()].concat(),
    };
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(packet.as_bytes());
    frame
}
