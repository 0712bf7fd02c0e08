//! The floor: what a WebSocket server costs that has no features at all. No sessions, no counts, no limits, no handlers, no time-outs.
//!
//! It sends every text frame back, except one that begins with `e["pub"`, which goes to all. With `--socket-io` it also parses
//! Socket.IO's packets as far as a handler would need them, and sends heartbeats. What one read brought is answered with one write per
//! receiver, by whoever read it; a receiver whose socket is full gets the rest from its own task.

mod frames;
mod peer;
mod socket_io;

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpListener, TcpStream};

use peer::{Peer, send, write_rest};

const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Sorts what a client said into frames for it and frames for all.
type Answer = fn(&[u8], &mut Vec<u8>, &mut Vec<u8>);

struct Server {
    peers: RefCell<Vec<Rc<Peer>>>,
    /// What one read brings.
    scratch: RefCell<Vec<u8>>,
    answer: Answer,
    /// Said first.
    greeting: Vec<u8>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let socket_io = std::env::args().any(|argument| argument == "--socket-io");
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let (answer, greeting): (Answer, _) =
        if socket_io { (socket_io::answer, socket_io::greeting()) } else { (bare, Vec::new()) };
    let scratch = RefCell::new(vec![0; 64 << 10]);
    let server = Rc::new(Server { peers: RefCell::default(), scratch, answer, greeting });
    tokio::task::LocalSet::new()
        .run_until(async {
            if socket_io {
                tokio::task::spawn_local(heartbeats(server.clone()));
            }
            loop {
                let (stream, _) = listener.accept().await?;
                let server = server.clone();
                tokio::task::spawn_local(async move {
                    let _ = server.serve(stream).await;
                });
            }
        })
        .await
}

/// One timer for all sessions.
async fn heartbeats(server: Rc<Server>) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        server.peers.borrow().iter().for_each(|peer| send(peer, &socket_io::heartbeat()));
    }
}

fn bare(text: &[u8], back: &mut Vec<u8>, all: &mut Vec<u8>) {
    frames::write(if text.starts_with(b"e[\"pub\"") { all } else { back }, &[text]);
}

impl Server {
    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        Box::pin(shake_hands(&mut stream)).await?;
        let peer = Rc::new(Peer::new(stream));
        self.peers.borrow_mut().push(peer.clone());
        if !self.greeting.is_empty() {
            send(&peer, &self.greeting);
        }
        let ended = self.run(&peer).await;
        self.peers.borrow_mut().retain(|other| !Rc::ptr_eq(other, &peer));
        ended
    }

    async fn run(&self, peer: &Peer) -> io::Result<()> {
        let mut kept = Vec::new();
        loop {
            tokio::select! {
                ready = peer.stream.ready(Interest::READABLE) => { ready?; }
                () = peer.blocked.notified() => { write_rest(peer).await?; continue; }
            }
            let (mut back, mut all) = (Vec::new(), Vec::new());
            {
                let mut scratch = self.scratch.borrow_mut();
                let read = match peer.stream.try_read(&mut scratch) {
                    Ok(0) => return Ok(()),
                    Ok(read) => read,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                    Err(error) => return Err(error),
                };
                if kept.is_empty() {
                    let used = self.take(&mut scratch[..read], &mut back, &mut all);
                    kept.extend_from_slice(&scratch[used..read]);
                } else {
                    kept.extend_from_slice(&scratch[..read]);
                    let used = self.take(&mut kept, &mut back, &mut all);
                    kept.drain(..used);
                }
                if kept.is_empty() {
                    kept = Vec::new();
                }
            }
            if !back.is_empty() {
                send(peer, &back);
            }
            if !all.is_empty() {
                self.peers.borrow().iter().for_each(|peer| send(peer, &all));
            }
        }
    }

    /// Answers the whole frames in `input`, and says how many bytes they took.
    fn take(&self, input: &mut [u8], back: &mut Vec<u8>, all: &mut Vec<u8>) -> usize {
        let mut at = 0;
        while let Some((text, used)) = frames::next(&mut input[at..]) {
            if let Some(text) = text {
                (self.answer)(text, back, all);
            }
            at += used;
        }
        at
    }
}

async fn shake_hands(stream: &mut TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let head = String::from_utf8_lossy(&head);
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap_or_default();
    let accept = STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await
}
