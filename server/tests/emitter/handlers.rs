//! `on`, `once`, `off`, `on_any`, several handlers, event middleware, per-socket data.

use std::sync::Mutex;

use everwire::{Data, EventName, Payload, Socket};

use crate::{client, server};

#[tokio::test(start_paused = true)]
async fn once_is_once_and_off_is_off() {
    let wire = server(|socket| {
        socket.once("first", || async { 1 });
        socket.on("second", || async { 2 });
        socket.on("off", |socket: Socket| async move { socket.off("second") });
    });
    let mut client = client(&wire).await;
    assert_eq!(client.emit_with_ack::<i64>("first", ()).await, Ok(1));
    assert!(client.emit_with_ack::<i64>("first", ()).await.is_err());
    assert_eq!(client.emit_with_ack::<i64>("second", ()).await, Ok(2));
    client.emit_with_ack::<()>("off", ()).await.unwrap();
    assert!(client.emit_with_ack::<i64>("second", ()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn several_handlers_run_in_order_and_the_first_answer_counts() {
    let wire = server(|socket| {
        for number in 0..3 {
            socket.on("x", move |socket: Socket| async move { socket.emit("ran", number).await });
        }
        socket.on("x", || async { "first" });
        socket.on("x", || async { "second" });
    });
    let mut client = client(&wire).await;
    assert_eq!(client.emit_with_ack::<String>("x", ()).await.unwrap(), "first");
    for number in 0..3 {
        assert_eq!(client.next_event().await.unwrap().read::<i32>(), number);
    }
}

#[tokio::test(start_paused = true)]
async fn on_any_sees_all_until_off_any() {
    let wire = server(|socket| {
        socket.on_any(|socket: Socket, name: EventName, args: Payload| async move {
            socket.emit("seen", (name.to_string(), args.len())).await
        });
        socket.on("known", |socket: Socket| async move { socket.off_any() });
    });
    let mut client = client(&wire).await;
    client.emit("unknown", (1, 2, 3));
    client.emit_with_ack::<()>("known", ()).await.unwrap();
    client.emit("unknown", ());
    client.settle().await;
    assert_eq!(client.next_event().await.unwrap().read::<(String, usize)>(), ("unknown".into(), 3));
    assert_eq!(client.next_event().await.unwrap().read::<(String, usize)>(), ("known".into(), 0));
    assert_eq!(client.next_event().await, None);
}

#[tokio::test(start_paused = true)]
async fn an_event_must_pass_its_middleware() {
    let wire = server(|socket| socket.on("admin", || async { "welcome" }));
    wire.of("/").use_event_middleware(|socket: Socket, event: EventName| async move {
        tokio::task::yield_now().await;
        if &*event == "admin" && socket.data::<String>().is_none() { Err("who are you") } else { Ok(()) }
    });
    let mut client = client(&wire).await;
    let refused = client.emit_with_ack::<String>("admin", ()).await.unwrap_err();
    assert_eq!(refused.to_string(), "the client answered handler_error: who are you");
    wire.fetch_sockets().await[0].set_data("Ada".to_owned());
    assert_eq!(client.emit_with_ack::<String>("admin", ()).await.unwrap(), "welcome");
}

#[tokio::test(start_paused = true)]
async fn data_is_kept_with_the_socket_one_for_each_type() {
    let wire = server(|socket| {
        socket.set_data(Mutex::new(Vec::<i64>::new()));
        socket.set_data("former".to_owned());
        socket.set_data("text".to_owned());
        socket.on("push", |socket: Socket, Data(number): Data<i64>| async move {
            let list = socket.data::<Mutex<Vec<i64>>>().unwrap();
            let mut list = list.lock().unwrap();
            list.push(number);
            (list.clone(), socket.data::<String>().as_deref().cloned(), socket.data::<u8>().is_none())
        });
    });
    let (mut one, mut other) = (client(&wire).await, client(&wire).await);
    one.emit_with_ack::<Vec<i64>>("push", 1).await.unwrap();
    let (list, text, none) = one.emit_with_ack::<(Vec<i64>, String, bool)>("push", 2).await.unwrap();
    assert_eq!((list, text.as_str(), none), (vec![1, 2], "text", true));
    assert_eq!(other.emit_with_ack::<Vec<i64>>("push", 3).await.unwrap(), [3]);
}
