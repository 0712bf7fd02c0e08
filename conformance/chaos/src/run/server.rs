//! The server that all clients talk to, on a runtime of its own, so that its tasks can be counted.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::Html;
use axum::routing::get;
use bytes::Bytes;
use everwire::{
    AckError, Config, Data, Disconnect, Everwire, Handshake, OriginPolicy, RoomError, Socket, Transport,
};
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::Options;
use super::children::client_script;
use super::ledger::{Ledger, Served};
use super::told::{blob, is_blob_of};
use crate::dice::Dice;

const ROOMS: usize = 8;
const PAGE: &str = "<!doctype html><meta charset=\"utf-8\"><title>chaos</title><link rel=\"icon\" href=\"data:,\">\
    <script src=\"/everwire.js\"></script>";

pub(super) struct Server {
    pub(super) address: SocketAddr,
    wire: Everwire,
    runtime: Option<Runtime>,
    /// Tasks when there was no client yet.
    tasks: usize,
}

/// What handlers need.
struct House {
    wire: Everwire,
    ledger: Arc<Ledger>,
    /// The last number that was broadcast to each room. Whoever joins or leaves holds its lock.
    rooms: [Mutex<u64>; ROOMS],
    dice: Mutex<Dice>,
    pause_ms: u64,
}

#[derive(Deserialize)]
struct Auth {
    client: String,
    session: u64,
}

type Session = Arc<Mutex<Served>>;

impl Server {
    pub(super) fn start(options: &Options, dice: Dice, ledger: Arc<Ledger>) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| format!("no runtime: {error}"))?;
        let mut config = Config::default();
        config.ping = Duration::from_millis(1_000);
        config.timeout = Duration::from_millis(2_000);
        config.handshake = Duration::from_secs(3);
        config.grace = Duration::from_millis(options.grace_ms);
        config.origins = OriginPolicy::Any;
        config.transports = Transport::ALL.to_vec();
        // Small, so that streams end and begin anew while clients look on.
        config.stream_bytes = 100_000;
        let wire = Everwire::with_config(config);
        let house = Arc::new(House {
            wire: wire.clone(),
            ledger,
            rooms: Default::default(),
            dice: Mutex::new(dice),
            pause_ms: options.pause_ms,
        });
        let listener = listen(&runtime).map_err(|error| format!("no port: {error}"))?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let guests = house.clone();
        wire.on_connect(move |socket: Socket, handshake: Handshake| {
            let house = guests.clone();
            async move { house.welcome(&socket, &handshake) }
        });
        let app = Router::new()
            .route("/", get(|| async { Html(PAGE) }))
            .route("/everwire.js", get(|| async { ([(CONTENT_TYPE, "text/javascript")], client_script()) }))
            .nest_service("/everwire", wire.service());
        runtime.spawn(everwire::serve(listener, app, std::future::pending()));
        for room in 0..ROOMS {
            runtime.spawn(house.clone().broadcast(room));
        }
        // Those of the rooms, the accept loop, and the engine's one clock.
        let tasks = ROOMS + 2;
        Ok(Self { address, wire, runtime: Some(runtime), tasks })
    }

    /// What it holds that it would not hold without ever having had a client.
    pub(super) fn left_over(&self) -> Option<String> {
        let _inside = self.runtime.as_ref()?.enter();
        let stats = self.wire.stats();
        let idle =
            stats.sessions + stats.rooms + stats.pending_acks + stats.queued_bytes + stats.replay_bytes == 0
                && stats.open_requests == 0
                && stats.carriers.values().all(|count| *count == 0)
                && stats.tasks <= self.tasks;
        (!idle).then(|| format!("{stats:?}; without clients it has {} tasks", self.tasks))
    }
}

fn listen(runtime: &Runtime) -> std::io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let _inside = runtime.enter();
    TcpListener::from_std(listener)
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl House {
    fn welcome(self: Arc<Self>, socket: &Socket, handshake: &Handshake) -> Result<(), String> {
        let auth: Auth = handshake.auth().map_err(|error| error.to_string())?;
        let session = self.ledger.serve(&auth.client, auth.session);
        let room = room_of(&auth.client);
        self.listen(socket, &session, room);
        socket.try_emit("hello", auth.session).map_err(|error| error.to_string())?;
        {
            let last = self.rooms[room].lock();
            socket.join(room.to_string()).map_err(|error: RoomError| error.to_string())?;
            session.lock().news = (*last + 1, *last);
        }
        let dice = self.dice.lock().part(auth.session);
        tokio::spawn(self.clone().talk(socket.clone(), session, dice));
        Ok(())
    }

    fn listen(self: &Arc<Self>, socket: &Socket, session: &Session, room: usize) {
        let (house, mine) = (self.clone(), session.clone());
        socket.on("up", move |Data((number, blob)): Data<(u64, Option<Bytes>)>| {
            house.heard(&mine, number, blob.as_deref());
            async move {
                if number.is_multiple_of(40) {
                    // Handlers may wait.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                number
            }
        });
        let (house, mine) = (self.clone(), session.clone());
        socket.on("whim", move |Data(number): Data<u64>| {
            let mut served = mine.lock();
            if number <= served.volatile {
                house.violated(&served, &format!("volatile event {number} after {}", served.volatile));
            }
            served.volatile = number;
            async {}
        });
        let (house, mine) = (self.clone(), session.clone());
        socket.on("goodbye", move |socket: Socket| {
            let last = house.rooms[room].lock();
            socket.leave(room.to_string());
            let mut served = mine.lock();
            if !served.goodbye {
                served.news.1 = *last;
            }
            served.goodbye = true;
            let counts = (served.down, served.news_count());
            async move { counts }
        });
        let (house, mine) = (self.clone(), session.clone());
        socket.on_disconnect(move |end: Disconnect| {
            let last = house.rooms[room].lock();
            let mut served = mine.lock();
            if !served.goodbye {
                served.news.1 = *last;
            }
            served.closed = Some((end.code.as_str(), end.unconfirmed));
            async {}
        });
    }

    fn heard(&self, session: &Session, number: u64, blob: Option<&[u8]>) {
        let mut served = session.lock();
        served.last.note(format!("heard {number}"));
        let next = served.up.map(|(_, last)| last + 1);
        if next.is_some_and(|next| next != number) {
            self.violated(&served, &format!("event {number} came up, {} was next", next.unwrap_or_default()));
        }
        if !is_blob_of(number, blob) {
            self.violated(&served, &format!("event {number} came up with other bytes"));
        }
        served.up = Some((served.up.map_or(number, |(first, _)| first), number));
    }

    fn violated(&self, served: &Served, what: &str) {
        self.ledger.violated(
            &served.client,
            &format!("session {}: {what}", served.ordinal),
            &served.last.list(),
        );
    }

    /// Numbered events to one client.
    async fn talk(self: Arc<Self>, socket: Socket, session: Session, mut dice: Dice) {
        loop {
            tokio::time::sleep(dice.millis(20, self.pause_ms)).await;
            for _ in 0..dice.between(1, 4) {
                let asks = dice.percent(20);
                let Some(sent) = self.say(&socket, &session, asks) else { return };
                if let Some(emit) = sent
                    && emit.await.is_err()
                {
                    session.lock().down -= 1;
                    return;
                }
            }
            socket.volatile().emit("whim", session.lock().down);
        }
    }

    /// One event more. None if there is nobody any more, or nobody wants to hear more.
    fn say(
        self: &Arc<Self>,
        socket: &Socket,
        session: &Session,
        asks: bool,
    ) -> Option<Option<everwire::Emit>> {
        let mut served = session.lock();
        if served.goodbye || !socket.is_connected() {
            return None;
        }
        let number = served.down + 1;
        let args = (served.ordinal, number, blob(number).map(Bytes::from));
        served.down = number;
        served.last.note(format!("said {number}"));
        if !asks {
            return Some(Some(socket.emit("down", args)));
        }
        served.asked += 1;
        let answer = socket.emit_with_ack::<u64>("down", args);
        drop(served);
        tokio::spawn(self.clone().hear_answer(answer, session.clone(), number));
        Some(None)
    }

    async fn hear_answer(self: Arc<Self>, answer: everwire::AckFuture<u64>, session: Session, number: u64) {
        let answer = answer.await;
        let mut served = session.lock();
        match answer {
            Ok(same) if same == number => served.answered += 1,
            Err(AckError::SessionEnded) => {
                served.failed += 1;
                // It may have ended just before: then this was not sent.
                served.unsure = u64::from(number == served.down);
            }
            other => self.violated(&served, &format!("event {number} was answered with {other:?}")),
        }
    }

    async fn broadcast(self: Arc<Self>, room: usize) {
        let mut dice = self.dice.lock().part(1_000_000 + room as u64);
        loop {
            tokio::time::sleep(dice.millis(50, self.pause_ms)).await;
            let mut last = self.rooms[room].lock();
            *last += 1;
            // Few enough are in it for one go.
            drop(self.wire.broadcast().to(room.to_string()).emit("news", *last));
        }
    }
}

fn room_of(client: &str) -> usize {
    client.bytes().map(usize::from).sum::<usize>() % ROOMS
}
