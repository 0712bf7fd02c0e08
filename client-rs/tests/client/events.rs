//! What is emitted, answered and handled.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use everwire_client::{AckError, Connect, Data, EmitError, Payload, Socket, Transport, connect};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::*;
use crate::server::Server;

over_each_transport! {
    connects_and_says_its_auth
    a_thousand_events_each_way_arrive_in_order
    the_server_answers
    the_client_answers
    a_handler_may_wait_for_an_answer
    binary_travels_at_any_depth
    a_slow_handler_delays_nothing_but_events
    handlers_come_and_go
    volatile_events_arrive
}

async fn connects_and_says_its_auth(transport: Transport) {
    let (_server, proxy) = Server::proxied().await;
    for (namespace, auth) in [("/", json!({"token": "t"})), ("/chat", json!(7)), ("/", Value::Null)] {
        let builder = client(&proxy, transport).namespace(namespace).auth(&auth);
        let (builder, mut heard) = Heard::to(builder, &["connect", "auth"]);
        let socket = builder.open().unwrap();
        assert!(!heard.next::<Connect>("connect").await.recovered);
        assert_eq!(heard.next::<Value>("auth").await, auth);
        assert!(socket.connected() && socket.id().is_some_and(|id| !id.is_empty()));
        assert_eq!((socket.transport(), socket.namespace()), (Some(transport), namespace));
        socket.close();
        soon(socket.closed()).await;
        assert_eq!((socket.connected(), socket.id(), socket.transport()), (false, None, None));
    }
}

async fn a_thousand_events_each_way_arrive_in_order(transport: Transport) {
    let (_server, proxy) = Server::proxied().await;
    let (builder, mut heard) = Heard::to(client(&proxy, transport), &["echo"]);
    let socket = builder.open().unwrap();
    for number in 0..1_000 {
        socket.emit("seq", number).unwrap();
        socket.emit("echo", (number, "text")).unwrap();
    }
    for number in 0..1_000 {
        assert_eq!(heard.next::<(u64, String)>("echo").await, (number, "text".to_owned()));
    }
    let seen: Vec<u64> = soon(socket.emit_with_ack("seq-report", ())).await.unwrap();
    assert!(seen.into_iter().eq(0..1_000));
}

async fn the_server_answers(transport: Transport) {
    let (_server, proxy) = Server::proxied().await;
    let socket = client(&proxy, transport).open().unwrap();
    assert_eq!(soon(socket.emit_with_ack("answer", (1, "b"))).await, Ok((1, "b".to_owned())));
    assert_eq!(soon(socket.emit_with_ack("answer", ())).await, Ok(()));
    let failed: Result<(), _> = soon(socket.emit_with_ack("fail", ())).await;
    assert_eq!(failed, Err(AckError::Remote { code: "handler_error".into(), message: "no".into() }));
    let unknown: Result<(), _> = soon(socket.emit_with_ack("unheard of", ())).await;
    assert!(matches!(unknown, Err(AckError::Remote { code, .. }) if code == "no_handler"));
    let late: Result<(), _> = socket.emit_with_ack("never", ()).timeout(Duration::from_millis(1)).await;
    assert_eq!(late, Err(AckError::Timeout));
    let reserved: Result<(), _> = socket.emit_with_ack("connect", ()).await;
    assert_eq!(reserved, Err(AckError::Emit(EmitError::Event)));
    assert_eq!(socket.emit("x", "y".repeat(1_000_000)), Err(EmitError::TooLarge));
}

async fn the_client_answers(transport: Transport) {
    let (_server, proxy) = Server::proxied().await;
    let socket = client(&proxy, transport)
        .on("sum", |Data((a, b)): Data<(i64, i64)>| async move { a + b })
        .on("fails", || async { Err::<(), _>("no") })
        .on("panics", panics)
        .open()
        .unwrap();
    let bad = "the client answered bad_data: ";
    for (event, args, wanted) in [
        ("sum", json!([1, 2]), json!(bad)),
        ("fails", json!(null), json!({"error": "the client answered handler_error: no"})),
        ("panics", json!(null), json!({"error": "the client answered handler_panic: the handler panicked"})),
        (
            "other",
            json!(null),
            json!({"error": "the client answered no_handler: nothing handles this event"}),
        ),
    ] {
        let answer: Value = soon(socket.emit_with_ack("ask-me", (event, args))).await.unwrap();
        if wanted == bad {
            // One argument that is an array is not two.
            assert!(answer["error"].as_str().unwrap().starts_with(bad), "{answer}");
        } else {
            assert_eq!(answer, wanted);
        }
    }
    socket.off("sum");
    socket.on("sum", |Data(numbers): Data<Vec<i64>>| async move { numbers.into_iter().sum::<i64>() });
    let sum: i64 = soon(socket.emit_with_ack("ask-me", ("sum", [1, 2, 3]))).await.unwrap();
    assert_eq!(sum, 6);
}

async fn a_handler_may_wait_for_an_answer(transport: Transport) {
    let (_server, proxy) = Server::proxied().await;
    let (sender, mut answers) = mpsc::unbounded_channel();
    let builder = client(&proxy, transport).on("echo", move |socket: Socket, Data(number): Data<u64>| {
        let sender = sender.clone();
        async move { sender.send(socket.emit_with_ack::<u64>("answer", number).await).unwrap() }
    });
    let socket = builder.open().unwrap();
    socket.emit("echo", 5).unwrap();
    assert_eq!(soon(answers.recv()).await, Some(Ok(5)));
}

async fn panics() {
    panic!("asked to")
}

async fn binary_travels_at_any_depth(transport: Transport) {
    let (_server, proxy) = Server::proxied().await;
    let (builder, mut heard) = Heard::to(client(&proxy, transport), &["echo"]);
    let socket = builder.open().unwrap();
    let bytes = Bytes::from((0..=255).cycle().take(100_000).collect::<Vec<u8>>());
    let sent = ("a\n", vec![Some(bytes.clone()), None, Some(Bytes::new())]);
    socket.emit("echo", &sent).unwrap();
    let echoed: (String, Vec<Option<Bytes>>) = heard.next("echo").await;
    assert_eq!((&*echoed.0, &echoed.1), (sent.0, &sent.1));
    let answered: Payload = Payload::new(&sent).unwrap();
    let again: (String, Vec<Option<Bytes>>) = soon(socket.emit_with_ack("answer", &answered)).await.unwrap();
    assert_eq!(again, echoed);
}

async fn a_slow_handler_delays_nothing_but_events(transport: Transport) {
    let (_server, proxy) = Server::proxied().await;
    let (entered, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (enters, waits) = (entered.clone(), go_on.clone());
    let builder = client(&proxy, transport).window(65_536).once("drop", move || {
        let (entered, go_on) = (enters.clone(), waits.clone());
        async move {
            entered.notify_one();
            go_on.notified().await;
        }
    });
    let (builder, mut heard) = Heard::to(builder, &["drop"]);
    let socket = builder.open().unwrap();
    socket.emit("flood", (3, 20_000)).unwrap();
    soon(entered.notified()).await;
    // The handler runs and does not end; the session lives all the same.
    assert_eq!(soon(socket.emit_with_ack("answer", 1)).await, Ok(1));
    assert!(heard.0.try_recv().is_err(), "one handler at a time");
    go_on.notify_one();
    // Several times what the window holds.
    socket.emit("flood", (16, 20_000)).unwrap();
    for number in (0..3).chain(0..16) {
        assert_eq!(heard.next::<u64>("drop").await, number);
    }
}

async fn handlers_come_and_go(transport: Transport) {
    let (_server, proxy) = Server::proxied().await;
    let (builder, mut once) = Heard::to(client(&proxy, transport), &[]);
    let (builder, mut always) = Heard::to(builder, &["echo"]);
    let socket = builder.open().unwrap();
    let (sender, receiver) = mpsc::unbounded_channel();
    once.0 = receiver;
    let also = sender.clone();
    socket.once("echo", move |args: Payload| {
        sender.send(("once".to_owned(), args)).unwrap();
        async {}
    });
    let taken_off = socket.on("echo", move |args: Payload| {
        also.send(("taken off".to_owned(), args)).unwrap();
        async {}
    });
    socket.emit("echo", 1).unwrap();
    assert_eq!(always.next::<u64>("echo").await, 1);
    assert_eq!(once.next::<u64>("once").await, 1);
    assert_eq!(once.next::<u64>("taken off").await, 1);
    socket.off_handler(taken_off);
    socket.emit("echo", 2).unwrap();
    assert_eq!(always.next::<u64>("echo").await, 2);
    assert!(once.0.try_recv().is_err());
}

async fn volatile_events_arrive(transport: Transport) {
    let (_server, proxy) = Server::proxied().await;
    let (builder, mut heard) = Heard::to(client(&proxy, transport), &["connect", "echo"]);
    let socket = builder.open().unwrap();
    heard.next::<Connect>("connect").await;
    socket.volatile().emit("echo", "now").unwrap();
    assert_eq!(heard.next::<String>("echo").await, "now");
}

#[tokio::test]
async fn the_first_transport_that_carries_is_taken() {
    let mut config = everwire::Config::default();
    config.transports = vec![everwire::Transport::LongPolling];
    let server = Server::with(config).await;
    let builder = connect(format!("ws://{}/everwire/", server.address));
    let (builder, mut heard) = Heard::to(builder, &["connect", "transport", "connect_error"]);
    let socket = builder.open().unwrap();
    assert_eq!(heard.next::<Transport>("transport").await, Transport::LongPolling);
    heard.next::<Connect>("connect").await;
    assert_eq!(socket.transport(), Some(Transport::LongPolling));
}
