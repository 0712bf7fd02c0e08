//! Everwire with many handlers and namespaces beside those that are used: `many [--handlers N] [--namespaces N] [--patterns N]`.

use everwire::{Everwire, Payload, Socket};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let [handlers, namespaces, patterns] = ["--handlers", "--namespaces", "--patterns"].map(number);
    let wire = Everwire::new();
    let names: Vec<String> = (0..handlers).map(|number| format!("unused-{number}")).collect();
    wire.on_connect(move |socket: Socket| {
        for name in &names {
            socket.on(name.clone(), |_: Payload| async {});
        }
        socket.on("echo", |socket: Socket, args: Payload| async move { socket.emit("echo", args).await });
        async {}
    });
    for number in 0..namespaces {
        wire.of(format!("/namespace-{number}")).on_connect(|_: Socket| async {});
    }
    for number in 0..patterns {
        wire.of_matching(&*format!("/pattern-{number}/{{name}}")).on_connect(|_: Socket| async {});
    }
    let app = axum::Router::new().nest_service("/everwire", wire.service());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    everwire::serve(listener, app, std::future::pending()).await
}

/// What stands behind `option`.
fn number(option: &str) -> usize {
    let mut arguments = std::env::args().skip_while(|argument| argument != option);
    arguments.nth(1).map_or(0, |number| number.parse().expect("a number"))
}
