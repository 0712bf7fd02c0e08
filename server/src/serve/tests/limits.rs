//! How many connections, and how long an answer waits.

use http_body::Frame;
use http_body_util::StreamBody;

use super::*;

/// Sends back a body without an end, and tells when it is dropped.
pub(super) fn endless(dropped: Arc<Notify>) -> Router {
    struct Tell(Arc<Notify>);
    impl Drop for Tell {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let body = move || {
        let tell = Tell(dropped.clone());
        async move {
            let frames = futures_util::stream::repeat_with(move || {
                let _ = &tell;
                Ok::<_, io::Error>(Frame::data(Bytes::from_static(&[0; 10_000])))
            });
            axum::body::Body::new(StreamBody::new(frames))
        }
    };
    app().route("/endless", get(body))
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_given_up() {
    let dropped = Arc::new(Notify::new());
    let config = ServeConfig { write: Duration::from_millis(50), ..ServeConfig::default() };
    let server = Server::with(LONGEST, config, endless(dropped.clone())).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    soon(dropped.notified()).await;
}

#[tokio::test]
async fn beyond_the_limit_connections_wait_for_a_place() {
    let config = ServeConfig { connections: 1, ..ServeConfig::default() };
    let server = Server::with(LONGEST, config, app()).await;
    let mut first = server.connect().await;
    first.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    read_until(&mut first, "hello").await;
    let mut second = server.connect().await;
    second.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    // The first goes on as if nobody waited.
    first.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    read_until(&mut first, "hello").await;
    assert_eq!(second.try_read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    drop(first);
    assert_eq!(status(&soon(read_to_end(&mut second)).await), 200);
}

#[tokio::test]
async fn an_address_with_too_many_connections_is_told_so() {
    let config = ServeConfig { connections_per_address: Some(2), ..ServeConfig::default() };
    let server = Server::with(LONGEST, config, app()).await;
    let mut kept = Vec::new();
    for _ in 0..2 {
        let mut stream = server.connect().await;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        read_until(&mut stream, "hello").await;
        kept.push(stream);
    }
    let answer = soon(read_to_end(&mut server.connect().await)).await;
    assert_eq!(status(&answer), 429);
    assert!(answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    assert!(answer.contains(r#""error":"rate""#), "{answer}");
    kept.pop();
    // Until the server has seen that it is closed.
    let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    soon(async { while status(&server.exchange(request).await) == 429 {} }).await;
}

#[tokio::test]
async fn behind_a_proxy_whom_it_names_is_counted() {
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (begun, go) = (begun.clone(), go.clone());
        move || async move {
            begun.notify_one();
            go.notified().await;
            "slow"
        }
    };
    let config = ServeConfig {
        connections_per_address: Some(1),
        trusted_proxies: Networks::list(["127.0.0.1"]).unwrap(),
        ..ServeConfig::default()
    };
    let server = Server::with(LONGEST, config, app().route("/slow", get(slow))).await;
    let ask = |path: &str, from: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.1, {from}\r\nConnection: close\r\n\r\n"
        )
    };
    let mut busy = server.connect().await;
    busy.write_all(ask("/slow", "192.0.2.1").as_bytes()).await.unwrap();
    soon(begun.notified()).await;
    let refused = server.exchange(&ask("/", "192.0.2.1")).await;
    assert_eq!(status(&refused), 429, "{refused}");
    assert!(refused.contains("retry-after: 1"), "{refused}");
    assert_eq!(status(&server.exchange(&ask("/", "192.0.2.2")).await), 200);
    go.notify_one();
    assert!(soon(read_to_end(&mut busy)).await.ends_with("slow"));
    drop(busy);
    soon(async { while status(&server.exchange(&ask("/", "192.0.2.1")).await) == 429 {} }).await;
}

#[tokio::test]
async fn a_stranger_may_name_whom_it_likes() {
    let config = ServeConfig { connections_per_address: Some(1), ..ServeConfig::default() };
    let server = Server::with(LONGEST, config, app()).await;
    let mut first = server.connect().await;
    first.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n").await.unwrap();
    read_until(&mut first, "hello").await;
    let mut second = server.connect().await;
    assert_eq!(status(&soon(read_to_end(&mut second)).await), 429);
}
