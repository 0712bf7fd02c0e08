//! A handler that panics hurts nobody: the sender is told, the session lives.

use everwire::testing::TestClient;
use everwire::{AckError, Everwire, Socket};

use crate::{client, server};

/// A panic of type `()`: a handler that can never return has nothing to answer with.
fn fail() {
    panic!("as the test wants it")
}

fn boom() -> Everwire {
    server(|socket| {
        socket.on("boom", || async { fail() });
        socket.on("bang", || -> std::future::Ready<()> { panic!("before there is a future") });
        socket.on("late", || async {
            tokio::task::yield_now().await;
            fail();
        });
        socket.on("ping", || async { "pong" });
    })
}

#[tokio::test(start_paused = true)]
async fn with_an_ack_it_is_the_answer() {
    let mut client = client(&boom()).await;
    for event in ["boom", "bang", "late"] {
        let Err(AckError::Remote { code, .. }) = client.emit_with_ack::<()>(event, ()).await else {
            panic!("{event} must fail")
        };
        assert_eq!(code, "handler_panic");
    }
    assert_eq!(client.emit_with_ack::<String>("ping", ()).await.unwrap(), "pong");
}

#[tokio::test(start_paused = true)]
async fn without_an_ack_it_is_an_error() {
    let mut client = client(&boom()).await;
    for event in ["boom", "bang", "late"] {
        client.emit(event, 1);
        let error = client.next_error().await.unwrap();
        assert_eq!((error.code.as_str(), error.event.as_deref()), ("handler_panic", Some(event)));
    }
    assert_eq!(client.emit_with_ack::<String>("ping", ()).await.unwrap(), "pong");
}

#[tokio::test(start_paused = true)]
async fn in_the_connect_handler_the_socket_stays() {
    let wire = Everwire::new();
    wire.on_connect(|socket: Socket| async move {
        socket.on("ping", || async { "pong" });
        fail();
    });
    let mut client = client(&wire).await;
    assert_eq!(client.next_error().await.unwrap().code, "handler_panic");
    assert_eq!(client.emit_with_ack::<String>("ping", ()).await.unwrap(), "pong");
}

#[tokio::test(start_paused = true)]
async fn in_a_middleware_the_connect_is_refused() {
    let wire = Everwire::new();
    wire.of("/").use_middleware(|| async { fail() });
    let denied = TestClient::connect(&wire, "/", ()).await.err().unwrap();
    assert_eq!(denied.message, "handler_panic");
}

#[tokio::test(start_paused = true)]
async fn in_the_disconnect_handler_the_rooms_are_left() {
    let wire = server(|socket| {
        socket.on_disconnect(|| async { fail() });
        socket.join("room")
    });
    let client = client(&wire).await;
    client.disconnect().await;
    assert!(wire.to("room").fetch_sockets().await.is_empty());
    assert!(wire.fetch_sockets().await.is_empty());
}
