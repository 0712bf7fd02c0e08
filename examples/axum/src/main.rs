//! Everwire in an axum app: a chat at `/everwire`, beside routes, state and middleware of the app's own.
//!
//! `cargo run -p example-axum`, then open the address that it prints, in two tabs.
#![forbid(unsafe_code)]

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State as AppState};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use everwire::{Data, Everwire, Refusal, Socket, State};
use serde::Deserialize;

/// What the app's routes and the chat's handlers share.
#[derive(Clone, Default)]
struct Shared {
    messages: Arc<AtomicU64>,
}

/// What a client must give to be let in.
#[derive(Deserialize)]
struct Auth {
    name: String,
}

/// What the server knows of each client.
struct User {
    name: String,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let shared = Shared::default();
    let wire = Everwire::new().with_state(shared.clone());
    chat(&wire);

    let app = Router::new()
        .route("/", get(Html(include_str!("../pages/index.html"))))
        .route("/everwire.mjs", get(client))
        .route(
            "/messages",
            get(async |AppState(shared): AppState<Shared>| {
                shared.messages.load(Ordering::Relaxed).to_string()
            }),
        )
        .route("/announce", post(announce))
        .with_state(shared)
        .layer(axum::Extension(wire.clone()))
        .nest_service("/everwire", wire.service())
        .layer(middleware::from_fn(name_the_server));

    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port())).await?;
    writeln!(std::io::stdout(), "open http://{} in two tabs", listener.local_addr()?)?;
    // `axum::serve` works too; this one bounds heads and their time, and ends WebSockets in peace.
    everwire::serve(listener, app, async move {
        let _ = tokio::signal::ctrl_c().await;
        wire.shutdown(Duration::from_secs(1)).await;
    })
    .await
}

fn chat(wire: &Everwire) {
    // Asked before a client is connected, once per session.
    wire.of("/").use_middleware(|socket: Socket, Data(auth): Data<Auth>| async move {
        if auth.name.trim().is_empty() {
            return Err(Refusal::new("a name, please"));
        }
        socket.set_data(User { name: auth.name });
        Ok(())
    });
    wire.on_connect(|socket: Socket| async move {
        socket.on("say", say);
        socket.on_disconnect(|socket: Socket| async move {
            socket.broadcast().emit("note", format!("{} has left", name(&socket))).await;
        });
        socket.broadcast().emit("note", format!("{} is here", name(&socket))).await;
    });
}

/// Extractors as in axum: the state given above, the event's arguments. What is returned is the client's ack.
async fn say(socket: Socket, State(shared): State<Shared>, Data(text): Data<String>) -> u64 {
    socket.broadcast().emit("said", (name(&socket), text)).await;
    shared.messages.fetch_add(1, Ordering::Relaxed) + 1
}

fn name(socket: &Socket) -> String {
    socket.data::<User>().map(|user| user.name.clone()).unwrap_or_default()
}

/// An ordinary route that reaches every client: `curl -d 'tea is ready' …/announce`.
async fn announce(axum::Extension(wire): axum::Extension<Everwire>, text: String) {
    wire.emit("note", text).await;
}

/// The app's middleware, around the chat as well.
async fn name_the_server(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert("x-served-by", "example-axum".parse().expect("plain ASCII"));
    response
}

async fn client() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript")], include_str!("../../../client-js/dist/everwire.mjs"))
}

fn port() -> u16 {
    std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3000)
}
