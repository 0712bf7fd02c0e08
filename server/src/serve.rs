//! The accept loop: HTTP/1.1 as strict and as bounded as a server on the open network needs it.
//!
//! Not `axum::serve`, which waits for ever for the end of a head and takes very large ones.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

mod guard;
mod head;
mod refuse;
#[cfg(test)]
mod tests;

use guard::Guard;
use refuse::Checked;

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
}

const LIMITS: Limits = Limits {
    head: Duration::from_secs(10),
    drain: Duration::from_millis(1500),
    linger: Duration::from_secs(2),
};

/// Bytes of a head, request line included.
const MAX_HEAD: usize = 16 * 1024;
/// Fields of a head.
const MAX_HEADERS: usize = 100;
/// The most that is read and thrown away after the last answer.
const MAX_LINGER: u64 = 16 * 1024 * 1024;
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

/// Serves HTTP/1.1 on `listener` until `shutdown` is ready; then accepts no more, gives the requests that
/// are under way 1.5 s to end, and returns.
///
/// A head must end within 10 s, and has at most 16 KiB and 100 fields. Requests on which two servers could
/// differ (no `Host` or two, two lengths, a length beside `Transfer-Encoding`, lines that end without CR,
/// a target on another host) are answered 400, and their connection is closed. Upgrades work.
///
/// The address of the peer, a `SocketAddr`, is among the extensions of each request.
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
    serve_within(LIMITS, listener, service, shutdown).await
}

/// The plain TCP connection below an upgraded one, with what was read from it already; the upgraded one
/// itself when there is something else below, such as TLS. Knows this loop's connections and those of
/// `axum::serve`.
pub(crate) fn plain_tcp(upgraded: Upgraded) -> Result<(TcpStream, Bytes), Upgraded> {
    match upgraded.downcast::<TokioIo<Guard>>() {
        Ok(parts) => Ok((parts.io.into_inner().into_stream(), parts.read_buf)),
        Err(upgraded) => {
            let parts = upgraded.downcast::<TokioIo<TcpStream>>()?;
            Ok((parts.io.into_inner(), parts.read_buf))
        }
    }
}

async fn serve_within<S, B, F>(
    limits: Limits,
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
    let (stage, stages) = watch::channel(Stage::Serving);
    let connections = TaskTracker::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                connections.spawn(connection(limits, stream, peer, service.clone(), stages.clone()));
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

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

async fn connection<S, B>(
    limits: Limits,
    stream: TcpStream,
    peer: SocketAddr,
    service: S,
    mut stage: watch::Receiver<Stage>,
) where
    S: tower::Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError> + Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    // Small frames must not wait for the acknowledgement of the one before.
    if stream.set_nodelay(true).is_err() {
        return; // it is closed already
    }
    let mut http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEAD)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(Guard::new(stream)), Checked { service, peer })
        .with_upgrades();
    let result = loop {
        tokio::select! {
            result = &mut http => break result,
            Ok(now) = next_stage(&mut stage) => match now {
                Stage::Serving => {}
                Stage::Draining => std::pin::Pin::new(&mut http).graceful_shutdown(),
                Stage::Over => return,
            },
        }
    };
    let Some(parts) = http.into_parts() else {
        return; // upgraded
    };
    let timed_out = result.is_err_and(|error| error.is_timeout()) && !parts.read_buf.is_empty();
    let mut guard = parts.io.into_inner();
    let refusal = guard.stop_looking().map(refuse::bad_request).or(timed_out.then(refuse::timeout));
    tokio::select! {
        _ = end(&mut guard, refusal) => {}
        _ = stage.wait_for(|now| *now == Stage::Over) => return,
    }
    tokio::select! {
        () = discard(guard, limits.linger) => {}
        _ = stage.wait_for(|now| *now != Stage::Serving) => {}
    }
}

async fn next_stage(stage: &mut watch::Receiver<Stage>) -> Result<Stage, watch::error::RecvError> {
    stage.changed().await?;
    Ok(*stage.borrow_and_update())
}

/// Gives the last answer, if hyper left that to us, and says that nothing follows.
async fn end(guard: &mut Guard, refusal: Option<Response<Bytes>>) -> io::Result<()> {
    if let Some(refusal) = refusal {
        guard.write_all(&refuse::to_bytes(&refusal)).await?;
    }
    guard.shutdown().await
}

/// Reads what the client still sends, so that the last answer arrives.
async fn discard(guard: Guard, linger: Duration) {
    let mut rest = guard.take(MAX_LINGER);
    let all = async { tokio::io::copy(&mut rest, &mut tokio::io::sink()).await };
    let _ = tokio::time::timeout(linger, all).await;
}
