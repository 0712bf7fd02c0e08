//! The chat: rooms, names, who is here, who is typing, text and pictures.
//!
//! A page gives `{room, name}` as auth, so it is in a room as soon as it is connected, and so is whatever it comes back as. It emits `enter(room, name)` to go elsewhere,
//! `say(text)`, `picture(bytes, type)` and, volatile, `typing()`. It hears `entered(room, people)`, then `said`, `pictured` and `typing`, and of the others `came`,
//! `left` and `away`; each begins with the person that it is about.

use bytes::Bytes;
use everwire::{Data, Everwire, Refusal, RoomError, Socket};
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// Bytes of a picture. As base64 in a form, the largest that it becomes, it still fits into a message.
const MAX_PICTURE: usize = 600_000;
const MAX_TEXT: usize = 2_000;
/// Characters of a name and of a room's name.
const MAX_NAME: usize = 30;
/// What browsers show and cannot run.
const PICTURES: [&str; 5] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

/// Somebody in a room: what the others see, and what the socket keeps as its data.
#[derive(Clone, Debug, Serialize)]
struct Person {
    id: String,
    name: String,
    /// Without connection at the moment; the session may go on.
    away: bool,
    #[serde(skip)]
    room: String,
}

/// Who somebody is, and where.
#[derive(Debug, Deserialize)]
struct Entry {
    room: String,
    name: String,
}

/// Sets up the chat in the main namespace.
pub(crate) fn install(wire: &Everwire) {
    wire.of("/").use_middleware(|socket: Socket, Data(entry): Data<Entry>| async move {
        socket.set_data(check(&socket, &entry)?);
        Ok::<(), Refusal>(())
    });
    wire.on_connect(|socket: Socket| async move {
        socket.on("enter", enter);
        socket.on("say", say);
        socket.on("picture", picture);
        socket.on("typing", typing);
        socket.on("suspended", |socket: Socket| async move { set_away(&socket, true).await });
        socket.on("resumed", |socket: Socket| async move { set_away(&socket, false).await });
        socket.on_disconnect(|socket: Socket| async move { leave(&socket).await });
        arrive(&socket).await
    });
}

/// Goes out of the room, into another; or into the same with another name.
async fn enter(socket: Socket, Data((room, name)): Data<(String, String)>) -> Result<(), String> {
    let me = check(&socket, &Entry { room, name })?;
    if person(&socket).is_some_and(|before| before.room != me.room) {
        leave(&socket).await;
    }
    socket.set_data(me);
    arrive(&socket).await.map_err(|error| error.to_string())
}

/// Tells the room who has come, and who has come about the room.
async fn arrive(socket: &Socket) -> Result<(), RoomError> {
    let Some(me) = person(socket) else { return Ok(()) };
    socket.join(&me.room)?;
    socket.to(&me.room).emit("came", &me).await;
    // Joined first and asked then, so nobody is missing: who comes in between is told, and is in the list too.
    let sockets = socket.namespace().to(&me.room).fetch_sockets().await;
    let people: Vec<_> = sockets.iter().filter_map(person).collect();
    // The socket may have gone already; then its end is handled next.
    let _ = socket.emit("entered", (&me.room, people)).await;
    Ok(())
}

async fn say(socket: Socket, Data(text): Data<String>) -> Result<(), &'static str> {
    let me = person(&socket).ok_or("Enter a room first.")?;
    if text.trim().is_empty() || text.chars().count() > MAX_TEXT {
        return Err("A message has 1 to 2000 characters.");
    }
    socket.to(&me.room).emit("said", (&me, text)).await;
    Ok(())
}

async fn picture(socket: Socket, Data((bytes, kind)): Data<(Bytes, String)>) -> Result<(), &'static str> {
    let me = person(&socket).ok_or("Enter a room first.")?;
    if !PICTURES.contains(&kind.as_str()) {
        return Err("Only PNG, JPEG, GIF, WebP and AVIF pictures.");
    }
    if bytes.len() > MAX_PICTURE {
        return Err("A picture has at most 600 KB.");
    }
    socket.to(&me.room).emit("pictured", (&me, bytes, kind)).await;
    Ok(())
}

/// Soon outdated, so it goes only to those who can take it now.
async fn typing(socket: Socket) {
    if let Some(me) = person(&socket) {
        socket.to(&me.room).volatile().emit("typing", &me).await;
    }
}

async fn set_away(socket: &Socket, away: bool) {
    if let Some(before) = person(socket) {
        let me = Person { away, ..before };
        socket.set_data(me.clone());
        socket.to(&me.room).emit("away", &me).await;
    }
}

async fn leave(socket: &Socket) {
    if let Some(me) = person(socket) {
        socket.to(&me.room).emit("left", &me).await;
        socket.leave(&me.room);
    }
}

/// The person of a socket, if name and room will do.
fn check(socket: &Socket, entry: &Entry) -> Result<Person, &'static str> {
    Ok(Person {
        id: socket.id().to_owned(),
        name: short(&entry.name).ok_or("You need a name of at most 30 characters.")?,
        away: false,
        room: short(&entry.room).ok_or("A room needs a name of at most 30 characters.")?,
    })
}

fn person(socket: &Socket) -> Option<Person> {
    socket.data::<Person>().map(|person| (*person).clone())
}

/// A name without what surrounds it, if it is neither empty nor too long.
fn short(name: &str) -> Option<String> {
    let name = name.trim();
    (!name.is_empty() && name.chars().count() <= MAX_NAME).then(|| name.to_owned())
}
