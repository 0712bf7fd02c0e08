//! The same behaviour in Everwire's own loop and in axum's.

use everwire::{Data, Everwire, OriginPolicy, Socket};

use super::*;

const HOSTS: [Host; 2] = [Host::Axum, Host::Own];

fn echo() -> Everwire {
    let mut config = timeless();
    config.origins = OriginPolicy::list(["https://page.example"]).unwrap();
    config.stream_bytes = 50_000;
    let wire = Everwire::with_config(config);
    wire.on_connect(|socket: Socket| async move {
        socket.on("echo", |Data(text): Data<String>| async move { text });
    });
    wire
}

#[tokio::test]
async fn a_websocket_echoes() {
    for host in HOSTS {
        let address = start(&echo(), host).await;
        let mut ws = Ws::open(address, 'w', 1 << 20).await;
        ws.send(r#"e1["echo","hi"]"#).await;
        assert_eq!(ws.next().await, r#"a1["hi"]"#, "{host:?}");
    }
}

/// As with TLS: then only the driver can write.
#[cfg(unix)]
#[tokio::test]
async fn a_websocket_over_something_else_than_tcp_carries_bursts() {
    let wire = echo();
    let path = std::env::temp_dir().join(format!("everwire-{}.sock", std::process::id()));
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let app = Router::new().nest_service("/everwire", wire.service());
    drop(tokio::spawn(async { axum::serve(listener, app).await }));
    let unix = tokio::net::UnixStream::connect(&path).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    let url = "ws://localhost/everwire/websocket";
    let mut ws = Ws(tokio_tungstenite::client_async(url, unix).await.unwrap().0);
    ws.begin('u', 4 << 20).await;
    for _ in 0..20 {
        drop(wire.emit("big", "x".repeat(100_000)));
    }
    for _ in 0..20 {
        assert!(ws.next().await.starts_with(r#"e["big""#));
    }
    ws.send(r#"e1["echo","hi"]"#).await;
    assert_eq!(ws.next().await, r#"a1["hi"]"#);
    wire.disconnect_sockets("enough");
    assert!(ws.next().await.starts_with("l{"));
}

#[tokio::test]
async fn an_open_by_polling_is_one_flight() {
    for host in HOSTS {
        let address = start(&echo(), host).await;
        let answer = post(address, "long_polling", &(open('p', 1 << 20) + "\nc\ne1[\"echo\",\"hi\"]")).await;
        assert_eq!(answer.status, 200, "{host:?}");
        let lines: Vec<_> = answer.body.lines().map(|line| &line[..1]).collect();
        assert_eq!(lines, ["W", "o", "a"], "{host:?}");
    }
}

#[tokio::test]
async fn a_stream_ends_at_its_limit_and_http_1_0_reads_it_to_its_end() {
    for host in HOSTS {
        let wire = echo();
        let address = start(&wire, host).await;
        let body = open('s', 1 << 20) + "\nc";
        let length = body.len();
        let request = format!("POST /everwire/streaming HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{body}");
        let stream = tokio::spawn(async move { raw(address, &request).await });
        while wire.stats().sessions == 0 || wire.fetch_sockets().await.is_empty() {
            tokio::task::yield_now().await;
        }
        for _ in 0..6 {
            drop(wire.emit("big", "x".repeat(10_000)));
        }
        let answer = soon(stream).await.unwrap();
        assert_eq!((answer.status, answer.header("transfer-encoding")), (200, None), "{host:?}");
        let kinds: String = answer.body.lines().map(|line| &line[..1]).collect();
        assert_eq!(kinds, "Woeeeeee", "{host:?}");
    }
}

#[tokio::test]
async fn every_answer_to_an_allowed_origin_can_be_read_by_it() {
    let page = "Origin: https://page.example\r\nConnection: close\r\n";
    for host in HOSTS {
        let address = start(&echo(), host).await;
        let get =
            |method: &str, path: &str| format!("{method} /everwire/{path} HTTP/1.1\r\nHost: a\r\n{page}\r\n");
        for (request, status) in [
            (get("HEAD", "long_polling"), 405),
            (get("GET", "event_source?ticket=0123456789abcdefghijkl"), 204),
            (get("OPTIONS", "send"), 204),
            (get("GET", "nowhere"), 404),
            (get("GET", "jsonp?c=x"), 404),
            (get("GET", "websocket"), 426),
            (posting("send", "", page), 400),
            (posting("send", r#"P{"session":"x","token":"y","received":0,"consumed":0}"#, page), 404),
            (posting("streaming", "A{}", page), 400),
        ] {
            let answer = raw(address, &request).await;
            assert_eq!(answer.status, status, "{host:?} {request}");
            let allowed = answer.header("access-control-allow-origin");
            assert_eq!(allowed, Some("https://page.example"), "{host:?} {request}");
            assert_eq!(answer.header("cache-control"), Some("no-store, no-transform"), "{host:?} {request}");
            if status == 204 || request.starts_with("HEAD") {
                assert_eq!(answer.body, "", "{host:?} {request}");
            }
            if status == 204 {
                assert_eq!(answer.header("content-length"), None, "{host:?} {request}");
            }
        }
        let foreign = get("GET", "websocket").replace("page.example", "evil.example");
        let answer = raw(address, &foreign).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (403, None), "{host:?}");
    }
}

/// Waits until the server's figures are as they should be.
async fn until(wire: &Everwire, is_so: impl Fn(&everwire::Stats) -> bool) {
    soon(async {
        while !is_so(&wire.stats()) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_request_given_up_by_its_client_is_forgotten_at_once() {
    for host in HOSTS {
        let wire = echo();
        let address = start(&wire, host).await;
        let welcome = post(address, "long_polling", &(open('g', 1 << 20) + "\nc")).await.body;
        let (session, token) = (value(&welcome, "session"), value(&welcome, "token"));
        until(&wire, |stats| stats.open_requests == 0).await;
        let poll = format!(
            r#"P{{"session":"{session}","token":"{token}","received":1,"consumed":0,"attach":1,"poll":1}}"#
        );
        let stream = open('h', 1 << 20);
        for (path, body) in [("long_polling", &poll), ("streaming", &stream)] {
            let mut tcp = TcpStream::connect(address).await.unwrap();
            tcp.write_all(posting(path, body, "").as_bytes()).await.unwrap();
            until(&wire, |stats| stats.open_requests == 1 && stats.carriers[path] == 1).await;
            drop(tcp);
            until(&wire, |stats| stats.open_requests == 0).await;
        }
        until(&wire, |stats| stats.suspended == 1).await;
    }
}
