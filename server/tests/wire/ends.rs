//! However a session ends, nobody waits for it in vain.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use everwire::{Code, EmitError, Everwire, Hooks, Socket};
use tokio::sync::oneshot;

use super::*;

struct Angry;

impl Hooks for Angry {
    fn refused(&self, _: Code) {
        panic!("as a test wants it");
    }
}

#[tokio::test]
async fn a_hook_that_panics_leaves_no_request_without_answer() {
    let wire = Everwire::with_config(timeless()).with_hooks(Angry);
    let address = start(&wire, Host::Own).await;
    let welcome = post(address, "long_polling", &(open('h', 1 << 20) + "\nc")).await.body;
    let (session, token) = (value(&welcome, "session"), value(&welcome, "token"));
    // Refused, since its number is not above the last.
    let again = format!(
        r#"A{{"v":1,"attach":1,"session":"{session}","token":"{token}","received":0,"consumed":0,"window":1048576}}"#
    );
    assert_eq!(post(address, "long_polling", &again).await.status, 409);
    let poll = format!(
        r#"P{{"session":"{session}","token":"{token}","received":0,"consumed":0,"attach":1,"poll":1,"serial":2,"first":2}}"#
    );
    assert_eq!(post(address, "long_polling", &(poll + "\ne[\"x\"]")).await.status, 200);
}

#[tokio::test]
async fn who_waits_for_room_is_told_at_once_that_the_session_has_ended() {
    let mut config = timeless();
    (config.window, config.max_payload, config.queue_bytes) = (200, 200, 1_000);
    let wire = Everwire::with_config(config);
    let (told, is_told) = oneshot::channel();
    let told = Arc::new(Mutex::new(Some(told)));
    wire.on_connect(move |socket: Socket| {
        let told = told.clone();
        async move {
            socket.on("stuck", std::future::pending::<()>);
            tokio::spawn(async move {
                while socket.emit("fill", "x".repeat(100)).await.is_ok() {}
                let _ = told.lock().unwrap().take().unwrap().send(());
            });
        }
    });
    let address = start(&wire, Host::Own).await;
    let mut ws = Ws::connect(address).await;
    ws.send(open('r', 200)).await;
    ws.send("c").await;
    assert!(ws.next().await.starts_with('W'));
    assert!(ws.next().await.starts_with('o'));
    assert!(ws.next().await.starts_with(r#"e["fill""#));
    let event = format!(r#"e["stuck","{}"]"#, "x".repeat(100));
    ws.send(event.clone()).await;
    ws.send(event).await;
    soon(is_told).await.unwrap();
}

#[tokio::test]
async fn shutdown_waits_until_the_clients_know() {
    let wire = Everwire::with_config(timeless());
    let address = start(&wire, Host::Own).await;
    let welcome = post(address, "long_polling", &(open('d', 1 << 20) + "\nc")).await.body;
    let (session, token) = (value(&welcome, "session"), value(&welcome, "token"));
    let socket = wire.fetch_sockets().await.remove(0);
    let mut shutdown = Box::pin(wire.shutdown(Duration::ZERO));
    let moment = tokio::time::timeout(Duration::from_millis(50), &mut shutdown).await;
    assert!(moment.is_err(), "the client has not polled: it cannot know");
    assert_eq!(socket.emit("more", ()).await, Err(EmitError::Closed));
    let poll = format!(
        r#"P{{"session":"{session}","token":"{token}","received":0,"consumed":0,"attach":1,"poll":1}}"#
    );
    let answer = post(address, "long_polling", &poll).await.body;
    assert!(answer.contains(r#"z{"code":"shutdown""#), "{answer}");
    let close =
        format!(r#"P{{"session":"{session}","token":"{token}","received":1,"consumed":0,"serial":2}}"#);
    let close = close + "\nz{\"code\":\"shutdown\",\"final\":1}";
    post(address, "send", &close).await;
    soon(shutdown).await;
}

/// Counts what is said of sessions.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<&'static str>>>);

impl Hooks for Said {
    fn moved(&self, _: &str, _: &'static str) {
        self.0.lock().unwrap().push("moved");
    }
    fn opened(&self, _: &str) {
        self.0.lock().unwrap().push("opened");
    }
}

#[tokio::test]
async fn a_session_whose_first_attach_has_a_higher_number_is_opened_and_not_moved() {
    let said = Said::default();
    let wire = Everwire::with_config(timeless()).with_hooks(said.clone());
    let address = start(&wire, Host::Own).await;
    let attach = open('m', 1 << 20).replace(r#""attach":1"#, r#""attach":2"#);
    assert_eq!(post(address, "long_polling", &(attach + "\nc")).await.status, 200);
    assert_eq!(*said.0.lock().unwrap(), ["opened"]);
}

async fn call(
    service: &everwire::EverwireService,
    path: &str,
    body: String,
) -> http::Response<everwire::Body> {
    let request =
        http::Request::post(format!("/{path}")).body(http_body_util::Full::new(bytes::Bytes::from(body)));
    tower::ServiceExt::oneshot(service.clone(), request.unwrap()).await.unwrap()
}

async fn text(answer: http::Response<everwire::Body>) -> String {
    use http_body_util::BodyExt;
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn no_task_outlives_its_session() {
    let wire = Everwire::new();
    wire.on_connect(|socket: Socket| async move {
        socket.on("stuck", std::future::pending::<()>);
        socket.on_disconnect(|| async {});
    });
    let service = wire.service();
    for (letter, path, more) in [
        ('a', "long_polling", "\nc\ne1[\"stuck\"]"),
        ('b', "long_polling", "\nc\nz{\"code\":\"client_disconnect\",\"final\":1}"),
        ('c', "long_polling", "\nc\ne[\"stuck\"]\nz{\"code\":\"client_disconnect\",\"final\":9}"),
        ('d', "long_polling", ""),
        ('e', "event_source", "\nc"),
    ] {
        assert_eq!(call(&service, path, open(letter, 1 << 20) + more).await.status(), 200, "{letter}");
    }
    drop(call(&service, "streaming", open('f', 1 << 20) + "\nc").await);
    let welcome = text(call(&service, "long_polling", open('g', 1 << 20) + "\nc").await).await;
    let (session, token) = (value(&welcome, "session"), value(&welcome, "token"));
    let poll = format!(
        r#"P{{"session":"{session}","token":"{token}","received":0,"consumed":0,"attach":1,"poll":1}}"#
    );
    assert_eq!(call(&service, "long_polling", poll.clone()).await.status(), 200);
    // With nothing to say it hangs, and its client gives it up.
    let poll = poll.replace("\"received\":0", "\"received\":1").replace("\"poll\":1", "\"poll\":2");
    let given_up = tokio::time::timeout(Duration::from_secs(1), call(&service, "long_polling", poll)).await;
    assert!(given_up.is_err(), "there is nothing to say");
    assert!(wire.stats().sessions > 3);
    tokio::time::sleep(Duration::from_secs(300)).await;
    let stats = wire.stats();
    assert_eq!((stats.sessions, stats.open_requests), (0, 0), "{stats:?}");
    assert_eq!(stats.tasks, 1, "only the timer is left: {stats:?}");
}

#[test]
fn a_server_outlives_a_runtime() {
    let wire = Everwire::new();
    for letter in ['x', 'y'] {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().start_paused(true).build().unwrap().block_on(async {
            let service = wire.service();
            assert_eq!(call(&service, "long_polling", open(letter, 1 << 20) + "\nc").await.status(), 200);
            tokio::time::sleep(Duration::from_secs(300)).await;
            assert_eq!(wire.stats().sessions, 0, "{letter}");
        });
    }
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("as a test wants it");
    }
}

#[tokio::test]
async fn a_session_that_dies_of_user_code_leaves_no_request_without_answer() {
    let wire = Everwire::with_config(timeless());
    wire.of("/").use_middleware(|_: Socket| async {
        let _bomb = Bomb;
        std::future::pending::<Result<(), String>>().await
    });
    let address = start(&wire, Host::Own).await;
    let welcome = post(address, "long_polling", &(open('b', 1 << 20) + "\nc")).await.body;
    let (session, token) = (value(&welcome, "session"), value(&welcome, "token"));
    let head = format!(r#"P{{"session":"{session}","token":"{token}","received":0,"consumed":0,"#);
    let hanging = tokio::spawn({
        let poll = head.clone() + r#""attach":1,"poll":1}"#;
        async move { post(address, "long_polling", &poll).await.status }
    });
    soon(async {
        while wire.stats().open_requests == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // While it connects, leaving drops what is under way.
    let leave = head.clone() + r#""serial":2,"first":2}"# + "\nl{\"code\":\"client_disconnect\"}";
    assert_eq!(post(address, "send", &leave).await.status, 404);
    assert_eq!(hanging.await.unwrap(), 404);
    assert_eq!(post(address, "send", &(head + r#""serial":3}"#)).await.status, 404);
    assert_eq!(wire.stats().sessions, 0);
}
