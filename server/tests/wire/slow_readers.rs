//! A client that reads slowly, or not at all, costs its limits and stops nothing else.

use std::time::Duration;

use everwire::{EmitError, Everwire, EverwireService, Socket};
use http::Request;
use http_body_util::Full;
use tower::ServiceExt;

use super::*;

/// An event of about a hundred kilobytes.
fn big() -> String {
    "x".repeat(100_000)
}

#[tokio::test]
async fn what_waits_behind_the_high_mark_of_a_writer_follows_by_itself() {
    let wire = Everwire::with_config(timeless());
    wire.on_connect(|socket: Socket| async move {
        socket.on("burst", |socket: Socket| async move {
            for _ in 0..8 {
                drop(socket.broadcast().emit("big", big()));
            }
        });
    });
    let address = start(&wire, Host::Own).await;
    let mut listener = Ws::open(address, 'l', 1 << 20).await;
    let mut speaker = Ws::open(address, 's', 1 << 20).await;
    speaker.send(r#"e["burst"]"#).await;
    for _ in 0..8 {
        assert!(listener.next().await.starts_with(r#"e["big""#));
    }
}

#[tokio::test]
async fn an_event_larger_than_the_clients_window_fails_at_the_call_and_blocks_nothing() {
    let wire = Everwire::with_config(timeless());
    let address = start(&wire, Host::Own).await;
    let mut ws = Ws::open(address, 'w', 1_000).await;
    let socket = wire.fetch_sockets().await.remove(0);
    assert_eq!(socket.emit("big", "x".repeat(1_000)).await, Err(EmitError::TooLarge));
    wire.emit("big", "x".repeat(1_000)).await;
    socket.emit("small", ()).await.unwrap();
    assert_eq!(ws.next().await, r#"e["small"]"#);
}

#[tokio::test]
async fn a_client_that_is_away_gets_the_latest_under_each_key() {
    let mut config = timeless();
    (config.queue_bytes, config.max_payload) = (400_000, 200_000);
    let wire = Everwire::with_config(config);
    let address = start(&wire, Host::Own).await;
    let mut ws = Ws::connect(address).await;
    ws.send(open('k', 1 << 20)).await;
    ws.send("c").await;
    let welcome = ws.next().await;
    assert!(ws.next().await.starts_with('o'));
    drop(ws);
    let socket = wire.fetch_sockets().await.remove(0);
    soon(async {
        while socket.transport().is_some() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for round in 0..100 {
        wire.latest("a").emit("a", (round, big())).await;
        socket.latest("b").emit("b", round).await.unwrap();
        wire.latest("c").emit("c", round).await;
        if round == 0 {
            socket.emit("between", ()).await.unwrap();
        }
    }
    let (session, token) = (value(&welcome, "session"), value(&welcome, "token"));
    let mut ws = Ws::connect(address).await;
    ws.send(format!(
        r#"A{{"v":1,"attach":2,"session":"{session}","token":"{token}","received":1,"consumed":0,"window":1048576,"first":2}}"#
    ))
    .await;
    assert!(ws.next().await.contains(r#""first":2"#));
    assert!(ws.next().await.starts_with(r#"e["a",99,"#));
    for expected in [r#"e["b",99]"#, r#"e["c",99]"#, r#"e["between"]"#] {
        assert_eq!(ws.next().await, expected);
    }
    wire.latest("b").emit("b", 100).await;
    assert_eq!(ws.next().await, r#"e["b",100]"#);
}

/// A stream that has been answered and that nobody reads, with more to say than fits into its queue.
async fn unread(service: &EverwireService, wire: &Everwire) -> http::Response<everwire::Body> {
    let body = open('s', 4 << 20) + "\nc";
    let stream = call(service, "streaming", body).await;
    for _ in 0..20 {
        drop(wire.emit("big", big()));
    }
    stream
}

async fn call(service: &EverwireService, path: &str, body: String) -> http::Response<everwire::Body> {
    let request = Request::post(format!("/{path}")).body(Full::new(bytes::Bytes::from(body))).unwrap();
    service.clone().oneshot(request).await.unwrap()
}

/// Time is virtual and passes only when nothing has anything to do: what spins stops it.
fn in_virtual_time<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().start_paused(true).build().unwrap().block_on(test());
        let _ = done.send(());
    });
    is_done.recv_timeout(PATIENCE).expect("it spins, hangs or has failed");
}

#[test]
fn a_stream_that_nobody_reads_costs_no_work() {
    in_virtual_time(|| async {
        let wire = Everwire::with_config(timeless());
        let service = wire.service();
        let _stream = unread(&service, &wire).await;
        // Something for its driver to do.
        let body = r#"P{"session":"x","token":"x","received":0,"consumed":0}"#;
        let session = wire.fetch_sockets().await[0].session_id().to_owned();
        let body = body.replacen('x', &session, 1);
        assert_eq!(call(&service, "send", body).await.status(), 404);
        tokio::time::sleep(Duration::from_secs(1)).await;
    });
}

#[test]
fn posts_are_answered_while_the_stream_is_full() {
    in_virtual_time(|| async {
        let wire = Everwire::with_config(timeless());
        let service = wire.service();
        let stream = unread(&service, &wire).await;
        let (welcome, _rest) = first_lines(stream).await;
        let (session, token) = (value(&welcome, "session"), value(&welcome, "token"));
        let body = format!(
            r#"P{{"session":"{session}","token":"{token}","received":0,"consumed":0,"serial":2,"first":2}}"#
        );
        let answer =
            tokio::time::timeout(Duration::from_secs(60), call(&service, "send", body + "\ne[\"x\"]"));
        assert_eq!(answer.await.expect("the post hangs").status(), 200);
    });
}

/// Reads once: whatever is there.
async fn first_lines(stream: http::Response<everwire::Body>) -> (String, everwire::Body) {
    use http_body_util::BodyExt;
    let mut body = stream.into_body();
    let data = body.frame().await.unwrap().unwrap().into_data().unwrap();
    (String::from_utf8(data.to_vec()).unwrap(), body)
}
