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
