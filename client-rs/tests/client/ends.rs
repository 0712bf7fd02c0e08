//! How sessions end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use everwire_client::{AckError, Connect, ConnectError, Disconnect, EmitError, Reconnection, Transport};
use serde_json::{Value, json};

use super::*;
use crate::server::Server;

over_each_transport! {
    a_refused_auth_is_told_and_not_tried_again
    the_server_disconnects
    a_close_brings_what_was_emitted_before
    acks_fail_when_the_session_ends
    without_reconnection_the_first_failure_is_the_end
    an_auth_that_cannot_be_had_is_the_end
    fresh_auth_is_given_when_asked_for_and_denied_auth_is_the_end
    an_auth_that_has_ended_is_asked_for_anew
    a_revoked_client_does_not_come_back
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

/// Asked so many times.
fn counting(builder: Builder) -> Builder {
    let asked = Arc::new(AtomicU64::new(0));
    builder.auth_with(move || {
        let asked = asked.fetch_add(1, Ordering::Relaxed) + 1;
        async move { Ok::<_, String>(json!({"asked": asked})) }
    })
}

async fn fresh_auth_is_given_when_asked_for_and_denied_auth_is_the_end(transport: Transport) {
    let (mut server, proxy) = Server::proxied().await;
    let (builder, mut heard) = Heard::to(counting(client(&proxy, transport)), ALL);
    let socket = builder.open().unwrap();
    heard.next::<Connect>("connect").await;
    let id = socket.id();
    socket.emit("reauthenticate", ()).unwrap();
    soon(async {
        while socket.emit_with_ack::<Value>("whoami", ()).await.unwrap() != json!({"asked": 2}) {}
    })
    .await;
    assert_eq!(socket.id(), id);
    socket.emit("reauthenticate", ()).unwrap();
    let end: Disconnect = heard.next("disconnect").await;
    assert_eq!((&*end.code, end.reason.as_deref()), ("denied", Some("denied")));
    assert_eq!(heard.next::<ConnectError>("connect_error").await.code, "denied");
    soon(socket.closed()).await;
    assert_eq!(soon(server.ends.recv()).await.unwrap().code, everwire::Code::ServerDisconnect);
}

async fn an_auth_that_has_ended_is_asked_for_anew(transport: Transport) {
    let (mut server, proxy) = Server::proxied().await;
    // What it says when it is asked for a second time comes too late.
    let asked = Arc::new(AtomicU64::new(0));
    let builder = client(&proxy, transport).auth_with(move || {
        let asked = asked.fetch_add(1, Ordering::Relaxed);
        async move {
            if asked == 1 {
                std::future::pending::<()>().await;
            }
            Ok::<_, String>(if asked == 0 { json!({"good": 200}) } else { json!({"again": true}) })
        }
    });
    let (builder, mut heard) = Heard::to(builder, ALL);
    let socket = builder.open().unwrap();
    heard.next::<Connect>("connect").await;
    assert_eq!(heard.next::<Disconnect>("disconnect").await.code, "auth_expired");
    assert_eq!(soon(server.ends.recv()).await.unwrap().code, everwire::Code::AuthExpired);
    heard.next::<Connect>("connect").await;
    assert_eq!(soon(socket.emit_with_ack::<Value>("whoami", ())).await.unwrap(), json!({"again": true}));
}

async fn a_revoked_client_does_not_come_back(transport: Transport) {
    let (mut server, proxy) = Server::proxied().await;
    let (builder, mut heard) = Heard::to(counting(client(&proxy, transport)), ALL);
    let socket = builder.open().unwrap();
    heard.next::<Connect>("connect").await;
    socket.emit("revoke", ()).unwrap();
    assert_eq!(heard.next::<Disconnect>("disconnect").await.code, "revoked");
    soon(socket.closed()).await;
    assert_eq!(soon(server.ends.recv()).await.unwrap().code, everwire::Code::Revoked);
    assert!(heard.0.try_recv().is_err(), "nothing follows");
}
