//! Namespaces that are there because a client asked for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use everwire::testing::TestClient;
use everwire::{Data, Everwire, Namespace, Refusal, Socket};

/// Everybody is told who came, and may say something.
fn chats() -> Everwire {
    let wire = Everwire::new();
    wire.of_matching("/chat/{room}").on_connect(|socket: Socket, chat: Namespace| async move {
        socket.on("say", |socket: Socket, Data(text): Data<String>| async move {
            socket.broadcast().emit("said", (socket.namespace().name(), text)).await;
        });
        socket.join("room")?;
        socket.emit("welcome", (chat.name(), chat.param("room"), chat.param("x"))).await.unwrap();
        Ok::<_, everwire::RoomError>(())
    });
    wire
}

async fn enter(wire: &Everwire, name: &str) -> TestClient {
    let mut client = TestClient::connect(wire, name, ()).await.unwrap();
    assert_eq!(client.next_event().await.unwrap().name, "welcome");
    client
}

#[tokio::test(start_paused = true)]
async fn handlers_know_name_and_parameters() {
    let wire = chats();
    let mut client = TestClient::connect(&wire, "/chat/7", ()).await.unwrap();
    let welcome = client.next_event().await.unwrap();
    assert_eq!(welcome.read::<(String, String, Option<String>)>(), ("/chat/7".into(), "7".into(), None));
    for name in ["/chat/", "/chat", "/chat/7/8", "/other"] {
        assert_eq!(TestClient::connect(&wire, name, ()).await.err().unwrap().message, "Invalid namespace");
    }
}

#[tokio::test(start_paused = true)]
async fn each_name_has_sockets_and_rooms_of_its_own() {
    let wire = chats();
    let mut seven = enter(&wire, "/chat/7").await;
    let mut other = enter(&wire, "/chat/7").await;
    let mut eight = enter(&wire, "/chat/8").await;
    seven.emit("say", "hello");
    assert_eq!(
        other.next_event().await.unwrap().read::<(String, String)>(),
        ("/chat/7".into(), "hello".into())
    );
    wire.of("/chat/8").to("room").emit("news", "from outside");
    assert_eq!(eight.next_event().await.unwrap().name, "news");
    assert_eq!(
        [seven.next_event().await, other.next_event().await, eight.next_event().await],
        [None, None, None]
    );
}

#[tokio::test(start_paused = true)]
async fn with_its_last_socket_it_is_gone() {
    let wire = chats();
    let family = wire.of_matching("/chat/{room}");
    let one = enter(&wire, "/chat/7").await;
    let two = enter(&wire, "/chat/7").await;
    let mut names: Vec<_> = family.all().iter().map(|chat| chat.name().to_owned()).collect();
    assert_eq!((names.pop().as_deref(), names.len(), wire.stats().namespaces), (Some("/chat/7"), 0, 1));
    one.disconnect().await;
    assert_eq!(wire.stats().namespaces, 1);
    two.disconnect().await;
    assert_eq!((family.all().len(), wire.stats().namespaces), (0, 0));
    // Who looks at one leaves nothing behind, and who holds one has the same as who comes later.
    wire.of("/chat/9").emit("news", ());
    assert_eq!(wire.stats().namespaces, 0);
    let held = wire.of("/chat/9");
    let mut later = enter(&wire, "/chat/9").await;
    held.emit("news", ());
    assert_eq!(later.next_event().await.unwrap().name, "news");
    later.disconnect().await;
    drop(held);
    assert_eq!(wire.stats().namespaces, 0);
}

#[tokio::test(start_paused = true)]
async fn names_come_and_go_without_a_trace() {
    let wire = chats();
    let main = super::client(&wire).await;
    for round in 0..20 {
        let mut kept = Vec::new();
        for number in 1..100 {
            kept.push(main.namespace(&format!("/chat/{round}-{number}"), ()).await.unwrap());
        }
        assert_eq!(main.namespace("/chat/more", ()).await.err().unwrap().message, "namespace_limit");
        assert_eq!(wire.stats().namespaces, 99);
        for client in kept {
            client.disconnect().await;
        }
        assert_eq!((wire.stats().namespaces, wire.stats().rooms), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_refused_leaves_none_behind() {
    let wire = Everwire::new();
    let chats = wire.of_matching("/chat/{room}");
    chats.use_middleware(|chat: Namespace| async move {
        if chat.param("room") == Some("7") { Ok(()) } else { Err(Refusal::new("not yours")) }
    });
    assert_eq!(TestClient::connect(&wire, "/chat/8", ()).await.err().unwrap().message, "not yours");
    assert_eq!(wire.stats().namespaces, 0);
    assert!(TestClient::connect(&wire, "/chat/7", ()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_function_decides() {
    let wire = Everwire::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    wire.of_matching(|name: &str| name != "/boom" || panic!("as some functions do"));
    wire.of_matching(move |name: &str| {
        count.fetch_add(1, Ordering::Relaxed);
        name == "/boom"
    });
    assert!(TestClient::connect(&wire, "/anything", ()).await.is_ok());
    assert_eq!(asked.load(Ordering::Relaxed), 0, "the first that matches counts");
    assert!(TestClient::connect(&wire, "/boom", ()).await.is_ok());
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_name_of_its_own_has_precedence() {
    let wire = Everwire::new();
    let own = |socket: Socket| async move { socket.emit("own", ()).await };
    wire.of("/chat/before").on_connect(own);
    wire.of_matching("/chat/{room}")
        .on_connect(|socket: Socket| async move { socket.emit("family", ()).await });
    wire.of("/chat/after").on_connect(own);
    for (name, event) in [("/chat/before", "own"), ("/chat/after", "own"), ("/chat/7", "family")] {
        let mut client = TestClient::connect(&wire, name, ()).await.unwrap();
        assert_eq!(client.next_event().await.unwrap().name, event, "{name}");
        client.disconnect().await;
    }
    assert_eq!(wire.stats().namespaces, 0);
}

#[test]
#[should_panic(expected = "the pattern \"/chat/{\" of namespaces: a `{` without `}`")]
fn a_pattern_that_makes_no_sense_is_told_at_once() {
    Everwire::new().of_matching("/chat/{");
}
