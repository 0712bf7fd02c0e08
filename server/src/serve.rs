//! The accept loop: HTTP/1.1, HTTP/2 and TLS, as strict and as bounded as a server on the open network needs them.
//!
//! Not `axum::serve`, which waits for ever for the end of a head and takes very large ones.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio_util::task::TaskTracker;

mod answer;
mod config;
mod connection;
pub(crate) mod counts;
mod forwarded;
mod guard;
#[cfg(feature = "tls")]
mod handshakes;
pub(crate) mod head;
pub(crate) mod network;
mod pace;
mod refuse;
mod seats;
mod streams;
pub(crate) mod takeover;
#[cfg(test)]
mod tests;
#[cfg(feature = "tls")]
mod tls;
mod turn;

pub use config::ServeConfig;
pub use network::{InvalidNetwork, Networks};
pub(crate) use refuse::Visitor;
pub(crate) use seats::Seat;
#[cfg(feature = "tls")]
pub use tls::{Tls, TlsError};

use connection::Accepted;
use counts::Why;
use guard::Guard;
#[cfg(feature = "tls")]
use handshakes::Handshakes;
use pace::Pace;
use seats::{Addresses, Connection, Seats, Ticket};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The limits of one connection, beside those that its requests' own handlers set.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// How long a head may take, and a connection may be idle between two requests. A head that is begun
    /// and not ended is answered 408.
    head: Duration,
    /// How long requests may go on after the shutdown began. Within the two seconds after which many a
    /// service manager kills.
    drain: Duration,
    /// How long what the client still sends after the last answer is read and thrown away. Closing at once
    /// would make the kernel send a reset, which can overtake the answer.
    linger: Duration,
    /// How often is looked whether the certificate has changed.
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "there is none"))]
    look: Duration,
}

const LIMITS: Limits = Limits {
    head: Duration::from_secs(10),
    drain: Duration::from_millis(1500),
    linger: Duration::from_secs(2),
    look: Duration::from_secs(5),
};

/// What holds for all connections.
#[derive(Debug)]
struct Rules {
    limits: Limits,
    write: Duration,
    /// Set if they are counted by address.
    addresses: Option<Arc<Addresses>>,
    proxies: Networks,
    #[cfg(feature = "tls")]
    tls: Option<(Tls, Arc<Handshakes>)>,
}

/// Bytes of a head, request line included.
const MAX_HEAD: usize = 16 * 1024;
/// Fields of a head.
const MAX_HEADERS: usize = 100;
/// Bytes of a connection that the kernel takes ahead of what it sends: several flights of the fastest connection that comes into question.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 256 << 10;
/// How long no connection is accepted after the process ran out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the accept loop tells the connections.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Serving,
    /// Answer what was asked, and close.
    Draining,
    /// Close.
    Over,
}

/// Serves HTTP/1.1 and HTTP/2 on `listener` until `shutdown` is ready; then accepts no more, gives the requests that
/// are under way 1.5 s to end, and returns.
///
/// A connection must begin to speak within 10 s. A head must end within 10 s, and has at most 16 KiB and 100 fields. Requests on which two servers could
/// differ (no `Host` or two, two lengths, a length beside `Transfer-Encoding`, lines that end without CR,
/// a target on another host) are answered 400, and their connection is closed. Upgrades work.
///
/// HTTP/2 is spoken to who begins with it; WebSockets in it too (RFC 8441). A connection has at most 128 requests at a time. One without a request is closed after 10 s,
/// as in HTTP/1.1. An answer that nobody reads is given up after 30 s: see [`ServeConfig`].
///
/// The address of the peer, a `SocketAddr`, is among the extensions of each request.
///
/// On one core, serve on a runtime of one thread (`#[tokio::main(flavor = "current_thread")]`), as the binary does: the scheduler of several threads serves some
/// clients again and again there while others wait, and the 99th percentile of a saturated server's latency is ten times as high.
///
/// What was upgraded is not waited for: close it from `shutdown` itself.
///
/// # Errors
/// Those of the listener, when it can never accept again.
///
/// ```no_run
/// # async fn run() -> std::io::Result<()> {
/// let app = axum::Router::new();
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
/// everwire::serve(listener, app, std::future::pending()).await
/// # }
/// ```
pub async fn serve<S, B, F>(listener: TcpListener, service: S, shutdown: F) -> io::Result<()>
where
    S: tower::Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError> + Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    F: Future<Output = ()>,
{
    serve_with(ServeConfig::default(), listener, service, shutdown).await
}

/// The same with TLS, or other limits than the default ones.
///
/// # Errors
/// Those of the listener, when it can never accept again.
///
/// ```no_run
/// # async fn run() -> std::io::Result<()> {
/// let mut config = everwire::ServeConfig::default();
/// config.connections = 5_000;
/// let app = axum::Router::new();
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
/// everwire::serve_with(config, listener, app, std::future::pending()).await
/// # }
/// ```
pub async fn serve_with<S, B, F>(
    config: ServeConfig,
    listener: TcpListener,
    service: S,
    shutdown: F,
) -> io::Result<()>
where
    S: tower::Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError> + Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    F: Future<Output = ()>,
{
    serve_within(LIMITS, config, listener, service, shutdown).await
}

/// The plain TCP connection below an upgraded one, without delay, and what was read from it already; the upgraded one
/// itself when there is something else below, such as TLS. Knows this loop's connections and those of
/// `axum::serve`.
pub(crate) fn plain_tcp(upgraded: Upgraded) -> Result<(TcpStream, Bytes), Upgraded> {
    match upgraded.downcast::<TokioIo<Guard<Pace<TcpStream>>>>() {
        Ok(parts) => Ok((parts.io.into_inner().into_stream().into_stream(), parts.read_buf)),
        Err(upgraded) => {
            let parts = upgraded.downcast::<TokioIo<TcpStream>>()?;
            let stream = parts.io.into_inner();
            let _ = stream.set_nodelay(true);
            Ok((stream, parts.read_buf))
        }
    }
}

async fn serve_within<S, B, F>(
    limits: Limits,
    config: ServeConfig,
    listener: TcpListener,
    service: S,
    shutdown: F,
) -> io::Result<()>
where
    S: tower::Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError> + Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    F: Future<Output = ()>,
{
    leave_unsent_to_us(&listener);
    let (stage, stages) = watch::channel(Stage::Serving);
    let connections = TaskTracker::new();
    let mut seats = Seats::new(config.connections);
    let rules = Arc::new(Rules::new(limits, config));
    let mut shutdown = pin!(shutdown);
    let mut reloading = pin!(rules.watch_certificate());
    loop {
        let accepted = tokio::select! {
            accepted = accept(&mut seats, &listener) => accepted,
            () = &mut reloading => unreachable!("never ends"),
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((permit, stream, peer)) => {
                let ticket = rules.ticket(peer);
                let is_beyond = ticket.as_ref().is_some_and(Ticket::is_beyond);
                // Who speaks TLS would have to be listened to first.
                if is_beyond && (rules.is_tls() || ticket.as_ref().is_some_and(Ticket::is_far_beyond)) {
                    counts::count(Why::Rate);
                    continue;
                }
                let accepted = Accepted {
                    rules: rules.clone(),
                    service: service.clone(),
                    peer,
                    seat: Connection::new(permit, ticket),
                    stage: stages.clone(),
                };
                if is_beyond {
                    connections.spawn(accepted.turn_away(stream));
                } else {
                    connections.spawn(accepted.serve(stream));
                }
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    // The port is free again from here on.
    drop(listener);
    drop(stages);
    connections.close();
    stage.send_replace(Stage::Draining);
    if tokio::time::timeout(limits.drain, connections.wait()).await.is_err() {
        stage.send_replace(Stage::Over);
        connections.wait().await;
    }
    Ok(())
}

/// What cannot be sent yet stays here, where it is counted, and not in the kernel, which takes megabytes for each connection that is not read, and then
/// makes all others wait. Connections inherit it.
fn leave_unsent_to_us(listener: &TcpListener) {
    #[cfg(target_os = "linux")]
    if let Err(error) = socket2::SockRef::from(listener).set_tcp_notsent_lowat(UNSENT) {
        tracing::debug!(%error, "the kernel takes as much as it likes");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = listener;
}

async fn accept(
    seats: &mut Seats,
    listener: &TcpListener,
) -> io::Result<(OwnedSemaphorePermit, TcpStream, SocketAddr)> {
    let permit = seats.take().await;
    let (stream, peer) = listener.accept().await?;
    Ok((permit, stream, peer))
}

impl Rules {
    fn new(limits: Limits, config: ServeConfig) -> Self {
        Self {
            limits,
            write: config.write,
            addresses: config.connections_per_address.map(Addresses::new),
            proxies: config.trusted_proxies,
            #[cfg(feature = "tls")]
            tls: config.tls.map(|tls| (tls, Handshakes::new(config.connections / 4))),
        }
    }

    /// Counts a connection for its address. Proxies are not counted: what comes through them is.
    fn ticket(&self, peer: SocketAddr) -> Option<Ticket> {
        let addresses = self.addresses.as_ref().filter(|_| !self.proxies.contains(peer.ip()))?;
        Some(addresses.enter(peer.ip()))
    }

    fn is_tls(&self) -> bool {
        #[cfg(feature = "tls")]
        return self.tls.is_some();
        #[cfg(not(feature = "tls"))]
        false
    }

    /// Never ends.
    async fn watch_certificate(&self) {
        #[cfg(feature = "tls")]
        if let Some((tls, _)) = &self.tls {
            tls.watch(self.limits.look).await;
        }
        std::future::pending::<()>().await;
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
