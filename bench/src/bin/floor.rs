//! The floor: what a WebSocket server costs that has no features at all. No sessions, no counts, no limits, no handlers, no time-outs.
//!
//! It sends every text frame back, except one that begins with `e["pub"`, which goes to all. What one read brought is
//! answered with one write per receiver, by whoever read it; a receiver whose socket is full gets the rest from its own task.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

struct Peer {
    stream: TcpStream,
    /// What the socket did not take.
    rest: RefCell<Vec<u8>>,
    blocked: Notify,
}

type Peers = Rc<RefCell<Vec<Rc<Peer>>>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let peers = Peers::default();
    let scratch = Rc::new(RefCell::new(vec![0; 64 << 10]));
    tokio::task::LocalSet::new()
        .run_until(async {
            loop {
                let (stream, _) = listener.accept().await?;
                let (peers, scratch) = (peers.clone(), scratch.clone());
                tokio::task::spawn_local(async move {
                    let _ = serve(stream, &peers, &scratch).await;
                });
            }
        })
        .await
}

async fn serve(mut stream: TcpStream, peers: &Peers, scratch: &RefCell<Vec<u8>>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    Box::pin(shake_hands(&mut stream)).await?;
    let peer = Rc::new(Peer { stream, rest: RefCell::default(), blocked: Notify::new() });
    peers.borrow_mut().push(peer.clone());
    let ended = run(&peer, peers, scratch).await;
    peers.borrow_mut().retain(|other| !Rc::ptr_eq(other, &peer));
    ended
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

async fn run(peer: &Rc<Peer>, peers: &Peers, scratch: &RefCell<Vec<u8>>) -> io::Result<()> {
    let mut kept = Vec::new();
    loop {
        tokio::select! {
            ready = peer.stream.ready(Interest::READABLE) => { ready?; }
            () = peer.blocked.notified() => { write_rest(peer).await?; continue; }
        }
        let (mut back, mut all) = (Vec::new(), Vec::new());
        {
            let mut scratch = scratch.borrow_mut();
            let read = match peer.stream.try_read(&mut scratch) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            };
            if kept.is_empty() {
                let used = take(&mut scratch[..read], &mut back, &mut all);
                kept.extend_from_slice(&scratch[used..read]);
            } else {
                kept.extend_from_slice(&scratch[..read]);
                let used = take(&mut kept, &mut back, &mut all);
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
            peers.borrow().iter().for_each(|peer| send(peer, &all));
        }
    }
}

async fn write_rest(peer: &Peer) -> io::Result<()> {
    loop {
        let rest = std::mem::take(&mut *peer.rest.borrow_mut());
        if rest.is_empty() {
            return Ok(());
        }
        let mut written = 0;
        while written < rest.len() {
            peer.stream.writable().await?;
            match peer.stream.try_write(&rest[written..]) {
                Ok(more) => written += more,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn send(peer: &Peer, bytes: &[u8]) {
    let mut rest = peer.rest.borrow_mut();
    let written = if rest.is_empty() { peer.stream.try_write(bytes).unwrap_or(0) } else { 0 };
    if written < bytes.len() {
        rest.extend_from_slice(&bytes[written..]);
        peer.blocked.notify_one();
    }
}

/// Unmasks the whole frames in `input`, sorts their answers, and says how many bytes they took.
fn take(input: &mut [u8], back: &mut Vec<u8>, all: &mut Vec<u8>) -> usize {
    let mut at = 0;
    while let Some((head, len)) = header(&input[at..]) {
        let Some(frame) = input.get_mut(at..at + head + len) else { break };
        let (head, payload) = frame.split_at_mut(head);
        let mask = [head[head.len() - 4], head[head.len() - 3], head[head.len() - 2], head[head.len() - 1]];
        unmask(payload, mask);
        if head[0] == 0x81 {
            let out = if payload.starts_with(b"e[\"pub\"") { &mut *all } else { &mut *back };
            write_frame(out, payload);
        }
        at += head.len() + len;
    }
    at
}

/// Length of a masked header, and of the payload behind it.
fn header(input: &[u8]) -> Option<(usize, usize)> {
    match input.get(1)? & 0x7f {
        126 => Some((8, usize::from(u16::from_be_bytes([*input.get(2)?, *input.get(3)?])))),
        127 => Some((14, u64::from_be_bytes(input.get(2..10)?.try_into().ok()?) as usize)),
        len => Some((6, usize::from(len))),
    }
}

fn unmask(payload: &mut [u8], [a, b, c, d]: [u8; 4]) {
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    rest.iter_mut().zip([a, b, c, d, a, b, c]).for_each(|(byte, mask)| *byte ^= mask);
}

fn write_frame(out: &mut Vec<u8>, payload: &[u8]) {
    match payload.len() {
        len @ 0..126 => out.extend_from_slice(&[0x81, len as u8]),
        len => {
            out.extend_from_slice(&[0x81, 126]);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}
