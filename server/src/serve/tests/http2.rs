//! HTTP/2 on a real port, by prior knowledge.

use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::TokioExecutor;

use super::*;

/// A connection, and the end of it.
struct Client {
    sender: SendRequest<Empty<Bytes>>,
    ended: JoinHandle<hyper::Result<()>>,
}

impl Client {
    async fn connect(server: &Server) -> Self {
        let stream = TokioIo::new(server.connect().await);
        let mut builder = Builder::new(TokioExecutor::new());
        builder.initial_stream_window_size(WINDOW).initial_connection_window_size(1 << 20);
        let (sender, connection) = builder.handshake(stream).await.unwrap();
        Self { sender, ended: tokio::spawn(connection) }
    }

    async fn send(&mut self, request: http::request::Builder) -> Response<Incoming> {
        soon(self.sender.send_request(request.body(Empty::new()).unwrap())).await.unwrap()
    }

    async fn get(&mut self, path: &str) -> Response<Incoming> {
        self.send(Request::get(format!("http://a{path}"))).await
    }
}

const WINDOW: u32 = 1000;

async fn text(response: Response<Incoming>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn who_begins_with_http2_is_answered_in_it() {
    let server = Server::plain().await;
    let mut client = Client::connect(&server).await;
    for _ in 0..3 {
        let response = client.get("/").await;
        assert_eq!(response.version(), http::Version::HTTP_2);
        assert_eq!((response.status().as_u16(), &*text(response).await), (200, "hello"));
    }
}

#[tokio::test]
async fn requests_are_as_bounded_as_in_http1() {
    let server = Server::plain().await;
    let mut client = Client::connect(&server).await;
    let get = |path: &str| Request::get(format!("http://a{path}"));
    let fields = |n: usize| (0..n).fold(get("/"), |request, i| request.header(format!("x{i}"), "x"));
    for (request, expected) in [
        (get("/"), 200),
        (get("/").header("host", "a"), 200),
        (get("/").header("host", "b"), 400),
        (get("/").header("host", "a").header("host", "a"), 400),
        (Request::connect("a:1"), 400),
        (fields(100), 200),
        (fields(101), 431),
        (get("/").header("x", "x".repeat(15_000)), 200),
        (get("/").header("x", "x".repeat(17_000)), 431),
        (get(&format!("/{}", "a".repeat(8_200))), 414),
    ] {
        let what = format!("{request:?}");
        let response = client.send(request).await;
        assert_eq!(response.status().as_u16(), expected, "{}", &what[..what.len().min(200)]);
        assert!(!response.headers().contains_key("connection"));
    }
}

#[tokio::test]
async fn a_connection_without_a_request_is_ended() {
    let limits = Limits { head: Duration::from_millis(50), ..LONGEST };
    let server = Server::start(limits, app()).await;
    let mut client = Client::connect(&server).await;
    assert_eq!(text(client.get("/").await).await, "hello");
    soon(client.ended).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_answer_that_is_not_read_is_given_up_and_no_other() {
    let (begun, go, dropped) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (begun, go) = (begun.clone(), go.clone());
        || async move {
            begun.notify_one();
            go.notified().await;
            "late"
        }
    };
    let config = ServeConfig { write: Duration::from_millis(50), ..ServeConfig::default() };
    let app = limits::endless(dropped.clone()).route("/slow", get(slow));
    let server = Server::with(LONGEST, config, app).await;
    let mut client = Client::connect(&server).await;
    let late = client.sender.send_request(Request::get("http://a/slow").body(Empty::new()).unwrap());
    soon(begun.notified()).await;
    let unread = client.get("/endless").await;
    soon(dropped.notified()).await;
    assert!(unread.into_body().collect().await.is_err(), "it was reset");
    // Who waits for us, and not we for them, has all the time there is.
    go.notify_one();
    assert_eq!(text(soon(late).await.unwrap()).await, "late");
}

#[tokio::test]
async fn shutdown_lets_streams_end() {
    let (arrived, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (arrived, go) = (arrived.clone(), go.clone());
        move || async move {
            arrived.notify_one();
            go.notified().await;
            "slow"
        }
    };
    let server = Server::start(LONGEST, app().route("/slow", get(slow))).await;
    let mut client = Client::connect(&server).await;
    let answer = client.sender.send_request(Request::get("http://a/slow").body(Empty::new()).unwrap());
    soon(arrived.notified()).await;
    server.stop.send(()).unwrap();
    go.notify_one();
    assert_eq!(text(soon(answer).await.unwrap()).await, "slow");
    soon(client.ended).await.unwrap().unwrap();
    soon(server.done).await.unwrap().unwrap();
}
