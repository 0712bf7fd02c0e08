//! The last words of a session reach its client, whatever is under way.

use everwire::{Everwire, Socket};

use super::*;

fn server() -> Everwire {
    let wire = Everwire::with_config(timeless());
    wire.on_connect(|socket: Socket| async move {
        socket.on("leave", |socket: Socket| async move {
            for _ in 0..20 {
                drop(socket.emit("last", "x".repeat(50_000)));
            }
            socket.disconnect("enough");
        });
    });
    wire
}

#[tokio::test]
async fn what_was_emitted_before_a_disconnect_arrives_before_it() {
    let address = start(&server(), Host::Own).await;
    let mut ws = Ws::open(address, 'w', 4 << 20).await;
    ws.send(r#"e["leave"]"#).await;
    for _ in 0..20 {
        assert!(ws.next().await.starts_with(r#"e["last""#));
    }
    assert!(ws.next().await.starts_with("l{"));
}

#[tokio::test]
async fn a_second_carrier_takes_over_and_the_first_is_told() {
    let address = start(&server(), Host::Own).await;
    let mut first = Ws::connect(address).await;
    first.send(open('t', 1 << 20)).await;
    first.send("c").await;
    let welcome = first.next().await;
    assert!(first.next().await.starts_with('o'));
    let (session, token) = (value(&welcome, "session"), value(&welcome, "token"));
    let attach = format!(
        r#"A{{"v":1,"attach":2,"session":"{session}","token":"{token}","received":1,"consumed":0,"window":1048576}}"#
    );
    let mut second = Ws::connect(address).await;
    second.send(attach.clone()).await;
    assert!(second.next().await.starts_with('W'));
    assert!(first.next().await.contains(r#""error":"taken_over""#));
    assert_eq!(first.next().await, "close 4002");
    // The same number once more changes nothing.
    let mut late = Ws::connect(address).await;
    late.send(attach).await;
    assert!(late.next().await.contains(r#""error":"stale""#));
    assert_eq!(late.next().await, "close 4003");
    second.send(r#"e1["nothing"]"#).await;
    assert!(second.next().await.starts_with("x1{"));
}

#[tokio::test]
async fn a_flood_that_nobody_reads_ends_the_session_and_the_next_attach_hears_why() {
    let mut config = timeless();
    (config.queue_bytes, config.max_payload) = (100_000, 100_000);
    let wire = Everwire::with_config(config);
    let address = start(&wire, Host::Own).await;
    let mut ws = Ws::connect(address).await;
    ws.send(open('f', 10_000)).await;
    ws.send("c").await;
    let welcome = ws.next().await;
    while wire.stats().sessions > 0 {
        drop(wire.emit("n", "x".repeat(1_000)));
        tokio::task::yield_now().await;
    }
    let end = loop {
        let packet = ws.next().await;
        if !packet.starts_with(['o', 'e']) {
            break packet;
        }
    };
    assert!(end.starts_with(r#"z{"code":"slow_consumer""#), "{end}");
    assert_eq!(ws.next().await, "close 4008");
    let (session, token) = (value(&welcome, "session"), value(&welcome, "token"));
    let attach = format!(
        r#"A{{"v":1,"attach":2,"session":"{session}","token":"{token}","received":1,"consumed":0,"window":10000}}"#
    );
    let answer = post(address, "long_polling", &attach).await;
    assert!(answer.body.contains("slow_consumer"), "{}", answer.body);
}
