//! Auth that ends: it is asked for anew, judged again, and revoked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use everwire::testing::{TestClient, TestEnd};
use everwire::{Config, Data, Disconnect, Everwire, Handshake, Refusal, Socket};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[derive(Clone, Default, Deserialize, Serialize)]
struct Auth {
    user: String,
    /// Seconds that it is good for.
    #[serde(default)]
    good: Option<u64>,
    /// Seconds that the middleware takes.
    #[serde(default)]
    slow: u64,
}

fn auth(user: &str, good: u64) -> Auth {
    Auth { user: user.into(), good: Some(good), slow: 0 }
}

type Ends = mpsc::UnboundedReceiver<(String, Option<String>, Vec<String>)>;

/// A server that lets in whoever is not called Mallory, tells who one is, and reports the ends of its sockets.
fn server() -> (Everwire, Ends) {
    let (sender, ends) = mpsc::unbounded_channel();
    let wire = Everwire::new();
    for name in ["/", "/other"] {
        let (namespace, sender) = (wire.of(name), sender.clone());
        namespace.use_middleware(admit);
        namespace.on_connect(move |socket: Socket| {
            let sender = sender.clone();
            socket.on_disconnect(move |socket: Socket, end: Disconnect| {
                let _ = sender.send((end.code.to_string(), end.reason, socket.rooms()));
                async {}
            });
            socket.on("who", who);
            socket.on("hang", std::future::pending::<()>);
            socket.on("ask", |socket: Socket| async move { socket.reauthenticate() });
            socket.on("revoke", |socket: Socket| async move { socket.revoke() });
            async move { socket.join("room") }
        });
    }
    (wire, ends)
}

/// Judges by each of the ways in which an auth is seen.
async fn admit(socket: Socket, handshake: Handshake, Data(auth): Data<Auth>) -> Result<(), Refusal> {
    sleep(s(auth.slow)).await;
    let seen = [handshake, socket.handshake()].map(|handshake| handshake.auth::<Auth>().unwrap().user);
    assert_eq!(seen, [auth.user.clone(), auth.user.clone()]);
    if auth.user == "Mallory" {
        return Err(Refusal::new("not you"));
    }
    if let Some(good) = auth.good {
        socket.expires_in(s(good));
    }
    socket.set_data(auth.user);
    Ok(())
}

/// As the handshake says, and as the middleware has set it.
async fn who(socket: Socket) -> (String, String) {
    (socket.handshake().auth::<Auth>().unwrap().user, socket.data::<String>().unwrap().to_string())
}

async fn is(client: &mut TestClient, name: &str) {
    let names = client.emit_with_ack::<(String, String)>("who", ()).await.unwrap();
    assert_eq!(names, (name.to_owned(), name.to_owned()));
}

fn end(code: &str) -> Option<TestEnd> {
    serde_json::from_value(serde_json::json!({"code": code})).ok()
}

#[tokio::test(start_paused = true)]
async fn fresh_auth_is_judged_and_the_socket_stays() {
    let connects = Arc::new(AtomicUsize::new(0));
    let (wire, _ends) = server();
    let counted = connects.clone();
    wire.on_connect(move |socket: Socket| {
        counted.fetch_add(1, Ordering::Relaxed);
        socket.on("who", who);
        async move { socket.join("room") }
    });
    let mut client = TestClient::connect(&wire, "/", auth("Ada", 3600)).await.unwrap();
    let id = client.id().to_owned();
    is(&mut client, "Ada").await;
    client.renew(auth("Grace", 3600)).await.unwrap();
    is(&mut client, "Grace").await;
    assert_eq!(client.id(), id);
    assert_eq!(wire.to("room").fetch_sockets().await.len(), 1);
    assert_eq!(connects.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn fresh_auth_that_is_denied_is_the_end() {
    let (wire, mut ends) = server();
    let mut client = TestClient::connect(&wire, "/", auth("Ada", 3600)).await.unwrap();
    assert_eq!(client.renew(auth("Mallory", 3600)).await.unwrap_err().message, "not you");
    let told = ("server_disconnect".to_owned(), Some("not you".to_owned()), vec!["room".to_owned()]);
    assert_eq!(ends.recv().await, Some(told));
    assert!(wire.fetch_sockets().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn until_it_is_accepted_nobody_but_the_middleware_sees_it_and_events_wait() {
    let (wire, _ends) = server();
    let mut client = TestClient::connect(&wire, "/", auth("Ada", 3600)).await.unwrap();
    let socket = wire.fetch_sockets().await.remove(0);
    let name = || socket.handshake().auth::<Auth>().unwrap().user;
    let other = client.early("/");
    let begun = Instant::now();
    let (renewed, ()) = tokio::join!(client.renew(Auth { slow: 5, ..auth("Grace", 3600) }), async {
        sleep(s(1)).await;
        other.emit("who", ());
        assert_eq!(name(), "Ada");
    });
    renewed.unwrap();
    assert_eq!((name().as_str(), begun.elapsed()), ("Grace", s(5)));
    // What was sent meanwhile was handled as Grace's.
    is(&mut client, "Grace").await;
}

#[tokio::test(start_paused = true)]
async fn the_newest_auth_counts() {
    let (wire, _ends) = server();
    let mut client = TestClient::connect(&wire, "/", auth("Ada", 3600)).await.unwrap();
    let mut again = client.early("/");
    let (slow, quick) = tokio::join!(client.renew(Auth { slow: 9, ..auth("Mallory", 1) }), async {
        sleep(s(1)).await;
        again.renew(auth("Grace", 3600)).await
    });
    // The first is never judged: one answer for both, which the first has read.
    assert!(slow.is_ok() && quick.is_err_and(|error| error.message == "no answer"));
    is(&mut again, "Grace").await;
}

#[tokio::test(start_paused = true)]
async fn a_client_is_asked_in_time_and_goes_on_with_fresh_auth() {
    let (wire, _ends) = server();
    let mut client = TestClient::connect(&wire, "/", auth("Ada", 3600)).await.unwrap();
    let begun = Instant::now();
    sleep(s(3535)).await;
    assert_eq!(client.asked().await, Some(Config::default().renewal));
    assert_eq!(begun.elapsed(), s(3540));
    client.renew(auth("Ada", 40)).await.unwrap();
    // Half of a short time.
    assert_eq!(client.asked().await, Some(s(20)));
    client.renew(auth("Ada", 3600)).await.unwrap();
    sleep(s(100)).await;
    is(&mut client, "Ada").await;
}

#[tokio::test(start_paused = true)]
async fn without_fresh_auth_the_socket_ends_when_its_auth_does() {
    for (hangs, suspended) in [(false, false), (true, false), (false, true)] {
        let (wire, mut ends) = server();
        let mut client = TestClient::connect(&wire, "/", auth("Ada", 30)).await.unwrap();
        let begun = Instant::now();
        if hangs {
            client.emit("hang", ());
        }
        if suspended {
            client.suspend();
        }
        assert_eq!(client.end().await, end("auth_expired"));
        assert_eq!(begun.elapsed(), s(30));
        assert!(wire.fetch_sockets().await.is_empty());
        // Its own end waits for a handler that hangs.
        if !hangs {
            let told = ("auth_expired".to_owned(), None, vec!["room".to_owned()]);
            assert_eq!(ends.recv().await, Some(told));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_namespace_ends_if_there_are_others() {
    for (act, code) in [("", "auth_expired"), ("revoke", "revoked")] {
        let (wire, mut ends) = server();
        let mut main = TestClient::connect(&wire, "/", auth("Ada", 3600)).await.unwrap();
        let mut other = main.namespace("/other", auth("Ada", 20)).await.unwrap();
        if !act.is_empty() {
            other.emit(act, ());
        }
        assert_eq!(other.end().await, end(code));
        assert_eq!(ends.recv().await.unwrap().0, code);
        is(&mut main, "Ada").await;
        // Now it is the last.
        main.emit("revoke", ());
        assert_eq!(main.end().await, end("revoked"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_room_is_revoked_with_all_in_it() {
    let (wire, _ends) = server();
    let mut clients = Vec::new();
    for user in ["Ada", "Grace"] {
        clients.push(TestClient::connect(&wire, "/", auth(user, 3600)).await.unwrap());
    }
    wire.to("room").revoke_sockets();
    for client in &mut clients {
        assert_eq!(client.end().await, end("revoked"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_can_ask_at_any_time() {
    let (wire, _ends) = server();
    let endless = Auth { user: "Ada".into(), ..Auth::default() };
    let mut client = TestClient::connect(&wire, "/", &endless).await.unwrap();
    client.emit("ask", ());
    client.emit("ask", ());
    assert_eq!(client.asked().await, Some(s(60)));
    client.renew(&endless).await.unwrap();
    sleep(s(1000)).await;
    is(&mut client, "Ada").await;
    let begun = Instant::now();
    client.emit("ask", ());
    sleep(s(30)).await;
    assert_eq!(client.end().await, end("auth_expired"));
    assert_eq!(begun.elapsed(), s(60));
}

#[tokio::test(start_paused = true)]
async fn a_middleware_that_never_decides_refuses() {
    let (wire, mut ends) = server();
    let slow = Auth { slow: 3600, ..auth("Ada", 3600) };
    let begun = Instant::now();
    assert_eq!(TestClient::connect(&wire, "/", &slow).await.err().unwrap().message, "timeout");
    assert_eq!(begun.elapsed(), Config::default().handshake);
    let mut client = TestClient::connect(&wire, "/", auth("Ada", 3600)).await.unwrap();
    assert_eq!(client.renew(&slow).await.unwrap_err().message, "timeout");
    assert_eq!(ends.recv().await.unwrap().1.as_deref(), Some("timeout"));
}

#[tokio::test(start_paused = true)]
async fn auth_that_has_ended_lets_nobody_in() {
    let (wire, _ends) = server();
    assert_eq!(TestClient::connect(&wire, "/", auth("Ada", 0)).await.err().unwrap().message, "auth_expired");
    wire.of("/past").use_middleware(|socket: Socket| async move {
        socket.expires_at(std::time::UNIX_EPOCH);
    });
    assert_eq!(TestClient::connect(&wire, "/past", ()).await.err().unwrap().message, "auth_expired");
}
