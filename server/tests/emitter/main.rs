//! The emitter through clients in memory: one file for each behaviour. Time is virtual.
#![allow(clippy::unwrap_used, reason = "a test's panic is its report, in its helpers too")]

mod acks;
mod auth;
mod backpressure;
mod binary;
mod broadcast_acks;
mod ends;
mod extraction;
mod families;
mod handlers;
mod local_events;
mod names;
mod namespaces;
mod observers;
mod order;
mod panics;
mod rooms;

use everwire::testing::TestClient;
use everwire::{Everwire, IntoAck, Socket};

/// A server whose sockets are set up by `setup`.
fn server<R: IntoAck + Send + 'static>(setup: impl Fn(&Socket) -> R + Send + Sync + 'static) -> Everwire {
    let wire = Everwire::new();
    wire.on_connect(move |socket: Socket| {
        let answer = setup(&socket);
        async move { answer }
    });
    wire
}

async fn client(wire: &Everwire) -> TestClient {
    TestClient::connect(wire, "/", ()).await.expect("nobody refuses it")
}
