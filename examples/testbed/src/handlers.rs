//! What the testbed answers, in each of its namespaces.

use std::time::Duration;

use bytes::Bytes;
use everwire::{
    Ack, AckError, Data, EmitError, Everwire, Handshake, Namespace, Payload, Refusal, RoomError, Socket,
};
use serde::Deserialize;

use crate::seq::Sequence;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Auth {
    deny: bool,
    /// For how many milliseconds it is good.
    good: Option<u64>,
}

/// Installs the handlers.
pub(crate) fn install(wire: &Everwire) {
    for namespace in ["/", "/custom"].map(|name| wire.of(name)) {
        namespace.use_middleware(admit);
        namespace.on_connect(connected);
    }
    let family = wire.of_matching("/any/{name}");
    family.use_middleware(admit);
    family.on_connect(connected);
}

async fn admit(socket: Socket, handshake: Handshake) -> Result<(), Refusal> {
    // Auth of any other shape is nobody's business here.
    let auth: Auth = handshake.auth().unwrap_or_default();
    // Clients of Socket.IO 2 have no auth.
    let denied = auth.deny || handshake.query("deny").is_some();
    if denied {
        return Err(Refusal::new("denied"));
    }
    if let Some(good) = auth.good {
        socket.expires_in(Duration::from_millis(good));
    }
    Ok(())
}

async fn connected(socket: Socket, handshake: Handshake) -> Result<(), EmitError> {
    socket.set_data(Sequence::default());
    messages(&socket);
    rooms(&socket);
    trouble(&socket);
    socket.on("seq", |socket: Socket, Data(number): Data<u64>| async move {
        if let Some(sequence) = socket.data::<Sequence>() {
            sequence.record(number);
        }
    });
    socket.on("seq-report", |socket: Socket| async move {
        Data(socket.data::<Sequence>().map(|sequence| sequence.report()))
    });
    let auth: Option<Box<serde_json::value::RawValue>> = handshake.auth().unwrap_or_default();
    socket.emit("auth", (auth,)).await
}

fn messages(socket: &Socket) {
    socket.on(
        "message",
        |socket: Socket, args: Payload| async move { socket.emit("message-back", args).await },
    );
    socket.on("message-with-ack", |args: Payload| async move { args });
    socket.on("add", |Data((a, b)): Data<(i64, i64)>| async move { a + b });
    // The other way round: the client is asked, and told what it has answered.
    socket.on("emit-with-ack", |socket: Socket, args: Payload| async move {
        let answer: Payload = socket.emit_with_ack("emit-with-ack", args).await?;
        socket.emit("emit-with-ack", answer).await?;
        Ok::<_, AckError>(())
    });
    socket.on("echo", |socket: Socket, args: Payload| async move { socket.emit("echo", args).await });
    // For clients that know binary only by receiving it.
    socket.on("bytes", |Data(count): Data<u8>| async move { (0..=count).collect::<Bytes>() });
    socket.on("volatile", |socket: Socket, args: Payload| async move {
        socket.volatile().emit("volatile-back", args);
    });
    socket.on("count", |socket: Socket, ack: Ack, Data(count): Data<u64>| async move {
        for tick in 0..count {
            socket.emit("tick", tick).await?;
        }
        ack.send(count)
    });
}

fn rooms(socket: &Socket) {
    socket.on("where", |socket: Socket, namespace: Namespace| async move {
        let named = (namespace.name().to_owned(), namespace.param("name").map(ToOwned::to_owned));
        (named.0, named.1, socket.recovered())
    });
    socket.on("pub", |socket: Socket, arg: Payload| async move {
        socket.namespace().emit("ev", arg).await;
    });
    socket.on("join", |socket: Socket, Data(room): Data<String>| async move {
        socket.join(room)?;
        Ok::<_, RoomError>(true)
    });
    socket.on("leave", |socket: Socket, Data(room): Data<String>| async move {
        socket.leave(room);
        true
    });
    socket.on("say", |socket: Socket, args: Payload| async move {
        let Ok(room) = args.read::<String>() else {
            return Err("the first argument is the room");
        };
        // `said` has the same arguments: the room, then what was said.
        socket.to(room).emit("said", args).await;
        Ok(())
    });
}

fn trouble(socket: &Socket) {
    socket.on("sleep", |Data(millis): Data<u64>| async move {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    });
    socket.on("boom", boom);
    socket.on("bye", |socket: Socket| async move { socket.disconnect("bye") });
    socket.on("reauthenticate", |socket: Socket| async move { socket.reauthenticate() });
    socket.on("revoke", |socket: Socket| async move { socket.revoke() });
    socket.on("auth", |handshake: Handshake| async move {
        Data(handshake.auth::<Option<Box<serde_json::value::RawValue>>>().unwrap_or_default())
    });
}

async fn boom() {
    panic!("asked to")
}
