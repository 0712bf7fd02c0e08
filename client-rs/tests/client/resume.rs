//! Connections that are lost, and servers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use everwire_client::{Connect, ConnectError, Disconnect, Transport};

use super::*;
use crate::server::{Server, timeless};

over_each_transport! {
    a_cut_connection_loses_nothing
    what_is_emitted_while_suspended_arrives
    a_mute_connection_is_given_up
    a_server_that_knows_nothing_is_a_new_session
    what_a_session_loses_that_was_never_connected_is_told
    a_server_that_cannot_be_reached_is_told_and_tried_again
}

const ALL: &[&str] = &["connect", "connect_error", "suspended", "resumed", "disconnect"];

async fn a_cut_connection_loses_nothing(transport: Transport) {
    let (_server, proxy) = Server::proxied().await;
    let (builder, mut heard) = Heard::to(client(&proxy, transport), &["connect", "disconnect", "echo"]);
    let socket = builder.open().unwrap();
    heard.next::<Connect>("connect").await;
    let id = socket.id();
    for round in 0..10 {
        let numbers = round * 100..(round + 1) * 100;
        for number in numbers.clone() {
            socket.emit("seq", number).unwrap();
            socket.emit("echo", number).unwrap();
        }
        for number in numbers {
            assert_eq!(heard.next::<u64>("echo").await, number);
            if number % 50 == 0 {
                proxy.cut();
            }
        }
    }
    let seen: Vec<u64> = soon(socket.emit_with_ack("seq-report", ())).await.unwrap();
    assert!(seen.into_iter().eq(0..1_000));
    assert_eq!(socket.id(), id);
}

async fn what_is_emitted_while_suspended_arrives(transport: Transport) {
    let (server, proxy) = Server::proxied().await;
    let (builder, mut heard) = Heard::to(client(&proxy, transport), ALL);
    let socket = builder.open().unwrap();
    heard.next::<Connect>("connect").await;
    proxy.turn(None);
    heard.next::<()>("suspended").await;
    assert!(socket.connected());
    assert_eq!(socket.transport(), None);
    for number in 0..1_000 {
        socket.emit("seq", number).unwrap();
    }
    let report = socket.emit_with_ack::<Vec<u64>>("seq-report", ());
    proxy.turn(Some(server.address));
    assert!(soon(report).await.unwrap().into_iter().eq(0..1_000));
    heard.next::<()>("resumed").await;
    assert_eq!(socket.transport(), Some(transport));
}

async fn a_mute_connection_is_given_up(transport: Transport) {
    let mut config = timeless();
    config.ping = Duration::from_millis(300);
    config.timeout = Duration::from_millis(300);
    let server = Server::with(config).await;
    let proxy = Proxy::to(server.address).await;
    let (builder, mut heard) = Heard::to(client(&proxy, transport), ALL);
    let socket = builder.open().unwrap();
    heard.next::<Connect>("connect").await;
    proxy.mute();
    let answer = socket.emit_with_ack::<u64>("answer", 7);
    heard.next::<()>("suspended").await;
    heard.next::<()>("resumed").await;
    assert_eq!(soon(answer).await, Ok(7));
}

async fn a_server_that_knows_nothing_is_a_new_session(transport: Transport) {
    let (_first, proxy) = Server::proxied().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let ask = asked.clone();
    let builder = client(&proxy, transport).auth_with(move || {
        let number = ask.fetch_add(1, Ordering::Relaxed);
        async move { Ok::<_, String>(number) }
    });
    let (builder, mut auth) = Heard::to(builder, &["auth"]);
    let (builder, mut heard) = Heard::to(builder, ALL);
    let socket = builder.open().unwrap();
    heard.next::<Connect>("connect").await;
    assert_eq!(auth.next::<usize>("auth").await, 0);
    proxy.turn(None);
    heard.next::<()>("suspended").await;
    for number in 0..3 {
        socket.emit("seq", number).unwrap();
    }
    let lost = socket.emit_with_ack::<u64>("answer", 7);
    let second = Server::start().await;
    proxy.turn(Some(second.address));
    let end: Disconnect = heard.next("disconnect").await;
    assert_eq!((&*end.code, end.unconfirmed), ("unknown_session", 4));
    assert!(soon(lost).await.is_err());
    assert!(!heard.next::<Connect>("connect").await.recovered);
    assert_eq!(auth.next::<usize>("auth").await, 1);
    // Nothing of the old session enters the new one.
    assert_eq!(soon(socket.emit_with_ack::<Vec<u64>>("seq-report", ())).await, Ok(vec![]));
}

async fn what_a_session_loses_that_was_never_connected_is_told(transport: Transport) {
    let (_first, proxy) = Server::proxied().await;
    let (builder, mut heard) = Heard::to(client(&proxy, transport).namespace("/undecided"), &["disconnect"]);
    let socket = builder.open().unwrap();
    soon(async {
        while socket.transport().is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    proxy.turn(None);
    socket.emit("seq", 1).unwrap();
    let second = Server::start().await;
    proxy.turn(Some(second.address));
    let end: Disconnect = heard.next("disconnect").await;
    assert_eq!((&*end.code, end.unconfirmed), ("unknown_session", 1));
}

async fn a_server_that_cannot_be_reached_is_told_and_tried_again(transport: Transport) {
    let (server, proxy) = Server::proxied().await;
    proxy.turn(None);
    let (builder, mut heard) = Heard::to(client(&proxy, transport), &["connect_error"]);
    let (builder, mut connects) = Heard::to(builder, &["connect"]);
    let socket = builder.open().unwrap();
    socket.emit("seq", 1).unwrap();
    assert_eq!(heard.next::<ConnectError>("connect_error").await.code, "no_transport");
    proxy.turn(Some(server.address));
    connects.next::<Connect>("connect").await;
    assert_eq!(soon(socket.emit_with_ack::<Vec<u64>>("seq-report", ())).await, Ok(vec![1]));
}
