//! Arguments that do not fit are answered, and the handler is not called.

use everwire::{AckError, Data, EventName, Everwire, Handshake, Namespace, Payload, Socket, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{client, server};

#[derive(Deserialize)]
struct Chat {
    text: String,
    #[serde(default)]
    to: Option<String>,
}

fn wire() -> Everwire {
    server(|socket| {
        socket.on("text", |Data(text): Data<String>| async move { text });
        socket.on("add", |Data((a, b)): Data<(i64, i64)>| async move { a + b });
        socket.on("sum", |Data(list): Data<Vec<i64>>| async move { list.iter().sum::<i64>() });
        socket.on("chat", |Data(chat): Data<Chat>| async move { (chat.text, chat.to) });
        socket.on("state", |State(_): State<u8>| async move {});
        socket.on("place", |event: EventName, namespace: Namespace, args: Payload| async move {
            (event.to_string(), namespace.name().to_owned(), args.len())
        });
    })
}

#[tokio::test(start_paused = true)]
async fn a_tuple_is_all_arguments_and_anything_else_the_first() {
    let mut client = client(&wire()).await;
    assert_eq!(client.emit_with_ack::<String>("text", "hello").await.unwrap(), "hello");
    assert_eq!(client.emit_with_ack::<String>("text", ("hello", "more")).await.unwrap(), "hello");
    assert_eq!(client.emit_with_ack::<i64>("add", (1, 2)).await.unwrap(), 3);
    assert_eq!(client.emit_with_ack::<i64>("sum", vec![1, 2, 3]).await.unwrap(), 6);
    let chat = client.emit_with_ack::<(String, Option<String>)>("chat", json!({"text": "hi"})).await.unwrap();
    assert_eq!(chat, ("hi".into(), None));
    assert_eq!(
        client.emit_with_ack::<(String, String, usize)>("place", (1, 2)).await.unwrap(),
        ("place".into(), "/".into(), 2)
    );
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_is_bad_data() {
    let mut client = client(&wire()).await;
    for (event, args) in [
        ("text", Payload::new(7).unwrap()),
        ("text", Payload::new(()).unwrap()),
        ("add", Payload::new(1).unwrap()),
        ("add", Payload::new((1, "2")).unwrap()),
        ("add", Payload::new(vec![1, 2]).unwrap()),
        ("sum", Payload::new((1, 2)).unwrap()),
        ("chat", Payload::new(json!({"txt": "hi"})).unwrap()),
    ] {
        let Err(AckError::Remote { code, message }) = client.emit_with_ack::<Value>(event, &args).await
        else {
            panic!("{event} takes {args:?}")
        };
        assert_eq!(code, "bad_data");
        assert!(!message.is_empty());
        client.emit(event, &args);
        let error = client.next_error().await.unwrap();
        assert_eq!((error.code.as_str(), error.event.as_deref()), ("bad_data", Some(event)));
    }
    assert_eq!(client.emit_with_ack::<String>("text", "lives").await.unwrap(), "lives");
}

#[tokio::test(start_paused = true)]
async fn a_state_comes_from_the_server_and_its_lack_is_the_servers_error() {
    let mut without = client(&wire()).await;
    let Err(AckError::Remote { code, .. }) = without.emit_with_ack::<()>("state", ()).await else { panic!() };
    assert_eq!(code, "handler_error");

    let wire = Everwire::new().with_state(7u8).with_state("text");
    wire.on_connect(|socket: Socket| async move {
        socket.on("both", |State(number): State<u8>, State(text): State<&'static str>| async move {
            (number, text)
        });
    });
    let mut with = client(&wire).await;
    assert_eq!(with.emit_with_ack::<(u8, String)>("both", ()).await.unwrap(), (7, "text".into()));
}

#[tokio::test(start_paused = true)]
async fn the_handshake_has_the_auth() {
    let wire = Everwire::new();
    wire.on_connect(|socket: Socket, handshake: Handshake, Data(auth): Data<Option<Value>>| async move {
        socket.emit("auth", (handshake.auth_json(), handshake.auth::<Option<Value>>().unwrap(), auth)).await
    });
    let auth = json!({"token": "t"});
    let mut client = everwire::testing::TestClient::connect(&wire, "/", &auth).await.unwrap();
    let event = client.next_event().await.unwrap();
    assert_eq!(event.read::<(String, Value, Value)>(), (r#"{"token":"t"}"#.into(), auth.clone(), auth));
    let mut client = crate::client(&wire).await;
    let event = client.next_event().await.unwrap();
    assert_eq!(event.read::<(String, Value, Value)>(), ("null".into(), Value::Null, Value::Null));
}
