//! Binary values, at any depth, both ways.

use std::collections::BTreeMap;

use bytes::Bytes;
use everwire::{AckError, Data, Payload, Socket};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{client, server};

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Image {
    name: String,
    layers: Vec<Option<Bytes>>,
    meta: BTreeMap<String, Bytes>,
}

fn image() -> Image {
    Image {
        name: "\u{0}1".into(),
        layers: vec![Some(Bytes::from((0..=255).collect::<Vec<u8>>())), None, Some(Bytes::new())],
        meta: BTreeMap::from([("\u{0}0".into(), Bytes::from_static(b"\"\\\n\0"))]),
    }
}

#[tokio::test(start_paused = true)]
async fn it_comes_back_whether_read_or_passed_on() {
    let wire = server(|socket| {
        socket.on("typed", |Data((image, bytes)): Data<(Image, Bytes)>| async move { (image, bytes) });
        socket.on("raw", |args: Payload| async move { args });
        socket.on("echo", |socket: Socket, args: Payload| async move { socket.emit("echo", args).await });
        socket.on("bare", |Data(bytes): Data<Bytes>| async move { bytes });
    });
    let mut client = client(&wire).await;
    let bytes = Bytes::from_static(&[0xff, 0, 0x22, 0x5c]);
    for event in ["typed", "raw"] {
        let back: (Image, Bytes) = client.emit_with_ack(event, (image(), &bytes)).await.unwrap();
        assert_eq!(back, (image(), bytes.clone()), "{event}");
    }
    client.emit("echo", (1, &bytes, "text"));
    let echo = client.next_event().await.unwrap();
    assert_eq!(echo.args.attachments(), std::slice::from_ref(&bytes));
    assert_eq!(echo.read::<(u8, Bytes, String)>(), (1, bytes.clone(), "text".into()));
    assert_eq!(client.emit_with_ack::<Bytes>("bare", &bytes).await.unwrap(), bytes);
}

#[tokio::test(start_paused = true)]
async fn bytes_where_text_is_wanted_are_bad_data() {
    let wire = server(|socket| socket.on("text", |Data(value): Data<Value>| async move { value }));
    let mut client = client(&wire).await;
    let bytes = Bytes::from_static(&[0xff, 0xfe]);
    let answer = client.emit_with_ack::<Value>("text", json!({"a": 1})).await;
    assert_eq!(answer, Ok(json!({"a": 1})));
    let Err(AckError::Remote { code, .. }) = client.emit_with_ack::<Value>("text", bytes).await else {
        panic!()
    };
    assert_eq!(code, "bad_data");
}
