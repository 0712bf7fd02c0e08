//! One TCP connection, buffered both ways.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

/// Where connections go, and who is told that they are ready.
pub struct Reactor {
    pub address: SocketAddr,
    pub registry: Registry,
}

pub struct Connection {
    stream: TcpStream,
    /// What is to be written.
    pub out: Vec<u8>,
    /// What was read and is not complete.
    kept: Vec<u8>,
}

impl Connection {
    pub fn open(reactor: &Reactor, token: Token) -> io::Result<Self> {
        let mut stream = TcpStream::connect(reactor.address)?;
        stream.set_nodelay(true)?;
        reactor.registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self { stream, out: Vec::new(), kept: Vec::new() })
    }

    pub fn flush(&mut self) -> io::Result<()> {
        while !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => drop(self.out.drain(..written)),
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected) =>
                {
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads all there is. `take` is shown what is not used yet, and says how much of it it has used.
    pub fn read(&mut self, scratch: &mut [u8], mut take: impl FnMut(&[u8]) -> usize) -> io::Result<()> {
        loop {
            let read = match self.stream.read(scratch) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => read,
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected) =>
                {
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            if self.kept.is_empty() {
                let used = take(&scratch[..read]);
                self.kept.extend_from_slice(&scratch[used..read]);
            } else {
                self.kept.extend_from_slice(&scratch[..read]);
                let used = take(&self.kept);
                self.kept.drain(..used);
            }
            if read < scratch.len() {
                return Ok(());
            }
        }
    }
}
