//! What happens to the session, as events of its sockets.

use everwire::{AckError, Data, Everwire, Socket};
use serde_json::{Value, json};

use crate::{client, server};

#[tokio::test(start_paused = true)]
async fn a_session_is_suspended_and_resumed() {
    let wire = server(|socket| {
        socket.on("suspended", |socket: Socket| async move {
            assert_eq!((socket.transport(), socket.is_connected()), (None, true));
            socket.volatile().emit("lost", ());
            socket.emit("kept", "suspended").await
        });
        socket.on("resumed", |socket: Socket, Data(transport): Data<String>| async move {
            assert!(socket.recovered());
            socket.volatile().emit("kept", &transport);
        });
    });
    let mut client = client(&wire).await;
    let socket = wire.fetch_sockets().await.remove(0);
    client.suspend();
    client.settle().await;
    assert!(!socket.recovered());
    client.resume();
    for expected in ["suspended", "memory"] {
        let event = client.next_event().await.unwrap();
        assert_eq!((event.name.as_str(), event.read::<String>().as_str()), ("kept", expected));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_reports_errors() {
    let wire = server(|socket| {
        socket.on("error", |socket: Socket, Data(error): Data<Value>| async move {
            socket.emit("told", error).await
        });
    });
    let mut client = client(&wire).await;
    wire.emit("x", ());
    let event = client.next_event().await.unwrap();
    client.fail(&event, "handler_error", "no");
    let told = client.next_event().await.unwrap().read::<Value>();
    assert_eq!(told, json!({"code": "handler_error", "event": "x", "message": "no"}));
}

#[tokio::test(start_paused = true)]
async fn an_error_can_be_the_answer() {
    let wire = Everwire::new();
    let mut client = client(&wire).await;
    let socket = wire.fetch_sockets().await.remove(0);
    let asked = tokio::spawn(async move { socket.emit_with_ack::<()>("ask", ()).await });
    let event = client.next_event().await.unwrap();
    client.fail(&event, "no_handler", "no");
    assert_eq!(
        asked.await.unwrap(),
        Err(AckError::Remote { code: "no_handler".into(), message: "no".into() })
    );
}
