//! Auth that ends, is renewed or revoked, and sessions that nobody was let in, on each protocol. Time is virtual.

use std::convert::Infallible;

use bytes::Bytes;
use everwire::{Data, Handshake, Refusal, Socket};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tokio::time::{Instant, sleep};
use tower::{Service, ServiceExt};

use super::*;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A server that lets in for so many seconds; a negative number is refused, none never decided on.
fn server(config: Config) -> Everwire {
    let wire = Everwire::with_config(config);
    wire.of("/").use_middleware(|socket: Socket, handshake: Handshake| async move {
        match handshake.auth::<Option<f64>>() {
            Ok(Some(good)) if good < 0.0 => return Err(Refusal::new("denied")),
            Ok(Some(good)) => socket.expires_in(Duration::from_secs_f64(good)),
            Ok(None) => std::future::pending().await,
            // As clients of Socket.IO and SockJS give.
            Err(_) => socket.expires_in(s(30)),
        }
        Ok(())
    });
    wire.on_connect(|socket: Socket| async move {
        socket.on("revoke", |socket: Socket| async move { socket.revoke() });
        socket.on("echo", |socket: Socket, Data(text): Data<String>| async move {
            socket.emit("echo", text).await
        });
    });
    wire
}

async fn call<S, B>(service: &S, method: &str, path: &str, body: impl Into<Bytes>) -> (u16, String)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible> + Clone,
    B: http_body::Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    let request = Request::builder().method(method).uri(path).body(Full::new(body.into())).unwrap();
    let answer = service.clone().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// A native session by long-polling.
struct Session {
    service: everwire::EverwireService,
    proof: String,
    received: u64,
    sent: u64,
    poll: u64,
    serial: u64,
}

impl Session {
    async fn open(wire: &Everwire, letter: char, packets: &[&str]) -> (Self, String) {
        let service = wire.service();
        let body = [&[&*open(letter, 1 << 20)], packets].concat().join("\n");
        let (status, text) = call(&service, "POST", "/long_polling", body).await;
        assert_eq!(status, 200, "{text}");
        let proof = format!(r#""session":"{}","token":"{}""#, value(&text, "session"), value(&text, "token"));
        let sent = packets.len() as u64;
        let mut session = Self { service, proof, received: 0, sent, poll: 0, serial: 1 };
        session.count(&text);
        (session, text)
    }

    fn count(&mut self, text: &str) {
        self.received +=
            text.lines().filter(|line| line.starts_with(['o', 'd', 'q', 'l', 'e'])).count() as u64;
    }

    async fn post(&mut self, packet: &str) -> (u16, String) {
        let (received, first) = (self.received, self.sent + 1);
        self.sent += 1;
        self.serial += 1;
        let head = format!(
            r#"P{{{},"received":{received},"consumed":0,"serial":{},"first":{first}}}"#,
            self.proof, self.serial
        );
        call(&self.service, "POST", "/send", format!("{head}\n{packet}")).await
    }

    async fn poll(&mut self) -> (u16, String) {
        self.poll += 1;
        let head = format!(
            r#"P{{{},"received":{},"consumed":0,"attach":1,"poll":{}}}"#,
            self.proof, self.received, self.poll
        );
        let (status, text) = call(&self.service, "POST", "/long_polling", head).await;
        self.count(&text);
        (status, text)
    }

    async fn resume(&self) -> (u16, String) {
        let head = format!(
            r#"A{{"v":1,"attach":2,{},"received":{},"consumed":0,"window":1048576}}"#,
            self.proof, self.received
        );
        call(&self.service, "POST", "/long_polling", head).await
    }

    /// Polls until there is such a line.
    async fn next(&mut self, start: &str) -> String {
        loop {
            let (status, text) = self.poll().await;
            assert_eq!(status, 200, "{text}");
            if let Some(line) = text.lines().find(|line| line.starts_with(start)) {
                return line.to_owned();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_is_asked_and_goes_on_with_fresh_auth() {
    let wire = server(Config::default());
    let begun = Instant::now();
    let (mut session, text) = Session::open(&wire, 'a', &["c 40"]).await;
    let id = value(text.lines().last().unwrap(), "id");
    // At half of its time, or when the clock ticks behind that.
    let within: u64 = value(&session.next("q").await, "within").parse().unwrap();
    assert!((19_900..=20_000).contains(&within) && begun.elapsed() >= s(20), "{within}");
    assert_eq!(session.post("c 3600").await.0, 200);
    assert_eq!(value(&session.next("o").await, "id"), id);
    while begun.elapsed() < s(100) {
        session.poll().await;
    }
    session.post(r#"e["echo","still here"]"#).await;
    assert_eq!(session.next("e").await, r#"e["echo","still here"]"#);
}

#[tokio::test(start_paused = true)]
async fn a_suspended_session_ends_with_its_auth_and_who_comes_back_hears_that() {
    let wire = server(Config::default());
    let (session, _) = Session::open(&wire, 'a', &["c 30"]).await;
    sleep(s(29)).await;
    assert_eq!(wire.stats().suspended, 1);
    sleep(s(2)).await;
    assert_eq!(wire.stats().sessions, 0);
    let (status, text) = session.resume().await;
    assert_eq!((status, value(&text, "error").as_str()), (400, "auth_expired"));
    sleep(s(60)).await;
    assert_eq!(session.resume().await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn what_was_revoked_is_told_and_no_token_resumes_it() {
    let wire = server(Config::default());
    let (mut session, _) = Session::open(&wire, 'a', &["c 3600"]).await;
    // The answer may come before its handler has run.
    session.post(r#"e["revoke"]"#).await;
    let (_, text) = session.poll().await;
    assert_eq!(value(&text, "error"), "revoked");
    let (_, text) = session.resume().await;
    assert_eq!(value(&text, "error"), "revoked");
}

#[tokio::test(start_paused = true)]
async fn beyond_their_number_new_sessions_are_refused_until_others_are_let_in_or_have_ended() {
    let mut config = Config::default();
    config.unauthenticated = 2;
    let wire = server(config);
    let service = wire.service();
    let (mut first, _) = Session::open(&wire, 'a', &[]).await;
    let (_undecided, _) = Session::open(&wire, 'b', &["c"]).await;
    assert_eq!(wire.stats().unauthenticated, 2);
    let (status, text) = call(&service, "POST", "/long_polling", open('c', 1 << 20)).await;
    assert_eq!((status, value(&text, "error").as_str()), (503, "full"));
    let socket_io = wire.socket_io();
    let (status, text) = call(&socket_io, "GET", "/?EIO=4&transport=polling", "").await;
    assert_eq!((status, text.as_str()), (503, r#"{"code":3,"message":"Service unavailable"}"#));
    let sock_js = wire.sock_js("/");
    assert_eq!(call(&sock_js, "POST", "/000/abc/xhr", "").await.0, 503);
    // Whoever is in is not locked out.
    assert_eq!(call(&service, "POST", "/long_polling", open('a', 1 << 20)).await.0, 409);
    assert_eq!(first.post("c 3600").await.0, 200);
    assert_eq!(wire.stats().unauthenticated, 1);
    let (_third, _) = Session::open(&wire, 'c', &[]).await;
    assert_eq!(call(&service, "POST", "/long_polling", open('d', 1 << 20)).await.0, 503);
    sleep(s(300)).await;
    assert_eq!((wire.stats().unauthenticated, wire.stats().sessions), (0, 0));
}

#[tokio::test]
async fn a_websocket_is_told_that_the_server_is_full() {
    let mut config = timeless();
    config.unauthenticated = 0;
    let address = start(&Everwire::with_config(config), Host::Own).await;
    let mut ws = Ws::connect(address).await;
    ws.send(open('w', 1 << 20)).await;
    assert!(ws.next().await.starts_with(r#"r{"error":"full""#));
    assert_eq!(ws.next().await, "close 1013");
}

#[tokio::test(start_paused = true)]
async fn who_is_never_let_in_is_put_out_however_often_it_tries() {
    let wire = server(Config::default());
    let (mut session, _) = Session::open(&wire, 'a', &["c -1"]).await;
    sleep(s(9)).await;
    assert_eq!(session.post("c").await.0, 200, "one whose middleware is at work has longer");
    sleep(s(9)).await;
    assert_eq!(session.poll().await.0, 200);
    sleep(s(4)).await;
    let (_, text) = session.post("c -1").await;
    assert_eq!(value(&text, "error"), "no_namespace");
}

#[tokio::test(start_paused = true)]
async fn a_client_of_socket_io_is_not_asked_and_disconnected() {
    let wire = server(Config::default());
    let service = wire.socket_io();
    let begun = Instant::now();
    let get = async |path: &str| call(&service, "GET", path, "").await.1;
    let path = "/?EIO=4&transport=polling";
    let path = format!("{path}&sid={}", value(&get(path).await, "sid"));
    assert_eq!(call(&service, "POST", &path, r#"40{"user":"Ada"}"#).await.0, 200);
    assert!(get(&path).await.starts_with("40{"));
    // Fresh auth is not for it: a connect is answered as it was.
    assert_eq!(call(&service, "POST", &path, r#"40{"user":"Grace"}"#).await.0, 200);
    let mut said = Vec::new();
    while said.last().is_none_or(|last| last != "41") {
        let text = get(&path).await;
        if text == "2" {
            call(&service, "POST", &path, "3").await;
        }
        said.extend(text.split('\u{1e}').map(ToOwned::to_owned));
        assert!(said.len() < 10, "{said:?}");
    }
    assert_eq!(said.iter().filter(|said| said.starts_with("40{")).count(), 1, "{said:?}");
    assert!(begun.elapsed() >= s(30));
}

#[tokio::test(start_paused = true)]
async fn a_client_of_sock_js_is_closed_with_the_code() {
    let wire = Everwire::new();
    let quick = wire.of("/quick");
    quick.use_middleware(|socket: Socket| async move { socket.expires_in(s(3)) });
    let service = wire.sock_js("/quick");
    let begun = Instant::now();
    let mut said = String::new();
    while !said.contains("c[") {
        said += &call(&service, "POST", "/000/abc/xhr", "").await.1;
    }
    assert_eq!(said, "o\nc[4014,\"auth_expired\"]\n");
    assert!(begun.elapsed() >= s(3));
}
