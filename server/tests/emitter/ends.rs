//! The end of a socket: what is handled before, who is told, and what is let go.

use std::sync::Arc;
use std::time::Duration;

use everwire::{Data, Disconnect, EmitError, Everwire, Socket};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::{client, server};

/// A server that reports the ends of its sockets: code, reason, rooms at that time.
fn reporting() -> (Everwire, mpsc::UnboundedReceiver<(String, Option<String>, Vec<String>)>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let wire = server(move |socket| {
        let sender = sender.clone();
        socket.on_disconnect(move |socket: Socket, end: Disconnect| {
            let report = (end.code.to_string(), end.reason, socket.rooms());
            sender.send(report).unwrap();
            async move {
                sleep(Duration::from_secs(1)).await;
                assert_eq!(socket.rooms(), ["room"]);
                assert_eq!(socket.emit("x", ()).await, Err(EmitError::Closed));
                socket.to("room").emit("gone", socket.id().to_owned()).await;
            }
        });
        socket.on("bye", |socket: Socket| async move {
            socket.emit("last", ()).await.unwrap();
            socket.disconnect("bye");
            assert_eq!(socket.emit("more", ()).await, Err(EmitError::Closed));
        });
        socket.join("room")
    });
    (wire, receiver)
}

#[tokio::test(start_paused = true)]
async fn the_client_leaves() {
    let (wire, mut reports) = reporting();
    let (leaving, mut staying) = (client(&wire).await, client(&wire).await);
    let id = leaving.id().to_owned();
    leaving.disconnect().await;
    assert_eq!(reports.recv().await.unwrap(), ("client_disconnect".into(), None, vec!["room".into()]));
    let gone = staying.next_event().await.unwrap();
    assert_eq!((gone.name.as_str(), gone.read::<String>()), ("gone", id));
    assert_eq!(wire.to("room").fetch_sockets().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_server_disconnects() {
    let (wire, mut reports) = reporting();
    let mut client = client(&wire).await;
    client.emit("bye", ());
    // Not handled any more: the socket is gone by then.
    client.emit("bye", ());
    assert_eq!(client.next_event().await.unwrap().name, "last");
    let end = client.end().await.unwrap();
    assert_eq!((end.code.as_str(), end.reason.as_deref()), ("server_disconnect", Some("bye")));
    let report = reports.recv().await.unwrap();
    assert_eq!(report, ("server_disconnect".into(), Some("bye".into()), vec!["room".into()]));
    client.settle().await;
    assert_eq!(client.next_error().await, None);
    assert!(wire.fetch_sockets().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_server_disconnects_from_outside_any_handler() {
    let (wire, mut reports) = reporting();
    let mut client = client(&wire).await;
    wire.disconnect_sockets("");
    wire.emit("too late", ());
    assert_eq!(client.end().await.unwrap().reason, None);
    assert_eq!(client.next_event().await, None);
    assert_eq!(reports.recv().await.unwrap().0, "server_disconnect");
    assert!(reports.try_recv().is_err(), "told once");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_vanishes() {
    let (wire, mut reports) = reporting();
    drop(client(&wire).await);
    assert_eq!(reports.recv().await.unwrap().0, "grace_over");
}

#[tokio::test(start_paused = true)]
async fn what_came_before_the_end_is_handled_before_it() {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let wire = server(move |socket| {
        let (event, end) = (sender.clone(), sender.clone());
        socket.on("work", move |Data(number): Data<i32>| {
            let sender = event.clone();
            async move {
                sleep(Duration::from_millis(10)).await;
                sender.send(number).unwrap();
            }
        });
        socket.on_disconnect(move || {
            end.send(-1).unwrap();
            async {}
        });
    });
    let client = client(&wire).await;
    (0..3).for_each(|number| client.emit("work", number));
    client.disconnect().await;
    for expected in [0, 1, 2, -1] {
        assert_eq!(receiver.try_recv(), Ok(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn a_namespace_can_be_left_and_connected_again() {
    let (wire, mut reports) = reporting();
    wire.of("/b");
    let main = client(&wire).await;
    let other = main.namespace("/b", ()).await.unwrap();
    let id = main.id().to_owned();
    main.disconnect().await;
    assert_eq!(reports.recv().await.unwrap().0, "client_disconnect");
    let again = other.namespace("/", ()).await.unwrap();
    assert_ne!(again.id(), id);
}

#[tokio::test(start_paused = true)]
async fn handlers_that_hold_their_own_socket_are_let_go() {
    let kept = Arc::new(());
    let weak = Arc::downgrade(&kept);
    let wire = server(move |socket| {
        socket.set_data(kept.clone());
        let own = socket.clone();
        socket.on("x", move || {
            let own = own.clone();
            async move { own.emit("y", ()).await }
        });
    });
    let client = client(&wire).await;
    assert_eq!(weak.strong_count(), 2);
    client.disconnect().await;
    tokio::task::yield_now().await;
    assert_eq!(weak.strong_count(), 1, "only the closure that sets up");
}
