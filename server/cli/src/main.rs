//! The Everwire demo: a chat and a connection doctor, on a port of your choice.
#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use everwire::{Config, Everwire, Networks, ServeConfig, Tls, Transport};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tracing_subscriber::EnvFilter;

mod chat;
mod doctor;
mod pages;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Over how long clients are told to come back after a shutdown, so that not all knock at once.
const SPREAD: Duration = Duration::from_secs(2);

/// The Everwire demo: a chat and a connection doctor in your browser.
#[derive(Debug, Parser)]
#[command(name = "everwire", version)]
struct Args {
    /// The address to listen on; 0.0.0.0 lets other machines in.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// The port to listen on; 0 picks a free one.
    #[arg(long, env = "PORT", default_value_t = 3000)]
    port: u16,
    /// A certificate in PEM, its chain behind it: speak HTTPS. Read again when the file changes, or at SIGHUP.
    #[arg(long, requires = "key", value_name = "FILE")]
    cert: Option<PathBuf>,
    /// The certificate's private key in PEM.
    #[arg(long, requires = "cert", value_name = "FILE")]
    key: Option<PathBuf>,
    /// Connections at a time; what the limit of open files allows if not said.
    #[arg(long, value_name = "N")]
    max_connections: Option<usize>,
    /// Connections at a time from one address (IPv6: one /64); beyond, 429. Not limited if not said.
    #[arg(long, value_name = "N")]
    max_per_address: Option<usize>,
    /// Sessions at a time, those without a connection included; 100,000 if not said.
    #[arg(long, value_name = "N")]
    max_sessions: Option<usize>,
    /// Proxies in front, as addresses or networks such as 10.0.0.0/8: their X-Forwarded-For or Forwarded is believed.
    #[arg(long, value_name = "NETWORK", value_delimiter = ',')]
    trusted_proxy: Vec<String>,
}

impl Args {
    fn serving(&self) -> Result<ServeConfig, Box<dyn std::error::Error>> {
        let mut config = ServeConfig::default();
        config.connections = self.max_connections.unwrap_or(config.connections);
        config.connections_per_address = self.max_per_address;
        config.trusted_proxies = Networks::list(&self.trusted_proxy)?;
        if let (Some(cert), Some(key)) = (&self.cert, &self.key) {
            config.tls = Some(Tls::from_files(cert, key)?);
        }
        Ok(config)
    }
}

fn main() -> ExitCode {
    match runtime() {
        Ok(runtime) => runtime.block_on(start()),
        Err(error) => {
            let _ = writeln!(io::stderr(), "everwire: {error}");
            ExitCode::FAILURE
        }
    }
}

/// On one core, a runtime of one thread: one of several serves some clients again and again there while others wait.
fn runtime() -> io::Result<Runtime> {
    let mut runtime = match std::thread::available_parallelism() {
        Ok(cores) if cores.get() == 1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    runtime.enable_all().build()
}

async fn start() -> ExitCode {
    let args = Args::parse();
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .init();
    raise_open_files();
    let config = match args.serving() {
        Ok(config) => config,
        Err(error) => {
            let _ = writeln!(io::stderr(), "everwire: {error}");
            return ExitCode::FAILURE;
        }
    };
    match run(&args, config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // There is nobody to tell when even this fails.
            let _ = writeln!(io::stderr(), "{}", explain(&args, &error));
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args, config: ServeConfig) -> io::Result<()> {
    let wire = wire(args.max_sessions);
    let listener = TcpListener::bind((args.host, args.port)).await?;
    let address = here(listener.local_addr()?);
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    writeln!(
        io::stdout(),
        "Everwire listens on {scheme}://{address}\n\n  \
         {scheme}://{address}/         the chat: open it in two tabs\n  \
         {scheme}://{address}/doctor   which transports work from your browser\n\n\
         Ctrl+C ends it."
    )?;
    if let Some(tls) = config.tls.clone() {
        tokio::spawn(reload_when_told(tls));
    }
    let app = pages::router().nest_service("/everwire", wire.service());
    everwire::serve_with(config, listener, app, async move {
        signalled().await;
        tracing::info!("telling the clients; a second signal ends at once");
        tokio::select! {
            () = wire.shutdown(SPREAD) => {}
            () = signalled() => {}
        }
    })
    .await
}

/// Where a browser on this machine finds what listens at `address`.
fn here(address: SocketAddr) -> SocketAddr {
    let loopback: IpAddr = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(loopback, address.port())
}

/// The demo's server: the chat in the main namespace, the doctor in its own, and every transport on.
fn wire(max_sessions: Option<usize>) -> Everwire {
    let mut config = Config::default();
    config.sessions = max_sessions.unwrap_or(config.sessions);
    config.transports = Transport::ALL.to_vec();
    let wire = Everwire::with_config(config);
    chat::install(&wire);
    doctor::install(&wire);
    wire
}

/// Waits for Ctrl+C or, on Unix, SIGTERM.
async fn signalled() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// Reads certificate and key again at each SIGHUP.
async fn reload_when_told(tls: Tls) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
        while hangup.recv().await.is_some() {
            match tls.reload() {
                Ok(()) => tracing::info!("certificate and key were read again"),
                Err(error) => tracing::error!(%error, "the former certificate and key stay in use"),
            }
        }
    }
    #[cfg(not(unix))]
    drop(tls);
}

/// Takes as many open files as this process may have: each connection is one, and shells give 1,024.
fn raise_open_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        // Where it cannot be raised, fewer connections are accepted.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// What went wrong, and what to do about it.
fn explain(args: &Args, error: &io::Error) -> String {
    let Args { host, port, .. } = args;
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let other = if *port < u16::MAX { port + 1 } else { 3000 };
            format!(
                "everwire: port {port} on {host} is in use, perhaps by another everwire.\n\
                 Choose another one:  PORT={other} cargo run --release   or   everwire --port {other}"
            )
        }
        io::ErrorKind::AddrNotAvailable => {
            format!(
                "everwire: {host} is no address of this machine. Try --host 127.0.0.1, or 0.0.0.0 for all."
            )
        }
        io::ErrorKind::PermissionDenied => {
            format!("everwire: port {port} is not for everybody. Choose one above 1023: everwire --port 3000")
        }
        _ => format!("everwire: cannot serve on {host} port {port}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Args::command().debug_assert();
    }

    #[test]
    fn a_certificate_has_a_key_and_proxies_are_networks() {
        assert!(Args::try_parse_from(["everwire", "--cert", "cert.pem"]).is_err());
        let args = Args::parse_from(["everwire", "--cert", "nowhere.pem", "--key", "key.pem"]);
        assert!(args.serving().unwrap_err().to_string().contains("nowhere.pem"));
        let args = Args::parse_from([
            "everwire",
            "--trusted-proxy",
            "127.0.0.1,10.0.0.0/8",
            "--max-per-address",
            "5",
        ]);
        assert_eq!(args.serving().unwrap().connections_per_address, Some(5));
        let args = Args::parse_from(["everwire", "--trusted-proxy", "localhost"]);
        assert!(args.serving().unwrap_err().to_string().contains("localhost"));
    }

    #[test]
    fn what_listens_everywhere_is_found_at_home() {
        let shown = |address: &str| here(address.parse().unwrap()).to_string();
        assert_eq!(shown("0.0.0.0:3000"), "127.0.0.1:3000");
        assert_eq!(shown("[::]:3000"), "[::1]:3000");
        assert_eq!(shown("192.0.2.1:80"), "192.0.2.1:80");
    }

    #[test]
    fn a_taken_port_is_explained_with_another_one() {
        let args = Args::parse_from(["everwire"]);
        let text = explain(&args, &io::ErrorKind::AddrInUse.into());
        assert!(text.contains("port 3000") && text.contains("--port 3001"), "{text}");
        let text = explain(&Args { port: u16::MAX, ..args }, &io::ErrorKind::AddrInUse.into());
        assert!(text.contains("--port 3000"), "{text}");
    }
}
