use everwire::AckError;
use everwire::testing::{TestClient, TestEvent};
use serde_json::{Value, json};

use super::*;

fn chat() -> Everwire {
    let wire = Everwire::new();
    install(&wire);
    wire
}

async fn client(wire: &Everwire, room: &str, name: &str) -> TestClient {
    let auth = json!({"room": room, "name": name});
    TestClient::connect(wire, "/", auth).await.unwrap()
}

/// Names of who is there, after the client has entered a room.
async fn entered(client: &mut TestClient, room: &str) -> Vec<String> {
    let event = client.next_event().await.unwrap();
    assert_eq!(event.name, "entered");
    let (entered, people) = event.read::<(String, Vec<Value>)>();
    assert_eq!(entered, room);
    let mut names: Vec<_> = people.iter().map(|person| person["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

async fn next(client: &mut TestClient) -> (String, Value) {
    let TestEvent { name, args, .. } = client.next_event().await.unwrap();
    (name, args.read::<Value>().unwrap()["name"].clone())
}

fn refusal(answer: Result<Value, AckError>) -> String {
    match answer {
        Err(AckError::Remote { code, message }) if code == "handler_error" => message,
        other => panic!("{other:?} is no refusal"),
    }
}

#[tokio::test(start_paused = true)]
async fn people_see_each_other_come_talk_and_go() {
    let wire = chat();
    let mut ada = client(&wire, "tea", " Ada ").await;
    assert_eq!(entered(&mut ada, "tea").await, ["Ada"]);
    let mut bob = client(&wire, "tea", "Bob").await;
    assert_eq!(entered(&mut bob, "tea").await, ["Ada", "Bob"]);
    assert_eq!(next(&mut ada).await, ("came".into(), json!("Bob")));

    bob.emit("say", "hello");
    let said = ada.next_event().await.unwrap();
    let (from, text) = said.read::<(Value, String)>();
    assert_eq!((said.name.as_str(), &from["name"], text.as_str()), ("said", &json!("Bob"), "hello"));
    assert_eq!(from["id"], json!(bob.id()));

    bob.disconnect().await;
    assert_eq!(next(&mut ada).await, ("left".into(), json!("Bob")));
}

#[tokio::test(start_paused = true)]
async fn rooms_are_apart_and_left_when_another_is_entered() {
    let wire = chat();
    let mut ada = client(&wire, "tea", "Ada").await;
    let mut bob = client(&wire, "tea", "Bob").await;
    assert_eq!(entered(&mut ada, "tea").await, ["Ada"]);
    assert_eq!(next(&mut ada).await, ("came".into(), json!("Bob")));
    assert_eq!(entered(&mut bob, "tea").await, ["Ada", "Bob"]);

    bob.emit("enter", ("coffee", "Bob"));
    assert_eq!(entered(&mut bob, "coffee").await, ["Bob"]);
    bob.emit("say", "only here");
    bob.emit("enter", ("tea", "Bobby"));
    assert_eq!(entered(&mut bob, "tea").await, ["Ada", "Bobby"]);
    assert_eq!(next(&mut ada).await, ("left".into(), json!("Bob")));
    assert_eq!(next(&mut ada).await, ("came".into(), json!("Bobby")));
}

#[tokio::test(start_paused = true)]
async fn a_picture_arrives_byte_for_byte_and_typing_is_told() {
    let wire = chat();
    let mut bob = client(&wire, "tea", "Bob").await;
    let ada = client(&wire, "tea", "Ada").await;
    entered(&mut bob, "tea").await;
    assert_eq!(next(&mut bob).await, ("came".into(), json!("Ada")));
    ada.emit_volatile("typing", ());
    assert_eq!(next(&mut bob).await, ("typing".into(), json!("Ada")));

    let bytes = Bytes::from((0..=255u8).collect::<Vec<_>>());
    ada.emit("picture", (&bytes, "image/png"));
    let (_, received, kind) = bob.next_event().await.unwrap().read::<(Value, Bytes, String)>();
    assert_eq!((received, kind.as_str()), (bytes, "image/png"));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_is_refused_with_a_reason() {
    let wire = chat();
    let nameless = TestClient::connect(&wire, "/", json!({"room": "tea", "name": "  "})).await;
    assert!(nameless.is_err_and(|denied| denied.message.contains("name")));

    let mut ada = client(&wire, "tea", "Ada").await;
    assert!(refusal(ada.emit_with_ack("enter", ("x".repeat(MAX_NAME + 1), "Ada")).await).contains("room"));
    assert!(refusal(ada.emit_with_ack("say", "x".repeat(MAX_TEXT + 1)).await).contains("2000"));
    let small = Bytes::from_static(b"x");
    assert!(refusal(ada.emit_with_ack("picture", (small, "image/svg+xml")).await).contains("PNG"));
    let large = Bytes::from(vec![0; MAX_PICTURE + 1]);
    assert!(refusal(ada.emit_with_ack("picture", (large, "image/png")).await).contains("600 KB"));
}
