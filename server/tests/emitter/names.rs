//! Names of events: reserved, too long, strange.

use everwire::{AckError, EmitError, Everwire};
use serde_json::Value;

use crate::{client, server};

const RESERVED: [&str; 8] =
    ["connect", "connect_error", "disconnect", "disconnecting", "suspended", "resumed", "transport", "error"];

#[tokio::test(start_paused = true)]
async fn reserved_ones_are_refused_and_reach_no_handler() {
    let wire = server(|socket| {
        for name in RESERVED {
            socket.on(name, move || async move { assert_eq!(name, "", "a client called a local event") });
        }
        socket.off("disconnect");
    });
    let mut client = client(&wire).await;
    for name in RESERVED {
        let Err(AckError::Remote { code, .. }) = client.emit_with_ack::<Value>(name, ()).await else {
            panic!("{name}")
        };
        assert_eq!(code, "reserved_event");
        client.emit(name, ());
        assert_eq!(client.next_error().await.unwrap().code, "reserved_event");
    }
}

#[tokio::test(start_paused = true)]
async fn no_name_and_a_long_one_are_refused() {
    let long = "é".repeat(65);
    let mut client = client(&Everwire::new()).await;
    for name in ["", &long] {
        let Err(AckError::Remote { code, .. }) = client.emit_with_ack::<Value>(name, ()).await else {
            panic!()
        };
        assert_eq!(code, "bad_event");
    }
}

#[tokio::test(start_paused = true)]
async fn the_server_cannot_emit_them_either() {
    let wire = Everwire::new();
    let mut client = client(&wire).await;
    let socket = wire.fetch_sockets().await.remove(0);
    let long = "x".repeat(129);
    for name in RESERVED.into_iter().chain(["", &long]) {
        assert_eq!(socket.emit(name, ()).await, Err(EmitError::Event));
        assert_eq!(socket.try_emit(name, ()), Err(EmitError::Event));
        assert_eq!(socket.emit_with_ack::<()>(name, ()).await, Err(AckError::Emit(EmitError::Event)));
        socket.volatile().emit(name, ());
        wire.emit(name, ());
    }
    socket.emit("x".repeat(128), ()).await.unwrap();
    assert_eq!(client.next_event().await.unwrap().name.len(), 128);
}

#[tokio::test(start_paused = true)]
async fn any_other_is_a_name() {
    let names = ["__proto__", "constructor", "toString", "a\"b\\c\n", "\u{0}", "→ 1", " "];
    let wire = server(move |socket| {
        for name in names {
            socket.on(name, move || async move { name });
        }
    });
    let mut client = client(&wire).await;
    for name in names {
        assert_eq!(client.emit_with_ack::<String>(name, ()).await.as_deref(), Ok(name));
        wire.emit(name, ());
        assert_eq!(client.next_event().await.unwrap().name, name);
    }
}
