//! The server from outside: real ports, raw clients, no code shared with the server. One file for each behaviour.
#![allow(clippy::unwrap_used, reason = "a test's panic is its report, in its helpers too")]

mod auth;
mod closes;
mod ends;
mod floods;
mod hoarders;
mod http2;
mod integrations;
mod limits;
mod moves;
mod slow_readers;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use everwire::{Config, Everwire};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Long past anything that a test waits for: what does not come by then hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// No timer of a session saves what should have gone on without it.
fn timeless() -> Config {
    let mut config = Config::default();
    config.ping = Duration::from_secs(3600);
    config.handshake = Duration::from_secs(3600);
    config
}

/// What serves: Everwire's own loop, or axum's.
#[derive(Clone, Copy, Debug)]
enum Host {
    Axum,
    Own,
}

async fn start(wire: &Everwire, host: Host) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().nest_service("/everwire", wire.service());
    match host {
        Host::Axum => drop(tokio::spawn(async { axum::serve(listener, app).await })),
        Host::Own => drop(tokio::spawn(everwire::serve(listener, app, std::future::pending()))),
    }
    address
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it hangs")
}

fn key(letter: char) -> String {
    letter.to_string().repeat(22)
}

/// The `A` of an open with this key.
fn open(letter: char, window: u64) -> String {
    format!(
        r#"A{{"v":1,"attach":1,"key":"{}","received":0,"consumed":0,"window":{window},"first":1,"serial":1}}"#,
        key(letter)
    )
}

/// A WebSocket that speaks in lines.
struct Ws<S = MaybeTlsStream<TcpStream>>(WebSocketStream<S>);

impl Ws {
    async fn connect(address: SocketAddr) -> Self {
        let url = format!("ws://{address}/everwire/websocket");
        Self(tokio_tungstenite::connect_async(url).await.unwrap().0)
    }

    /// With the main namespace connected.
    async fn open(address: SocketAddr, letter: char, window: u64) -> Self {
        let mut ws = Self::connect(address).await;
        ws.begin(letter, window).await;
        ws
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Ws<S> {
    async fn begin(&mut self, letter: char, window: u64) {
        self.send(open(letter, window)).await;
        self.send("c").await;
        assert!(self.next().await.starts_with('W'));
        assert!(self.next().await.starts_with('o'));
    }

    async fn send(&mut self, packet: impl Into<String>) {
        self.0.send(Message::text(packet.into())).await.unwrap();
    }

    /// The next packet; the end as `close` and its code.
    async fn next(&mut self) -> String {
        loop {
            match soon(self.0.next()).await {
                // Asked for when much is unconfirmed.
                Some(Ok(Message::Text(text))) if text.as_str() == "h" => {}
                Some(Ok(Message::Text(text))) => return text.as_str().to_owned(),
                Some(Ok(Message::Close(close))) => {
                    return format!("close {}", close.map_or(1005, |close| close.code.into()));
                }
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return "end".to_owned(),
            }
        }
    }
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Sends a request as it is, and reads what comes until the server closes.
async fn raw(address: SocketAddr, request: &str) -> Answer {
    let mut tcp = TcpStream::connect(address).await.unwrap();
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    soon(tcp.read_to_end(&mut bytes)).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").expect("an answer has a head");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

async fn post(address: SocketAddr, path: &str, body: &str) -> Answer {
    raw(address, &posting(path, body, "Connection: close\r\n")).await
}

fn posting(path: &str, body: &str, headers: &str) -> String {
    let length = body.len();
    format!(
        "POST /everwire/{path} HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
}

/// A value of an object in JSON text.
fn value(text: &str, name: &str) -> String {
    let (_, rest) = text.split_once(&format!("\"{name}\":")).expect("it has this key");
    rest.trim_start_matches('"').split(['"', ',', '}']).next().unwrap().to_owned()
}
