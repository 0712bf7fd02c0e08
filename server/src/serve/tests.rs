//! The loop on a real port, spoken to in raw bytes.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use super::*;

mod http2;
mod limits;
mod streamed;
#[cfg(feature = "tls")]
mod tls;

/// The time-outs under test are short, the others long: what ends a test early is never the wrong one.
const LONG: Duration = Duration::from_secs(60);
const LONGEST: Limits = Limits { head: LONG, drain: LONG, linger: LONG, look: LONG };

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    done: JoinHandle<io::Result<()>>,
}

impl Server {
    async fn start(limits: Limits, app: Router) -> Self {
        Self::with(limits, ServeConfig::default(), app).await
    }

    async fn with(limits: Limits, config: ServeConfig, app: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async { stopped.await.unwrap_or(()) };
        let done = tokio::spawn(serve_within(limits, config, listener, app, shutdown));
        Self { address, stop, done }
    }

    async fn plain() -> Self {
        Self::start(LONGEST, app()).await
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends `request` and returns all that comes until the server closes.
    async fn exchange(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        read_to_end(&mut stream).await
    }
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, what).await.expect("it hangs")
}

fn app() -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/echo", post(|body: String| async move { body }))
        .route("/upgrade", any(upgrade))
}

/// Switches to a protocol that sends back the first five bytes.
async fn upgrade(request: axum::extract::Request) -> Response<axum::body::Body> {
    tokio::spawn(async move {
        let upgraded = hyper::upgrade::on(request).await.unwrap();
        let (mut stream, early) = plain_tcp(upgraded).unwrap();
        let mut five = early.to_vec();
        while five.len() < 5 {
            stream.read_buf(&mut five).await.unwrap();
        }
        stream.write_all(&five).await.unwrap();
    });
    Response::builder()
        .status(101)
        .header("connection", "upgrade")
        .header("upgrade", "five")
        .body(axum::body::Body::empty())
        .unwrap()
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut out = Vec::new();
    stream.read_to_end(&mut out).await.unwrap();
    String::from_utf8(out).unwrap()
}

async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut out = Vec::new();
    while !out.ends_with(end.as_bytes()) {
        assert_ne!(stream.read_buf(&mut out).await.unwrap(), 0, "closed after {out:?}");
    }
    String::from_utf8(out).unwrap()
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer:?}"))
}

#[tokio::test]
async fn good_requests_are_answered_on_one_connection() {
    let server = Server::plain().await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert_eq!(status(&read_until(&mut stream, "hello").await), 200);
    stream.write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na\nb").await.unwrap();
    assert_eq!(status(&read_until(&mut stream, "a\nb").await), 200);
    stream.write_all(b"GET http://a/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    assert_eq!(status(&read_to_end(&mut stream).await), 200);
    assert_eq!(status(&server.exchange("GET / HTTP/1.0\r\n\r\n").await), 200);
}

#[tokio::test]
async fn what_two_servers_could_read_differently_is_answered_400_and_closed() {
    let server = Server::plain().await;
    for request in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
        "nonsense\r\n\r\n",
    ] {
        let answer = server.exchange(request).await;
        assert_eq!(status(&answer), 400, "{request:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{request:?}: {answer}");
    }
}

#[tokio::test]
async fn a_refusal_by_the_loop_says_what_it_is() {
    let answer = Server::plain().await.exchange("GET / HTTP/1.1\nHost: a\n\n").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
    assert!(head.contains("connection: close"), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap()["error"], "bad_request");
}

#[tokio::test]
async fn heads_are_bounded() {
    let server = Server::plain().await;
    let request = |uri: usize, fields: usize, field: usize| {
        let fields = format!("X: {}\r\n", "x".repeat(field)).repeat(fields);
        format!("GET /{} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}\r\n", "a".repeat(uri))
    };
    for (request, expected) in [
        (request(0, 98, 1), 200),
        (request(0, 99, 1), 431),
        (request(0, 1, 16_000), 200),
        (request(0, 1, 17_000), 431),
        (request(8_000, 0, 0), 404),
        (request(8_200, 0, 0), 414),
        (request(100_000, 0, 0), 431),
    ] {
        assert_eq!(status(&server.exchange(&request).await), expected);
    }
}

#[tokio::test]
async fn a_head_that_does_not_end_is_answered_408() {
    let limits = Limits { head: Duration::from_millis(50), ..LONGEST };
    let server = Server::start(limits, app()).await;
    assert_eq!(status(&server.exchange("GET / HTTP/1.1\r\nHos").await), 408);
    assert_eq!(server.exchange("").await, "", "an idle connection is closed without a word");
}

#[tokio::test]
async fn an_answer_arrives_although_the_body_was_not_read() {
    let server = Server::plain().await;
    let mut stream = server.connect().await;
    let head = "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![0; 8_000_000]).await.unwrap();
    assert_eq!(status(&read_until(&mut stream, "\r\n\r\n").await), 404);
}

#[tokio::test]
async fn an_upgraded_connection_is_plain_tcp_and_loses_no_byte() {
    let server = Server::plain().await;
    let mut stream = server.connect().await;
    // The last two bytes look like a bare LF, but belong to another protocol.
    let request = "GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: five\r\n\r\nabc";
    stream.write_all(request.as_bytes()).await.unwrap();
    assert_eq!(status(&read_until(&mut stream, "\r\n\r\n").await), 101);
    stream.write_all(b"d\n").await.unwrap();
    assert_eq!(read_to_end(&mut stream).await, "abcd\n");
}

#[tokio::test]
async fn shutdown_ends_idle_connections_and_lets_requests_end() {
    let (arrived, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (arrived, go) = (arrived.clone(), go.clone());
        move || async move {
            arrived.notify_one();
            go.notified().await;
            "slow"
        }
    };
    let limits = LONGEST;
    let server = Server::start(limits, app().route("/slow", get(slow))).await;
    let mut idle = server.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    read_until(&mut idle, "hello").await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    arrived.notified().await;

    server.stop.send(()).unwrap();
    assert_eq!(read_to_end(&mut idle).await, "");
    assert!(TcpStream::connect(server.address).await.is_err(), "nothing more is accepted");
    go.notify_one();
    assert!(read_to_end(&mut busy).await.ends_with("slow"));
    drop((idle, busy));
    server.done.await.unwrap().unwrap();
}

#[tokio::test]
async fn shutdown_does_not_wait_for_ever() {
    let limits = Limits { drain: Duration::from_millis(50), ..LONGEST };
    let arrived = Arc::new(Notify::new());
    let hang = {
        let arrived = arrived.clone();
        move || async move {
            arrived.notify_one();
            std::future::pending::<()>().await;
        }
    };
    let server = Server::start(limits, app().route("/hang", get(hang))).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /hang HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    arrived.notified().await;
    server.stop.send(()).unwrap();
    assert_eq!(read_to_end(&mut stream).await, "");
    server.done.await.unwrap().unwrap();
}
