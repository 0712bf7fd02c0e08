//! Namespaces: middleware, refusals, events that come before the answer.

use std::time::Duration;

use everwire::testing::TestClient;
use everwire::{AckError, Data, EmitError, Everwire, Refusal, RoomError, Socket};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client;

#[tokio::test(start_paused = true)]
async fn an_unknown_one_is_refused() {
    let denied = TestClient::connect(&Everwire::new(), "/nowhere", ()).await.err().unwrap();
    assert_eq!(denied.message, "Invalid namespace");
}

#[tokio::test(start_paused = true)]
async fn middleware_refuses_with_message_and_data() {
    #[derive(serde::Deserialize)]
    struct Auth {
        #[serde(default)]
        deny: bool,
        name: String,
    }
    let wire = Everwire::new();
    let chat = wire.of("/chat");
    chat.use_middleware(|Data(auth): Data<Auth>| async move {
        sleep(Duration::from_secs(1)).await;
        if auth.deny {
            Err(Refusal::new("denied").with_data(&json!({"try": "later"})).unwrap())
        } else {
            Ok(())
        }
    });
    chat.use_middleware(|socket: Socket, Data(auth): Data<Auth>| async move { socket.set_data(auth.name) });
    chat.on_connect(
        |socket: Socket| async move { socket.emit("name", &*socket.data::<String>().unwrap()).await },
    );

    let auth = json!({"name": "Ada", "deny": true});
    let denied = TestClient::connect(&wire, "/chat", auth).await.err().unwrap();
    assert_eq!((denied.message.as_str(), denied.data), ("denied", json!({"try": "later"})));
    let denied = TestClient::connect(&wire, "/chat", ()).await.err().unwrap();
    assert_eq!(denied.data, Value::Null);
    let mut client = TestClient::connect(&wire, "/chat", json!({"name": "Ada"})).await.unwrap();
    assert_eq!(client.next_event().await.unwrap().read::<String>(), "Ada");
    assert_eq!(chat.fetch_sockets().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn events_wait_for_the_middleware() {
    let wire = Everwire::new();
    wire.of("/slow").use_middleware(|| sleep(Duration::from_secs(3)));
    wire.of("/slow").on_connect(|socket: Socket| async move {
        socket.on("echo", |socket: Socket, Data(number): Data<i64>| async move {
            socket.emit("echo", number).await
        });
    });
    let main = client(&wire).await;
    let connecting = main.namespace("/slow", ());
    // The same session sends events behind its connect, before the answer.
    let early = main.early("/slow");
    let (connected, ()) = tokio::join!(connecting, async {
        tokio::task::yield_now().await;
        (0..3).for_each(|number| early.emit("echo", number));
    });
    let mut slow = connected.unwrap();
    for number in 0..3 {
        assert_eq!(slow.next_event().await.unwrap().read::<i64>(), number);
    }
}

#[tokio::test(start_paused = true)]
async fn before_the_middleware_has_passed_a_socket_is_not_connected() {
    let wire = Everwire::new();
    wire.of("/").use_middleware(|socket: Socket| async move {
        assert!(!socket.is_connected());
        assert_eq!(socket.join("room"), Err(RoomError::Closed));
        assert_eq!(socket.emit("x", ()).await, Err(EmitError::Closed));
        socket.broadcast().emit("x", ());
    });
    let mut client = client(&wire).await;
    assert_eq!(client.next_event().await, None);
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_to_one_that_is_not_connected_is_refused() {
    let main = client(&Everwire::new()).await;
    let mut nowhere = main.early("/nowhere");
    let Err(AckError::Remote { code, .. }) = nowhere.emit_with_ack::<()>("x", ()).await else { panic!() };
    assert_eq!(code, "unknown_namespace");
    nowhere.emit("x", ());
    assert_eq!(nowhere.next_error().await.unwrap().code, "unknown_namespace");
    nowhere.emit_volatile("x", ());
    nowhere.settle().await;
    assert_eq!(nowhere.next_error().await, None);
}

#[tokio::test(start_paused = true)]
async fn one_session_has_a_hundred_at_most() {
    let wire = Everwire::new();
    let main = client(&wire).await;
    let mut kept = Vec::new();
    for number in 1..100 {
        let name = format!("/{number}");
        wire.of(&name);
        kept.push(main.namespace(&name, ()).await.unwrap());
    }
    wire.of("/more");
    assert_eq!(main.namespace("/more", ()).await.err().unwrap().message, "namespace_limit");
    kept.pop().unwrap().disconnect().await;
    assert!(main.namespace("/more", ()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn rooms_and_broadcasts_are_of_one_namespace() {
    let wire = Everwire::new();
    wire.of("/b");
    let mut main = client(&wire).await;
    let mut other = main.namespace("/b", ()).await.unwrap();
    assert_ne!(main.id(), other.id());
    wire.sockets_join("room");
    wire.of("/b").sockets_join("room");
    wire.to("room").emit("main", ());
    wire.of("b").to("room").emit("other", ());
    assert_eq!(main.next_event().await.unwrap().name, "main");
    assert_eq!(other.next_event().await.unwrap().name, "other");
    assert_eq!(main.next_event().await, None);
}
