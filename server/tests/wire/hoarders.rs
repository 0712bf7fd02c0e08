//! What all sessions together make the server hold has a bound: who takes more than its part of it is ended, and the others stay.

use everwire::{EmitError, Socket};
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, FrameHeader};

use super::*;

const ROOM: usize = 400_000;

fn server() -> Everwire {
    let mut config = timeless();
    config.sessions_bytes = ROOM;
    let wire = Everwire::with_config(config);
    wire.on_connect(|socket: Socket| async move {
        socket.on("stuck", |_: Socket| std::future::pending::<()>());
        socket.on("waiting", |_: Socket| async {});
    });
    wire
}

/// The next packet that is neither event nor counts.
async fn word(ws: &mut Ws) -> String {
    loop {
        let packet = ws.next().await;
        if !packet.starts_with(['e', 'n']) {
            return packet;
        }
    }
}

async fn is_ended_as_full(ws: &mut Ws) {
    let end = word(ws).await;
    assert!(end.starts_with(r#"z{"code":"full""#), "{end}");
    assert_eq!(ws.next().await, "close 1013");
}

async fn is_well(ws: &mut Ws) {
    ws.send(r#"e7["nobody"]"#).await;
    assert!(word(ws).await.starts_with("x7{"));
}

#[tokio::test]
async fn a_queue_above_its_part_ends_its_session_and_no_other() {
    let wire = server();
    let address = start(&wire, Host::Own).await;
    // None of them confirms anything.
    let mut modest = Ws::open(address, 'm', 1 << 20).await;
    let modest_socket = wire.fetch_sockets().await.remove(0);
    modest_socket.emit("some", "x".repeat(50_000)).await.unwrap();
    let mut greedy = Ws::open(address, 'g', 1 << 20).await;
    let greedy_socket =
        wire.fetch_sockets().await.into_iter().find(|socket| socket.id() != modest_socket.id()).unwrap();
    let end = loop {
        if let Err(error) = greedy_socket.emit("more", "x".repeat(10_000)).await {
            break error;
        }
    };
    assert_eq!(end, EmitError::Full);
    is_ended_as_full(&mut greedy).await;
    modest_socket.emit("some", "x".repeat(10_000)).await.unwrap();
    is_well(&mut modest).await;
}

#[tokio::test]
async fn events_that_wait_for_a_handler_count_and_are_dropped_with_their_session() {
    let address = start(&server(), Host::Own).await;
    let mut modest = Ws::open(address, 'm', 1 << 20).await;
    // The room that one has taken is free for the next, although the handler of each is stuck for good.
    for letter in ['a', 'b', 'c'] {
        let mut greedy = Ws::open(address, letter, 1 << 20).await;
        greedy.send(r#"e["stuck"]"#).await;
        greedy.send(format!(r#"e["waiting","{}"]"#, "x".repeat(ROOM / 4))).await;
        greedy.send(r#"e/nowhere,1["answered"]"#).await;
        assert!(word(&mut greedy).await.starts_with("x/nowhere,1{"));
        for _ in 0..4 {
            greedy.send(format!(r#"e["waiting","{}"]"#, "x".repeat(ROOM / 4))).await;
        }
        is_ended_as_full(&mut greedy).await;
    }
    is_well(&mut modest).await;
}

#[tokio::test]
async fn messages_that_are_not_whole_count() {
    let address = start(&server(), Host::Own).await;
    let mut modest = Ws::open(address, 'm', 1 << 20).await;
    let mut greedy = Ws::open(address, 'g', 1 << 20).await;
    let header = FrameHeader { opcode: OpCode::Data(Data::Text), is_final: false, ..FrameHeader::default() };
    let begun = Frame::from_payload(header, "x".repeat(ROOM * 2).into());
    greedy.0.send(Message::Frame(begun)).await.unwrap();
    is_ended_as_full(&mut greedy).await;
    is_well(&mut modest).await;
}

#[tokio::test]
async fn what_is_confirmed_or_handled_makes_room() {
    let address = start(&server(), Host::Own).await;
    let mut ws = Ws::open(address, 'w', 1 << 20).await;
    for number in 1..=20 {
        ws.send(format!(r#"e{number}["waiting","{}"]"#, "x".repeat(ROOM / 4))).await;
        assert!(word(&mut ws).await.starts_with(&format!("a{number}[")));
        ws.send(format!("n{},0", number + 1)).await;
    }
    is_well(&mut ws).await;
}

#[tokio::test]
async fn a_first_frame_is_small_and_those_behind_it_need_not_be() {
    let wire = Everwire::with_config(timeless());
    let address = start(&wire, Host::Own).await;
    let mut ws = Ws::connect(address).await;
    ws.send(format!("A{}", " ".repeat(20_000))).await;
    assert_eq!(ws.next().await, "close 1009");
    let mut ws = Ws::connect(address).await;
    // In one write, so that they are read together.
    ws.0.feed(Message::text(open('f', 1 << 20))).await.unwrap();
    ws.0.feed(Message::text("c")).await.unwrap();
    ws.0.feed(Message::text(format!(r#"e1["nobody","{}"]"#, "x".repeat(100_000)))).await.unwrap();
    ws.0.flush().await.unwrap();
    assert!(ws.next().await.starts_with('W'));
    assert!(ws.next().await.starts_with('o'));
    assert!(ws.next().await.starts_with("x1{"));
}

#[tokio::test]
async fn a_broadcast_counts_once_for_all_its_receivers() {
    let wire = server();
    let address = start(&wire, Host::Own).await;
    let mut all = Vec::new();
    for letter in 'a'..='j' {
        all.push(Ws::open(address, letter, 1 << 20).await);
    }
    for _ in 0..18 {
        wire.emit("news", "x".repeat(10_000)).await;
    }
    for ws in &mut all {
        is_well(ws).await;
    }
}
