//! Acks both ways: answers, errors, time-outs, limits.

use std::time::Duration;

use everwire::testing::TestClient;
use everwire::{Ack, AckError, Config, Data, EmitError, Everwire, Payload, Socket};
use serde_json::{Value, json};

use crate::{client, server};

#[tokio::test(start_paused = true)]
async fn a_return_value_is_the_ack() {
    #[derive(serde::Serialize)]
    struct Seat {
        row: u32,
    }
    let wire = server(|socket| {
        socket.on("nothing", || async {});
        socket.on("true", || async { true });
        socket.on("pair", || async { (1, "two") });
        socket.on("list", || async { vec![1, 2] });
        socket.on("struct", || async { Data(Seat { row: 3 }) });
        socket.on("same", |args: Payload| async { args });
        socket.on("ok", || async { Ok::<_, String>(1) });
        socket.on("err", || async { Err::<(), _>("no".to_owned()) });
        socket.on("parse", || async { "x".parse::<i64>() });
    });
    let mut client = client(&wire).await;
    for (event, expected) in [
        ("nothing", json!([])),
        ("true", json!([true])),
        ("pair", json!([1, "two"])),
        ("list", json!([[1, 2]])),
        ("struct", json!([{"row": 3}])),
        ("same", json!([7, [8]])),
        ("ok", json!([1])),
    ] {
        let answer: All = client.emit_with_ack(event, (7, [8].as_slice())).await.unwrap();
        assert_eq!(answer.0, expected, "{event}");
    }
    for event in ["err", "parse"] {
        let Err(AckError::Remote { code, message }) = client.emit_with_ack::<Value>(event, ()).await else {
            panic!()
        };
        assert_eq!(code, "handler_error");
        assert_eq!(message, if event == "err" { "no" } else { "invalid digit found in string" });
    }
}

/// All values of an ack, up to three.
#[derive(serde::Deserialize)]
#[serde(from = "(Option<Value>, Option<Value>, Option<Value>)")]
struct All(Value);

impl From<(Option<Value>, Option<Value>, Option<Value>)> for All {
    fn from((a, b, c): (Option<Value>, Option<Value>, Option<Value>)) -> Self {
        Self([a, b, c].into_iter().flatten().collect())
    }
}

#[tokio::test(start_paused = true)]
async fn an_ack_is_answered_once_and_may_be_answered_later() {
    let wire = server(|socket| {
        socket.on("early", |ack: Ack| async move {
            ack.send("early").unwrap();
            "too late"
        });
        socket.on("later", |ack: Ack| async move {
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                ack.send("later").unwrap();
            });
        });
        socket.on("fail", |ack: Ack| async move { ack.fail("no").unwrap() });
        socket.on("wanted", |socket: Socket, ack: Ack| async move {
            socket.emit("wanted", ack.is_wanted()).await
        });
    });
    let mut client = client(&wire).await;
    assert_eq!(client.emit_with_ack::<String>("early", ()).await.unwrap(), "early");
    assert_eq!(client.emit_with_ack::<String>("later", ()).await.unwrap(), "later");
    assert!(
        matches!(client.emit_with_ack::<String>("fail", ()).await, Err(AckError::Remote { message, .. }) if message == "no")
    );
    client.emit("wanted", ());
    assert!(!client.next_event().await.unwrap().read::<bool>());
}

#[tokio::test(start_paused = true)]
async fn nobody_handles_it() {
    let wire = Everwire::new();
    let mut client = client(&wire).await;
    let Err(AckError::Remote { code, .. }) = client.emit_with_ack::<()>("unknown", ()).await else {
        panic!()
    };
    assert_eq!(code, "no_handler");
    client.emit("unknown", ());
    client.settle().await;
    assert_eq!(client.next_error().await, None);
}

async fn pair() -> (TestClient, Socket) {
    let wire = Everwire::new();
    let client = client(&wire).await;
    let socket = wire.fetch_sockets().await.remove(0);
    (client, socket)
}

#[tokio::test(start_paused = true)]
async fn the_server_asks_and_is_answered() {
    let (mut client, socket) = pair().await;
    let asked = tokio::spawn(async move { socket.emit_with_ack::<(i64, String)>("ask", ("a", 1)).await });
    let question = client.next_event().await.unwrap();
    assert_eq!(question.read::<(String, i64)>(), ("a".into(), 1));
    client.ack(&question, (1, "two"));
    client.ack(&question, (3, "again: it is dropped"));
    assert_eq!(asked.await.unwrap(), Ok((1, "two".into())));
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_another_type_is_an_error() {
    let (mut client, socket) = pair().await;
    let asked = tokio::spawn(async move { socket.emit_with_ack::<i64>("ask", ()).await });
    let question = client.next_event().await.unwrap();
    client.ack(&question, "text");
    assert!(matches!(asked.await.unwrap(), Err(AckError::Data(_))));
}

#[tokio::test(start_paused = true)]
async fn no_answer_in_time_is_an_error_and_a_late_one_is_dropped() {
    let (mut client, socket) = pair().await;
    let begin = tokio::time::Instant::now();
    let asked = socket.emit_with_ack::<i64>("ask", ()).timeout(Duration::from_secs(5)).await;
    assert_eq!(asked, Err(AckError::Timeout));
    assert_eq!(begin.elapsed(), Duration::from_secs(5));
    let question = client.next_event().await.unwrap();
    client.ack(&question, 1);
    client.settle().await;
    assert!(socket.is_connected());
}

#[tokio::test(start_paused = true)]
async fn the_end_fails_what_is_pending() {
    let (client, socket) = pair().await;
    let asked = socket.emit_with_ack::<i64>("ask", ());
    client.disconnect().await;
    assert_eq!(asked.await, Err(AckError::SessionEnded));
    assert_eq!(socket.emit_with_ack::<i64>("ask", ()).await, Err(AckError::SessionEnded));

    let (_client, socket) = pair().await;
    let asked = socket.emit_with_ack::<i64>("ask", ());
    socket.disconnect("enough");
    assert_eq!(asked.await, Err(AckError::SessionEnded));
}

#[tokio::test(start_paused = true)]
async fn pending_acks_are_bounded_and_forgotten() {
    let (_client, socket) = pair().await;
    let pending: Vec<_> = (0..1_000).map(|_| socket.emit_with_ack::<()>("ask", ())).collect();
    assert_eq!(socket.emit_with_ack::<()>("ask", ()).await, Err(AckError::Emit(EmitError::PendingAcks)));
    drop(pending);
    let asked = socket.emit_with_ack::<()>("ask", ()).timeout(Duration::from_secs(1));
    assert_eq!(asked.await, Err(AckError::Timeout));
}

/// Sockets of this server answer nothing, but keep the right to.
fn debtor(max: usize) -> (Everwire, tokio::sync::mpsc::UnboundedReceiver<Ack>) {
    let mut config = Config::default();
    config.pending_acks = max;
    let wire = Everwire::with_config(config);
    let (sender, kept) = tokio::sync::mpsc::unbounded_channel();
    wire.on_connect(move |socket: Socket| {
        let sender = sender.clone();
        socket.on("keep", move |ack: Ack| {
            let _ = sender.send(ack);
            async {}
        });
        socket.on("add", |Data((a, b)): Data<(i64, i64)>| async move { a + b });
        async {}
    });
    (wire, kept)
}

fn too_many() -> Result<i64, AckError> {
    Err(AckError::Remote { code: "pending_acks".into(), message: String::new() })
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_for_as_many_answers_as_it_may_gets_no_further_question_in() {
    let (wire, mut kept) = debtor(2);
    let mut client = client(&wire).await;
    for number in 0..3 {
        assert_eq!(
            client.emit_with_ack("add", (number, 1)).await,
            Ok(number + 1),
            "those answered do not count"
        );
    }
    // Not polled longer than it takes to send: the answers do not come.
    for _ in 0..2 {
        let _ = tokio::time::timeout(Duration::from_millis(1), client.emit_with_ack::<()>("keep", ())).await;
    }
    assert_eq!(client.emit_with_ack("add", (1, 1)).await, too_many());
    client.emit("add", (1, 1));
    let first = kept.recv().await.unwrap();
    assert_eq!(client.emit_with_ack("add", (2, 2)).await, too_many());
    first.send(()).unwrap();
    assert_eq!(client.emit_with_ack("add", (2, 2)).await, Ok(4));
    // One that is dropped will never be answered, so it is not waited for.
    drop(kept.recv().await.unwrap());
    let _ = tokio::time::timeout(Duration::from_millis(1), client.emit_with_ack::<()>("keep", ())).await;
    assert_eq!(client.emit_with_ack("add", (3, 3)).await, Ok(6));
    assert!(client.next_error().await.is_none(), "an event without an answer is never refused for that");
}

#[tokio::test(start_paused = true)]
async fn questions_that_are_dropped_unheard_are_not_waited_for() {
    let (wire, _kept) = debtor(2);
    let mut main = client(&wire).await;
    wire.of("/other").on_connect(|socket: Socket| async move {
        socket.on("slow", || tokio::time::sleep(Duration::from_secs(1)));
    });
    let mut other = main.namespace("/other", ()).await.unwrap();
    for _ in 0..2 {
        let _ = tokio::time::timeout(Duration::from_millis(1), other.emit_with_ack::<()>("slow", ())).await;
    }
    assert_eq!(main.emit_with_ack("add", (1, 2)).await, too_many(), "it is the session's limit");
    wire.of("/other").disconnect_sockets("enough");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(
        main.emit_with_ack("add", (1, 2)).await,
        Ok(3),
        "one is over, what waited behind it is dropped"
    );
    for bad in ["", "connect"] {
        for _ in 0..3 {
            let answer = main.emit_with_ack::<()>(bad, ()).await;
            assert!(matches!(answer, Err(AckError::Remote { code, .. }) if code != "pending_acks"));
        }
    }
    for _ in 0..3 {
        let nowhere = main.early("/nowhere").emit_with_ack::<()>("x", ()).await;
        assert!(matches!(nowhere, Err(AckError::Remote { code, .. }) if code == "unknown_namespace"));
    }
}
