//! What Engine.IO's and SockJS's own tests expect of a server, and the main namespace for SockJS's clients.

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use everwire::{Data, EngineIoService, Everwire, Payload, Socket};

/// Bytes of a streaming answer, small enough for a test to see its end.
const RESPONSE_LIMIT: usize = 4096;

/// Gives each message back, text or binary.
pub(crate) fn engine_io(wire: &Everwire) -> EngineIoService {
    wire.of("/engine.io").on_connect(|socket: Socket| async move {
        socket.on("message", |socket: Socket, message: Payload| async move {
            socket.emit("message", message).await
        });
    });
    wire.engine_io("/engine.io")
}

/// Mounts the services of SockJS's test server; `client`, SockJS's own client, is for the page in its iframes.
pub(crate) fn mount(router: Router, wire: &Everwire, client: Option<String>) -> Router {
    for name in ["/echo", "/disabled_websocket_echo", "/cookie_needed_echo"] {
        wire.of(name).on_connect(|socket: Socket| async move {
            socket.on("message", |socket: Socket, message: Payload| async move {
                socket.emit("message", message).await
            });
        });
    }
    wire.of("/close").on_connect(|socket: Socket| async move { socket.disconnect("Go away!") });
    wire.of("/amplify").on_connect(|socket: Socket| async move {
        socket.on("message", |socket: Socket, Data(text): Data<String>| async move {
            let power = text.parse().ok().filter(|power| (1..=18).contains(power)).unwrap_or(1);
            socket.emit("message", "x".repeat(1 << power)).await
        });
    });
    wire.of("/broadcast").on_connect(|socket: Socket| async move {
        socket.on("message", |socket: Socket, Data(text): Data<String>| async move {
            socket.namespace().emit("message", text).await;
        });
    });
    let service =
        |name: &str| wire.sock_js(name).response_limit(RESPONSE_LIMIT).client_url("/client/sockjs.js");
    let mounts = Router::new()
        .nest_service("/echo", service("/echo"))
        .nest_service("/disabled_websocket_echo", service("/disabled_websocket_echo").websocket(false))
        .nest_service("/cookie_needed_echo", service("/cookie_needed_echo").cookie_needed(true))
        .nest_service("/close", service("/close"))
        .nest_service("/amplify", service("/amplify"))
        .nest_service("/broadcast", service("/broadcast"))
        .nest_service("/events", service("/").events(true))
        .route(
            "/client/sockjs.js",
            get(|| async move { client.map(crate::script).ok_or(StatusCode::NOT_FOUND) }),
        )
        .layer(middleware::from_fn(exact_paths));
    router.merge(mounts)
}

/// Nested services would see `/echo//` as `/`.
async fn exact_paths(request: Request, next: Next) -> Response {
    if request.uri().path().contains("//") {
        StatusCode::NOT_FOUND.into_response()
    } else {
        next.run(request).await
    }
}
