//! One server for black-box suites against Everwire: fixed handlers, every transport on, figures at `/stats`.
#![forbid(unsafe_code)]

mod handlers;
mod seq;
mod sockets;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use clap::Parser;
use everwire::{Config, Everwire, InvalidOrigin, Networks, OriginPolicy, Rate, ServeConfig, Tls, Transport};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

const CLIENT_MODULE: &str = include_str!("../../../client-js/dist/everwire.mjs");
const CLIENT_SCRIPT: &str = include_str!("../../../client-js/dist/everwire.js");

const PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Everwire testbed</title>\
    <script src=\"/client/everwire.js\"></script><p>The client is loaded: <code>everwire.connect</code>.";

/// What can be set from outside. The flags hold for every dialect.
#[derive(Parser)]
#[command(about, version)]
struct Flags {
    /// Port on 127.0.0.1; 0 picks a free one.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Heartbeat interval.
    #[arg(long, default_value_t = 10_000)]
    ping_interval_ms: u64,
    /// How long a client may take to answer.
    #[arg(long, default_value_t = 8_000)]
    ping_timeout_ms: u64,
    /// Bytes of one message, and of one HTTP body.
    #[arg(long, default_value_t = 1_000_000)]
    max_payload: usize,
    /// How long a session without carrier is kept.
    #[arg(long, default_value_t = 120_000)]
    grace_ms: u64,
    /// Bytes that one session may have waiting.
    #[arg(long, default_value_t = 4_194_304)]
    queue_bytes: usize,
    /// Acks that may be pending from one side.
    #[arg(long, default_value_t = 1_000)]
    pending_acks: usize,
    /// Bytes of one stream before it is ended.
    #[arg(long, default_value_t = 4_194_304)]
    stream_bytes: usize,
    /// `any`, `same`, or origins with commas between them.
    #[arg(long, default_value = "any")]
    origins: String,
    /// A file with SockJS's client, served at `/client/sockjs.js`.
    #[arg(long)]
    sockjs_client: Option<PathBuf>,
    /// A certificate in PEM: speak TLS.
    #[arg(long, requires = "key")]
    cert: Option<PathBuf>,
    /// Its key.
    #[arg(long, requires = "cert")]
    key: Option<PathBuf>,
    /// Connections at a time.
    #[arg(long)]
    max_connections: Option<usize>,
    /// Connections at a time from one address.
    #[arg(long)]
    max_per_address: Option<usize>,
    /// Proxies that are believed: addresses or networks with commas between them.
    #[arg(long, value_delimiter = ',')]
    trusted_proxy: Vec<String>,
    /// Sessions at a time.
    #[arg(long, default_value_t = 100_000)]
    max_sessions: usize,
    /// Sessions at a time of one address.
    #[arg(long)]
    sessions_per_address: Option<usize>,
    /// How often one address may open a session: per second, and at once, as in `2,50`.
    #[arg(long, value_parser = rate)]
    opens_per_address: Option<Rate>,
    /// Packets that a session may send: per second, and at once.
    #[arg(long, value_parser = rate)]
    messages: Option<Rate>,
    /// The same for their bytes.
    #[arg(long, value_parser = rate)]
    bytes: Option<Rate>,
    /// Sessions at a time that have never been in a namespace.
    #[arg(long)]
    unauthenticated: Option<usize>,
    /// How long an answer may wait for its reader.
    #[arg(long, default_value_t = 30_000)]
    write_ms: u64,
}

impl Flags {
    fn serving(&self) -> Result<ServeConfig, Box<dyn std::error::Error>> {
        let mut config = ServeConfig::default();
        config.connections = self.max_connections.unwrap_or(config.connections);
        config.connections_per_address = self.max_per_address;
        config.trusted_proxies = Networks::list(&self.trusted_proxy)?;
        config.write = Duration::from_millis(self.write_ms);
        if let (Some(cert), Some(key)) = (&self.cert, &self.key) {
            config.tls = Some(Tls::from_files(cert, key)?);
        }
        Ok(config)
    }

    fn config(&self) -> Result<Config, InvalidOrigin> {
        let mut config = Config::default();
        config.ping = Duration::from_millis(self.ping_interval_ms);
        config.timeout = Duration::from_millis(self.ping_timeout_ms);
        config.grace = Duration::from_millis(self.grace_ms);
        config.max_payload = self.max_payload;
        config.queue_bytes = self.queue_bytes;
        config.pending_acks = self.pending_acks;
        config.stream_bytes = self.stream_bytes;
        config.sessions = self.max_sessions;
        config.sessions_per_address = self.sessions_per_address;
        config.opens_per_address = self.opens_per_address;
        config.messages = self.messages;
        config.bytes = self.bytes;
        config.unauthenticated = self.unauthenticated.unwrap_or(config.unauthenticated);
        config.transports = Transport::ALL.to_vec();
        config.origins = match self.origins.as_str() {
            "any" => OriginPolicy::Any,
            "same" => OriginPolicy::SameOrigin,
            list => OriginPolicy::list(list.split(','))?,
        };
        Ok(config)
    }
}

fn rate(text: &str) -> Result<Rate, String> {
    let (per_second, burst) = text.split_once(',').ok_or("two numbers with a comma")?;
    let number = |text: &str| text.parse::<u32>().map_err(|error| error.to_string());
    Ok(Rate { per_second: number(per_second)?, burst: number(burst)? })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // On one core a runtime of several threads would serve some clients again and again while others wait.
    let mut runtime = match std::thread::available_parallelism() {
        Ok(cores) if cores.get() == 1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    runtime.enable_all().build()?.block_on(run())
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter("info").init();
    let flags = Flags::parse();
    let sockjs_client = flags.sockjs_client.as_ref().map(std::fs::read_to_string).transpose()?;
    let config = flags.config()?;
    config.check()?;
    let wire = Everwire::with_config(config);
    handlers::install(&wire);
    let listener = TcpListener::bind(("127.0.0.1", flags.port)).await?;
    let mut stdout = std::io::stdout();
    let serving = flags.serving()?;
    let scheme = if serving.tls.is_some() { "https" } else { "http" };
    writeln!(stdout, "listening on {scheme}://{}", listener.local_addr()?)?;
    stdout.flush()?;

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let ending = wire.clone();
    let stopped = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        // Clients are told; those that do not listen are not waited for: suites expect the end within 2 s.
        tokio::spawn(async {
            tokio::time::sleep(Duration::from_millis(1700)).await;
            std::process::exit(0);
        });
        let _ = tokio::time::timeout(Duration::from_secs(1), ending.shutdown(Duration::ZERO)).await;
    };
    everwire::serve_with(serving, listener, routes(&wire, sockjs_client), stopped).await?;
    // Whatever still runs has been told.
    std::process::exit(0)
}

fn routes(wire: &Everwire, sockjs_client: Option<String>) -> Router {
    let stats = wire.clone();
    let router = Router::new()
        .route("/", get(|| async { Html(PAGE) }))
        .route("/client/everwire.mjs", get(|| async { script(CLIENT_MODULE) }))
        .route("/client/everwire.js", get(|| async { script(CLIENT_SCRIPT) }))
        .route("/stats", get(move || async move { axum::Json(stats.stats()) }))
        .nest_service("/everwire", wire.service())
        .nest_service("/socket.io", wire.socket_io().credentials(true))
        .nest_service("/engine.io", sockets::engine_io(wire))
        .nest_service("/recovery", wire.socket_io().credentials(true).recovery(Duration::from_secs(20)))
        .nest_service("/packed", wire.socket_io().credentials(true).msgpack(true))
        .nest_service("/packed/recovery", wire.socket_io().msgpack(true).recovery(Duration::from_secs(20)))
        // The same without credentials, at a path of the user's choice, with a cookie.
        .nest_service("/custom/path", wire.socket_io().cookie("io", "Path=/; SameSite=Lax; HttpOnly"));
    sockets::mount(router, wire, sockjs_client)
}

pub(crate) fn script(text: impl IntoResponse) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8"), (ACCESS_CONTROL_ALLOW_ORIGIN, "*")], text)
}
