//! One connection's way down.

use std::cell::RefCell;
use std::io;

use tokio::net::TcpStream;
use tokio::sync::Notify;

pub struct Peer {
    pub stream: TcpStream,
    /// What the socket did not take.
    rest: RefCell<Vec<u8>>,
    pub blocked: Notify,
}

impl Peer {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, rest: RefCell::default(), blocked: Notify::new() }
    }
}

pub fn send(peer: &Peer, bytes: &[u8]) {
    let mut rest = peer.rest.borrow_mut();
    let written = if rest.is_empty() { peer.stream.try_write(bytes).unwrap_or(0) } else { 0 };
    if written < bytes.len() {
        rest.extend_from_slice(&bytes[written..]);
        peer.blocked.notify_one();
    }
}

pub async fn write_rest(peer: &Peer) -> io::Result<()> {
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
