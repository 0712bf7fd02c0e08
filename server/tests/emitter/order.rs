//! Events of one socket are handled in order and one at a time; others do not wait for them.

use std::time::Duration;

use everwire::{Ack, Data, Socket};
use tokio::time::sleep;

use crate::{client, server};

#[tokio::test(start_paused = true)]
async fn the_next_event_waits_for_the_handler_of_the_last() {
    let wire = server(|socket| {
        socket.on("work", |socket: Socket, Data(number): Data<u64>| async move {
            socket.emit("begin", number).await?;
            sleep(Duration::from_millis(100 - 10 * number)).await;
            socket.emit("end", number).await
        });
    });
    let mut client = client(&wire).await;
    (0..5).for_each(|number| client.emit("work", number));
    for number in 0..5u64 {
        for name in ["begin", "end"] {
            let event = client.next_event().await.unwrap();
            assert_eq!((event.name.as_str(), event.read::<u64>()), (name, number));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_handler_is_slow_for_its_own_client_only() {
    let wire = server(|socket| {
        socket.on("sleep", || sleep(Duration::from_secs(3600)));
        socket.on("ping", || async { "pong" });
    });
    let (slow, mut fast) = (client(&wire).await, client(&wire).await);
    slow.emit("sleep", ());
    assert_eq!(fast.emit_with_ack::<String>("ping", ()).await.unwrap(), "pong");
}

#[tokio::test(start_paused = true)]
async fn namespaces_of_one_session_do_not_wait_for_each_other() {
    let wire = server(|socket| socket.on("sleep", || sleep(Duration::from_secs(3600))));
    wire.of("/b").on_connect(|socket: Socket| async move { socket.on("ping", || async { "pong" }) });
    let main = client(&wire).await;
    let mut other = main.namespace("/b", ()).await.unwrap();
    main.emit("sleep", ());
    assert_eq!(other.emit_with_ack::<String>("ping", ()).await.unwrap(), "pong");
}

#[tokio::test(start_paused = true)]
async fn an_ack_does_not_wait_behind_the_handler_that_waits_for_it() {
    let wire = server(|socket| {
        socket.on("ask", |socket: Socket, ack: Ack| async move {
            let answer: i64 = socket.emit_with_ack("question", ()).timeout(Duration::from_secs(5)).await?;
            ack.send(answer + 1).ok();
            Ok::<_, everwire::AckError>(())
        });
    });
    let mut client = client(&wire).await;
    client.emit("ask", ());
    client.emit("ask", ());
    for _ in 0..2 {
        let question = client.next_event().await.unwrap();
        client.ack(&question, 41);
    }
    assert_eq!(client.next_error().await, None);
}

#[tokio::test(start_paused = true)]
async fn events_wait_until_the_connect_handler_has_registered_all() {
    let wire = everwire::Everwire::new();
    wire.on_connect(|socket: Socket| async move {
        sleep(Duration::from_secs(1)).await;
        socket.on("ping", || async { "pong" });
    });
    let mut client = client(&wire).await;
    assert_eq!(client.emit_with_ack::<String>("ping", ()).await.unwrap(), "pong");
}
