//! Rooms: unions, exceptions, limits, and what acts on their members.

use everwire::testing::TestClient;
use everwire::{Data, EmitError, Everwire, RoomError, Socket};

use crate::{client, server};

/// A server with clients that are in these rooms.
async fn with_members(rooms: &[&[&'static str]]) -> (Everwire, Vec<(TestClient, Socket)>) {
    let wire = server(|_| ());
    let mut members = Vec::new();
    for rooms in rooms {
        let client = client(&wire).await;
        let socket =
            wire.fetch_sockets().await.into_iter().find(|socket| socket.id() == client.id()).unwrap();
        rooms.iter().for_each(|room| socket.join(room).unwrap());
        members.push((client, socket));
    }
    (wire, members)
}

/// How many events each has received.
async fn received(members: &mut [(TestClient, Socket)]) -> Vec<usize> {
    let mut counts = Vec::new();
    for (client, socket) in members {
        socket.emit("last", ()).await.unwrap();
        let mut count = 0;
        while client.next_event().await.unwrap().name != "last" {
            count += 1;
        }
        counts.push(count);
    }
    counts
}

#[tokio::test(start_paused = true)]
async fn each_receives_once_however_many_rooms_it_is_in() {
    let (wire, mut members) = with_members(&[&["a", "b"], &["a"], &["b", "c"], &[], &["a", "b", "c"]]).await;
    wire.to("a").emit("x", ()).await;
    assert_eq!(received(&mut members).await, [1, 1, 0, 0, 1]);
    wire.to("a").to("b").emit("x", ());
    assert_eq!(received(&mut members).await, [1, 1, 1, 0, 1]);
    wire.to("a").to("b").except("c").emit("x", ());
    assert_eq!(received(&mut members).await, [1, 1, 0, 0, 0]);
    wire.except("a").emit("x", ());
    assert_eq!(received(&mut members).await, [0, 0, 1, 1, 0]);
    wire.emit("x", ());
    wire.volatile().emit("x", ());
    assert_eq!(received(&mut members).await, [2, 2, 2, 2, 2]);
    wire.to("nobody").emit("x", ());
    wire.to("a").except("a").emit("x", ());
    assert_eq!(received(&mut members).await, [0; 5]);
}

#[tokio::test(start_paused = true)]
async fn from_a_socket_it_is_for_the_others() {
    let (_wire, mut members) = with_members(&[&["a"], &["a"], &[]]).await;
    let socket = members[0].1.clone();
    socket.to("a").emit("x", ());
    assert_eq!(received(&mut members).await, [0, 1, 0]);
    socket.broadcast().emit("x", ());
    assert_eq!(received(&mut members).await, [0, 1, 1]);
    socket.except("a").emit("x", ());
    assert_eq!(received(&mut members).await, [0, 0, 1]);
    members[2].1.to("a").emit("x", ());
    assert_eq!(received(&mut members).await, [1, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn membership_stays_right_through_joins_and_leaves() {
    let (wire, members) = with_members(&[&[], &[], &[], &[]]).await;
    let sockets: Vec<Socket> = members.iter().map(|(_, socket)| socket.clone()).collect();
    let mut expected = vec![std::collections::BTreeSet::new(); 4];
    let mut seed = 7u32;
    for _ in 0..2_000 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (who, room) = ((seed >> 10) as usize % 4, format!("{}", (seed >> 20) % 5));
        if (seed >> 28).is_multiple_of(2) {
            sockets[who].join(&room).unwrap();
            expected[who].insert(room);
        } else {
            sockets[who].leave(&room);
            expected[who].remove(&room);
        }
        let mut rooms = sockets[who].rooms();
        rooms.sort();
        assert_eq!(rooms, expected[who].iter().cloned().collect::<Vec<_>>());
    }
    for room in 0..5 {
        let room = room.to_string();
        let mut ids: Vec<_> =
            wire.to(&room).fetch_sockets().await.iter().map(|socket| socket.id().to_owned()).collect();
        let mut inside: Vec<_> = (0..4)
            .filter(|who| expected[*who].contains(&room))
            .map(|who| sockets[who].id().to_owned())
            .collect();
        ids.sort();
        inside.sort();
        assert_eq!(ids, inside);
    }
}

#[tokio::test(start_paused = true)]
async fn rooms_and_their_names_are_bounded() {
    let (_wire, members) = with_members(&[&[]]).await;
    let socket = &members[0].1;
    assert_eq!(socket.join("x".repeat(257)), Err(RoomError::Name));
    socket.join("x".repeat(256)).unwrap();
    (1..1_000).for_each(|number| socket.join(number.to_string()).unwrap());
    assert_eq!(socket.join("one more"), Err(RoomError::TooMany));
    socket.join("1").unwrap();
    socket.leave("1");
    socket.join("one more").unwrap();
    assert_eq!(socket.rooms().len(), 1_000);
}

#[tokio::test(start_paused = true)]
async fn names_of_object_prototypes_are_names_like_others() {
    let (wire, mut members) = with_members(&[&["__proto__", "constructor", ""], &[]]).await;
    for room in ["__proto__", "constructor", ""] {
        wire.to(room).emit("x", ());
        assert_eq!(received(&mut members).await, [1, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn whole_rooms_join_leave_and_go() {
    let (wire, mut members) = with_members(&[&["a"], &["a"], &[]]).await;
    wire.to("a").sockets_join("b");
    assert_eq!(wire.to("b").fetch_sockets().await.len(), 2);
    wire.to("b").sockets_leave("a");
    assert_eq!(wire.to("a").fetch_sockets().await.len(), 0);
    members[0].1.to("b").disconnect_sockets("out");
    let end = members[1].0.end().await.unwrap();
    assert_eq!((end.code.as_str(), end.reason.as_deref()), ("server_disconnect", Some("out")));
    members[1].0.settle().await;
    assert_eq!(wire.fetch_sockets().await.len(), 2);
    assert!(members[0].1.is_connected());
}

#[tokio::test(start_paused = true)]
async fn a_handle_that_outlived_its_socket_touches_no_other() {
    let (wire, mut members) = with_members(&[&["a"]]).await;
    let (client, old) = members.remove(0);
    let broadcast = old.broadcast();
    client.disconnect().await;
    assert_eq!(old.join("a"), Err(RoomError::Closed));
    assert_eq!(old.emit("x", ()).await, Err(EmitError::Closed));
    old.leave("a");
    assert!(old.rooms().is_empty());
    // The next one sits where the old one sat, and is no exception of the old one's broadcast.
    let mut new = crate::client(&wire).await;
    broadcast.emit("x", 1);
    assert_eq!(new.next_event().await.unwrap().read::<i32>(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_long_broadcast_reaches_all_whether_awaited_or_not() {
    let wire = server(|socket| {
        socket.on("all", |socket: Socket, Data(awaited): Data<bool>| async move {
            let delivery = socket.broadcast().emit("x", awaited);
            if awaited {
                delivery.await;
            }
        });
    });
    let mut clients = Vec::new();
    for _ in 0..600 {
        clients.push(client(&wire).await);
    }
    for awaited in [true, false] {
        clients[0].emit_with_ack::<()>("all", awaited).await.unwrap();
        for client in &mut clients[1..] {
            assert_eq!(client.next_event().await.unwrap().read::<bool>(), awaited);
        }
    }
}
