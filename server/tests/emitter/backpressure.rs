//! A client that does not read: emits wait, are tried, or end its session.

use everwire::{EmitError, Everwire};

use crate::client;

/// Half of what a session may have queued is 2 MiB: two of these and a bit.
const MEBIBYTE: usize = 1 << 20;

#[tokio::test(start_paused = true)]
async fn an_awaited_emit_waits_for_room() {
    let wire = Everwire::new();
    let mut client = client(&wire).await;
    let socket = wire.fetch_sockets().await.remove(0);
    let big = "x".repeat(MEBIBYTE);
    let emitting = tokio::spawn(async move {
        for number in 0..20 {
            socket.emit("big", (number, &big)).await?;
        }
        Ok::<_, EmitError>(())
    });
    for number in 0..20 {
        let (got, _) = client.next_event().await.unwrap().read::<(i32, String)>();
        assert_eq!(got, number);
    }
    assert_eq!(emitting.await.unwrap(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn without_waiting_it_is_tried_then_forced_then_over() {
    let wire = Everwire::new();
    let mut client = client(&wire).await;
    let socket = wire.fetch_sockets().await.remove(0);
    let big = "x".repeat(MEBIBYTE);
    for _ in 0..2 {
        socket.try_emit("big", &big).unwrap();
    }
    assert_eq!(socket.try_emit("big", &big), Err(EmitError::Full));
    // Dropped unsent it is sent all the same.
    drop(socket.emit("big", &big));
    let waiting = socket.emit("big", &big);
    assert!(client.next_event().await.is_some());
    drop(waiting);
    for _ in 0..3 {
        assert!(client.next_event().await.is_some());
    }
    for _ in 0..5 {
        drop(socket.emit("big", &big));
    }
    assert_eq!(client.end().await.unwrap().code, "slow_consumer");
    assert_eq!(socket.emit("x", ()).await, Err(EmitError::Closed));
}

#[tokio::test(start_paused = true)]
async fn of_what_waits_under_a_key_the_latest_is_kept() {
    let wire = Everwire::new();
    let mut client = client(&wire).await;
    let socket = wire.fetch_sockets().await.remove(0);
    let big = "x".repeat(MEBIBYTE);
    for round in 0..20 {
        // Together far more than a queue may hold.
        socket.latest("big").emit("big", (round, &big)).await.unwrap();
        wire.latest("small").emit("small", round).await;
        wire.of("/").to("nobody").latest("small").emit("small", "not for us").await;
        if round == 0 {
            socket.emit("between", ()).await.unwrap();
        }
    }
    assert_eq!(client.next_event().await.unwrap().read::<(u32, String)>().0, 19);
    assert_eq!(client.next_event().await.unwrap().read::<u32>(), 19);
    assert_eq!(client.next_event().await.unwrap().name, "between");
    socket.latest("big").emit("big", (20, "")).await.unwrap();
    assert_eq!(client.next_event().await.unwrap().read::<(u32, String)>().0, 20);
}
