//! The Everwire demo: a chat and a connection doctor, on a port of your choice.
#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use everwire::{Config, Everwire, Transport};
use tokio::net::TcpListener;
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
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .init();
    match run(&args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // There is nobody to tell when even this fails.
            let _ = writeln!(io::stderr(), "{}", explain(&args, &error));
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> io::Result<()> {
    let wire = wire();
    let listener = TcpListener::bind((args.host, args.port)).await?;
    let address = here(listener.local_addr()?);
    writeln!(
        io::stdout(),
        "Everwire listens on http://{address}\n\n  \
         http://{address}/         the chat: open it in two tabs\n  \
         http://{address}/doctor   which transports work from your browser\n\n\
         Ctrl+C ends it."
    )?;
    let app = pages::router().nest_service("/everwire", wire.service());
    everwire::serve(listener, app, async move {
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
fn wire() -> Everwire {
    let mut config = Config::default();
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

/// What went wrong, and what to do about it.
fn explain(args: &Args, error: &io::Error) -> String {
    let Args { host, port } = args;
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
    fn what_listens_everywhere_is_found_at_home() {
        let shown = |address: &str| here(address.parse().unwrap()).to_string();
        assert_eq!(shown("0.0.0.0:3000"), "127.0.0.1:3000");
        assert_eq!(shown("[::]:3000"), "[::1]:3000");
        assert_eq!(shown("192.0.2.1:80"), "192.0.2.1:80");
    }

    #[test]
    fn a_taken_port_is_explained_with_another_one() {
        let args = Args { host: [127, 0, 0, 1].into(), port: 3000 };
        let text = explain(&args, &io::ErrorKind::AddrInUse.into());
        assert!(text.contains("port 3000") && text.contains("--port 3001"), "{text}");
        let text = explain(&Args { port: u16::MAX, ..args }, &io::ErrorKind::AddrInUse.into());
        assert!(text.contains("--port 3000"), "{text}");
    }
}
