//! Each transport over HTTP/2, as a client speaks it that knows nothing of the server.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::ext::Protocol;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio_tungstenite::tungstenite::protocol::Role;

use super::*;

struct Client(SendRequest<Full<Bytes>>);

/// Answers `double`, and tells everybody what is said.
async fn server() -> SocketAddr {
    let mut config = timeless();
    config.transports = everwire::Transport::ALL.to_vec();
    let wire = Everwire::with_config(config);
    wire.on_connect(|socket: everwire::Socket| async move {
        socket.on("double", |everwire::Data(n): everwire::Data<u32>| async move { n * 2 });
    });
    start(&wire, Host::Own).await
}

impl Client {
    async fn connect(address: SocketAddr) -> Self {
        let io = TokioIo::new(TcpStream::connect(address).await.unwrap());
        let (sender, connection) = Builder::new(TokioExecutor::new()).handshake(io).await.unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    async fn send(&mut self, method: &str, path: &str, kind: &str, body: String) -> Response<Incoming> {
        let request = Request::builder().method(method).uri(format!("http://a/everwire/{path}"));
        let request = request.header("content-type", kind).header("origin", "http://a");
        soon(self.0.send_request(request.body(body.into()).unwrap())).await.unwrap()
    }

    async fn post(&mut self, path: &str, body: String) -> Response<Incoming> {
        let response = self.send("POST", path, "text/plain", body).await;
        assert_eq!(response.status(), 200);
        response
    }

    async fn get(&mut self, path: &str) -> Response<Incoming> {
        self.send("GET", path, "text/plain", String::new()).await
    }
}

/// An opening body with the main namespace, and a question.
fn opening() -> String {
    format!("{}\nc\ne1[\"double\",21]\n", open('a', 1 << 20))
}

/// A post with one more question, behind the two messages of the opening.
fn question(welcome: &str, extra: &str) -> String {
    let (session, token) = (value(welcome, "session"), value(welcome, "token"));
    format!(
        "P{{\"session\":\"{session}\",\"token\":\"{token}\",\"received\":0,\"consumed\":0,\"serial\":2,\"first\":3{extra}}}\ne2[\"double\",4]\n"
    )
}

async fn whole(response: Response<Incoming>) -> String {
    String::from_utf8(soon(response.into_body().collect()).await.unwrap().to_bytes().to_vec()).unwrap()
}

/// Reads a stream until it has said this.
async fn read_until(text: &mut String, body: &mut Incoming, end: &str) {
    while !text.contains(end) {
        let frame = soon(body.frame()).await.expect("it goes on").unwrap();
        text.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
    }
}

#[tokio::test]
async fn long_polling() {
    let mut client = Client::connect(server().await).await;
    let mut heard = whole(client.post("long_polling", opening()).await).await;
    assert!(heard.starts_with('W'), "{heard}");
    let welcome = heard.clone();
    for poll in 1.. {
        if heard.contains("a1[42]") {
            break;
        }
        let (session, token) = (value(&welcome, "session"), value(&welcome, "token"));
        let body = format!(
            "P{{\"session\":\"{session}\",\"token\":\"{token}\",\"received\":1,\"consumed\":0,\"attach\":1,\"poll\":{poll}}}\n"
        );
        heard = whole(client.post("long_polling", body).await).await;
    }
}

#[tokio::test]
async fn streaming() {
    let mut client = Client::connect(server().await).await;
    let mut stream = client.post("streaming", opening()).await.into_body();
    let mut heard = String::new();
    read_until(&mut heard, &mut stream, "a1[42]").await;
    assert!(heard.starts_with('W'), "{heard}");
    let answer = whole(client.post("send", question(&heard, "")).await).await;
    assert!(answer.starts_with('W'), "{answer}");
    read_until(&mut heard, &mut stream, "a2[8]").await;
}

/// The transports whose stream is opened by URL.
async fn by_ticket(transport: &str, query: &str, first: &str) {
    let mut client = Client::connect(server().await).await;
    let opened = whole(client.post(transport, opening()).await).await;
    let ticket = value(&opened, "ticket");
    let mut stream = client.get(&format!("{transport}?ticket={ticket}{query}")).await.into_body();
    let mut heard = String::new();
    read_until(&mut heard, &mut stream, first).await;
    whole(client.post("send", question(&opened, "")).await).await;
    read_until(&mut heard, &mut stream, "a2[8]").await;
}

#[tokio::test]
async fn event_source() {
    by_ticket("event_source", "", "data: W").await;
}

#[tokio::test]
async fn forever_iframe() {
    by_ticket("forever_iframe", "&origin=http://a", "m(\"W").await;
}

#[tokio::test]
async fn jsonp() {
    let mut client = Client::connect(server().await).await;
    let ticket = key('t');
    let attach = opening().replacen("\"v\":1", &format!("\"v\":1,\"ticket\":\"{ticket}\""), 1);
    let escaped: String = attach.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let form = "application/x-www-form-urlencoded";
    let mut other = Client(client.0.clone());
    let path = format!("jsonp?c=call&ticket={ticket}");
    let (script, posted) =
        tokio::join!(client.get(&path), other.send("POST", "jsonp", form, format!("d={escaped}")));
    assert_eq!(posted.status(), 200);
    let script = whole(script).await;
    assert!(script.starts_with("/**/call(\"W"), "{script}");
}

fn websocket(protocol: &'static str, version: &str) -> Request<Full<Bytes>> {
    let request = Request::builder().method("CONNECT").uri("http://a/everwire/websocket");
    let request = request.header("sec-websocket-version", version).header("origin", "http://a");
    request.extension(Protocol::from_static(protocol)).body(Full::default()).unwrap()
}

#[tokio::test]
async fn websocket_in_a_stream() {
    let mut client = Client::connect(server().await).await;
    // The client must have heard that the server can.
    client.get("websocket").await;
    let response = soon(client.0.send_request(websocket("websocket", "13"))).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("sec-websocket-accept"));
    let upgraded = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    let mut ws = Ws(WebSocketStream::from_raw_socket(upgraded, Role::Client, None).await);
    ws.begin('a', 1 << 20).await;
    ws.send(r#"e1["double",21]"#).await;
    assert_eq!(ws.next().await, "a1[42]");
    // More than any window, and frames of more than one piece.
    let long = "x".repeat(900_000);
    ws.send(format!(r#"e2["nobody","{long}"]"#)).await;
    assert!(ws.next().await.starts_with("x2"));
    ws.send(r#"z{"code":"client_disconnect","final":3}"#).await;
    let mut last = ws.next().await;
    while last.starts_with('n') {
        last = ws.next().await; // so much has come that it says its counts
    }
    assert!(last.starts_with('z'), "{last}");
    assert_eq!(ws.next().await, "close 1000");
}

#[tokio::test]
async fn a_websocket_that_is_no_good_is_refused_as_over_http1() {
    let mut client = Client::connect(server().await).await;
    assert_eq!(client.get("websocket").await.status(), 426);
    let mut ask = async |request| soon(client.0.send_request(request)).await.unwrap().status().as_u16();
    assert_eq!(ask(websocket("websocket", "8")).await, 426);
    assert_eq!(ask(websocket("something", "13")).await, 400);
    let mut foreign = websocket("websocket", "13");
    foreign.headers_mut().insert("origin", "http://b".parse().unwrap());
    assert_eq!(ask(foreign).await, 403);
}
