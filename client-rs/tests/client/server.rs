//! The server that clients meet.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use everwire::{Config, Data, Disconnect, Everwire, Handshake, Payload, Refusal, Socket};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::Proxy;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// The ends of its sockets.
    pub(crate) ends: mpsc::UnboundedReceiver<Disconnect>,
    /// What came as `seq`, on all of them.
    pub(crate) numbers: mpsc::UnboundedReceiver<u64>,
}

/// No timer of a session saves what should have gone on without it.
pub(crate) fn timeless() -> Config {
    let mut config = Config::default();
    config.ping = Duration::from_secs(3600);
    config
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(timeless()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let wire = Everwire::with_config(config);
        let (sender, ends) = mpsc::unbounded_channel();
        let (counter, numbers) = mpsc::unbounded_channel();
        for namespace in ["/", "/chat"] {
            let (namespace, sender, counter) = (wire.of(namespace), sender.clone(), counter.clone());
            namespace.use_middleware(|socket: Socket, handshake: Handshake| async move {
                let auth: Value = handshake.auth().unwrap();
                if auth["deny"] == true || auth["asked"] == 3 {
                    return Err(Refusal::new("denied").with_data(&json!({"seats": 0})).unwrap());
                }
                if let Some(millis) = auth["good"].as_u64() {
                    socket.expires_in(Duration::from_millis(millis));
                }
                Ok(())
            });
            namespace.on_connect(move |socket: Socket, handshake: Handshake| {
                let sender = sender.clone();
                socket.on_disconnect(move |end: Disconnect| {
                    let _ = sender.send(end);
                    async {}
                });
                install(&socket, counter.clone());
                async move { socket.emit("auth", handshake.auth::<Value>().unwrap()).await }
            });
        }
        wire.of("/undecided").use_middleware(|| async {
            std::future::pending::<()>().await;
            Ok::<_, Refusal>(())
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().nest_service("/everwire", wire.service());
        tokio::spawn(everwire::serve(listener, app, std::future::pending()));
        Self { address, ends, numbers }
    }

    pub(crate) async fn proxied() -> (Self, Proxy) {
        let server = Self::start().await;
        let proxy = Proxy::to(server.address).await;
        (server, proxy)
    }
}

fn install(socket: &Socket, counter: mpsc::UnboundedSender<u64>) {
    let seen = Arc::new(Mutex::new(Vec::<u64>::new()));
    let reported = seen.clone();
    socket.on("seq", move |Data(number): Data<u64>| {
        seen.lock().unwrap().push(number);
        // Most tests do not count.
        let _ = counter.send(number);
        async {}
    });
    socket.on("seq-report", move || {
        let seen = reported.lock().unwrap().clone();
        async { Data((seen,)) }
    });
    socket.on("echo", |socket: Socket, args: Payload| async move { socket.emit("echo", args).await });
    socket.on("answer", |args: Payload| async move { args });
    socket.on("never", std::future::pending::<()>);
    socket.on("fail", || async { Err::<(), _>("no") });
    socket.on("whoami", |socket: Socket| async move { socket.handshake().auth::<Value>().unwrap() });
    socket.on("reauthenticate", |socket: Socket| async move { socket.reauthenticate() });
    socket.on("revoke", |socket: Socket| async move { socket.revoke() });
    socket.on("bye", |socket: Socket| async move { socket.disconnect("bye") });
    // Asks the client, and gives its answer back.
    socket.on("ask-me", |socket: Socket, Data((event, args)): Data<(String, Value)>| async move {
        let answer = socket.emit_with_ack::<Value>(&event, args).await;
        answer.unwrap_or_else(|error| json!({"error": error.to_string()}))
    });
    socket.on("flood", |socket: Socket, Data((count, size)): Data<(u64, usize)>| async move {
        for number in 0..count {
            socket.emit("drop", (number, "x".repeat(size))).await?;
        }
        Ok::<_, everwire::EmitError>(())
    });
}
