//! Limits of the accept loop that a session's connection has to keep.

use everwire::{Data, ServeConfig, Socket, serve_with};

use super::*;

async fn start_with(config: ServeConfig) -> SocketAddr {
    let wire = Everwire::with_config(timeless());
    wire.on_connect(|socket: Socket| async move {
        socket.on("echo", |Data(text): Data<String>| async move { text });
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().nest_service("/everwire", wire.service());
    tokio::spawn(serve_with(config, listener, app, std::future::pending()));
    address
}

#[tokio::test]
async fn a_websocket_keeps_its_place_until_it_is_closed() {
    let mut config = ServeConfig::default();
    config.connections = 1;
    let address = start_with(config).await;
    let mut first = Ws::open(address, 'a', 1 << 20).await;
    let second = tokio::spawn(async move { Ws::open(address, 'b', 1 << 20).await });
    // Time enough for the second, if it could.
    for id in 0..100 {
        first.send(format!(r#"e{id}["echo","here"]"#)).await;
        assert_eq!(first.next().await, format!(r#"a{id}["here"]"#));
    }
    assert!(!second.is_finished(), "there is no place for it");
    drop(first);
    let mut second = soon(second).await.unwrap();
    second.send(r#"e1["echo","there"]"#).await;
    assert_eq!(second.next().await, r#"a1["there"]"#);
}

#[tokio::test]
async fn a_websocket_counts_for_its_address_until_it_is_closed() {
    let mut config = ServeConfig::default();
    config.connections_per_address = Some(1);
    let address = start_with(config).await;
    let first = Ws::open(address, 'a', 1 << 20).await;
    let refused = raw(address, "").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    assert_eq!(value(&refused.body, "error"), "rate");
    drop(first);
    let ask = "GET /everwire/websocket HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    soon(async { while raw(address, ask).await.status == 429 {} }).await;
}

#[tokio::test]
async fn behind_a_proxy_a_websocket_counts_for_whom_it_is() {
    let mut config = ServeConfig::default();
    config.connections_per_address = Some(1);
    config.trusted_proxies = everwire::Networks::list(["127.0.0.1"]).unwrap();
    let address = start_with(config).await;
    let ask = |from: &str| {
        format!(
            "GET /everwire/websocket HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {from}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
    };
    let upgrade = async |from: &str| {
        let mut tcp = TcpStream::connect(address).await.unwrap();
        tcp.write_all(ask(from).as_bytes()).await.unwrap();
        let mut head = [0; 12];
        soon(tcp.read_exact(&mut head)).await.unwrap();
        (tcp, String::from_utf8(head.to_vec()).unwrap())
    };
    let (first, answer) = upgrade("192.0.2.1").await;
    assert_eq!(answer, "HTTP/1.1 101");
    assert_eq!(upgrade("192.0.2.1").await.1, "HTTP/1.1 429");
    assert_eq!(upgrade("192.0.2.2").await.1, "HTTP/1.1 101");
    drop(first);
    soon(async { while upgrade("192.0.2.1").await.1 == "HTTP/1.1 429" {} }).await;
}
