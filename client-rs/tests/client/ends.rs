//! How sessions end.

use everwire_client::{AckError, Connect, ConnectError, Disconnect, EmitError, Reconnection, Transport};
use serde_json::json;

use super::*;
use crate::server::Server;

over_each_transport! {
    a_refused_auth_is_told_and_not_tried_again
    the_server_disconnects
    a_close_brings_what_was_emitted_before
    acks_fail_when_the_session_ends
    without_reconnection_the_first_failure_is_the_end
    an_auth_that_cannot_be_had_is_the_end
}

const ALL: &[&str] = &["connect", "connect_error", "suspended", "resumed", "disconnect"];

async fn a_refused_auth_is_told_and_not_tried_again(transport: Transport) {
    let (_server, proxy) = Server::proxied().await;
    let builder = client(&proxy, transport).auth(json!({"deny": true}));
    let (builder, mut heard) = Heard::to(builder, ALL);
    let socket = builder.open().unwrap();
    let error: ConnectError = heard.next("connect_error").await;
    assert_eq!((&*error.code, &*error.message, error.data), ("denied", "denied", json!({"seats": 0})));
    soon(socket.closed()).await;
    assert!(heard.0.try_recv().is_err(), "nothing follows");
    assert_eq!(socket.emit("seq", 1), Err(EmitError::Closed));
}

async fn the_server_disconnects(transport: Transport) {
    let (_server, proxy) = Server::proxied().await;
    let (builder, mut heard) = Heard::to(client(&proxy, transport), ALL);
    let socket = builder.open().unwrap();
    heard.next::<Connect>("connect").await;
    socket.emit("bye", ()).unwrap();
    let end: Disconnect = heard.next("disconnect").await;
    assert_eq!((&*end.code, end.reason.as_deref()), ("server_disconnect", Some("bye")));
    soon(socket.closed()).await;
    assert!(heard.0.try_recv().is_err(), "nothing follows");
}

async fn a_close_brings_what_was_emitted_before(transport: Transport) {
    let (mut server, proxy) = Server::proxied().await;
    let (builder, mut heard) = Heard::to(client(&proxy, transport), ALL);
    let socket = builder.open().unwrap();
    heard.next::<Connect>("connect").await;
    for number in 0..500 {
        socket.emit("seq", number).unwrap();
    }
    socket.close();
    assert_eq!(socket.emit("seq", 500), Err(EmitError::Closed));
    let end: Disconnect = heard.next("disconnect").await;
    assert_eq!((&*end.code, end.unconfirmed), ("client_disconnect", 0));
    for number in 0..500 {
        assert_eq!(soon(server.numbers.recv()).await, Some(number));
    }
    assert_eq!(soon(server.ends.recv()).await.unwrap().code, everwire::Code::ClientDisconnect);
    soon(socket.closed()).await;
}

async fn acks_fail_when_the_session_ends(transport: Transport) {
    let (_server, proxy) = Server::proxied().await;
    let socket = client(&proxy, transport).open().unwrap();
    let never = socket.emit_with_ack::<()>("never", ());
    socket.close();
    assert_eq!(soon(never).await, Err(AckError::SessionEnded));
    assert_eq!(soon(socket.emit_with_ack::<()>("never", ())).await, Err(AckError::SessionEnded));
}

async fn without_reconnection_the_first_failure_is_the_end(transport: Transport) {
    let (_server, proxy) = Server::proxied().await;
    proxy.turn(None);
    let builder = client(&proxy, transport).reconnection(Reconnection::never());
    let (builder, mut heard) = Heard::to(builder, ALL);
    let socket = builder.open().unwrap();
    assert_eq!(heard.next::<ConnectError>("connect_error").await.code, "no_transport");
    soon(socket.closed()).await;
    assert!(heard.0.try_recv().is_err(), "nothing follows");
}

async fn an_auth_that_cannot_be_had_is_the_end(transport: Transport) {
    let (_server, proxy) = Server::proxied().await;
    let builder = client(&proxy, transport).auth_with(|| async { Err::<(), _>("no token") });
    let (builder, mut heard) = Heard::to(builder, ALL);
    let socket = builder.open().unwrap();
    let error: ConnectError = heard.next("connect_error").await;
    assert_eq!((&*error.code, &*error.message), ("auth", "no token"));
    soon(socket.closed()).await;
}
