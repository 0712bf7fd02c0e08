//! socketioxide in axum, as its users run it, with the heartbeat of all servers here and a WebSocket read buffer of 4 KiB, its default.

use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use serde_json::Value;
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let (layer, io) = SocketIo::builder()
        .ping_interval(Duration::from_secs(10))
        .ping_timeout(Duration::from_secs(8))
        .build_layer();
    io.ns("/", connected);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, Router::new().layer(layer)).await
}

async fn connected(socket: SocketRef) {
    socket.on("echo", async |socket: SocketRef, Data(text): Data<Value>| {
        let _ = socket.emit("echo", &text);
    });
    socket.on("pub", async |io: SocketIo, Data(text): Data<Value>| {
        let _ = io.emit("ev", &text).await;
    });
    socket.on("join", async |socket: SocketRef, Data(room): Data<String>, ack: AckSender| {
        socket.join(room);
        let _ = ack.send(&true);
    });
    socket.on("leave", async |socket: SocketRef, Data(room): Data<String>, ack: AckSender| {
        socket.leave(room);
        let _ = ack.send(&true);
    });
    socket.on("say", async |socket: SocketRef, Data((room, text)): Data<(String, Value)>| {
        let said = (room.clone(), text);
        let _ = socket.to(room).emit("said", &said).await;
    });
}
