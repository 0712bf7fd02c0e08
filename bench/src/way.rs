//! How a session's packets travel.

mod exchange;
mod polling;
mod stream;
mod websocket;

use std::io;
use std::rc::Rc;

use mio::Token;

use crate::connection::{Connection, Reactor};
use crate::dialect::{Dialect, Hear, Packets};
use crate::http::Request;
use crate::plan::Transport;

/// Which of a session's connections: a WebSocket has the first only.
#[derive(Clone, Copy, PartialEq)]
pub enum Side {
    Down,
    Up,
}

pub trait Way {
    /// Bytes may have come, or may be written.
    fn ready(&mut self, side: Side, talk: &mut Talk<'_>, hear: &mut Hear<'_>) -> io::Result<()>;

    /// Sends what the session has to say.
    fn flush(&mut self, talk: &mut Talk<'_>) -> io::Result<()>;
}

/// What a way needs of its session for a moment.
pub struct Talk<'a> {
    pub dialect: &'a mut dyn Dialect,
    pub queue: &'a mut Packets,
    pub scratch: &'a mut [u8],
}

pub fn open(reactor: &Rc<Reactor>, transport: Transport, index: usize) -> io::Result<Box<dyn Way>> {
    let place = Place { reactor: reactor.clone(), index };
    Ok(match transport {
        Transport::WebSocket => Box::new(websocket::WebSocket::open(&place)?),
        Transport::Polling => Box::new(polling::Polling::new(place)),
        Transport::EventSource | Transport::Streaming => Box::new(stream::Stream::open(place)?),
    })
}

/// Where a session's connections are made.
struct Place {
    reactor: Rc<Reactor>,
    index: usize,
}

impl Place {
    fn connect(&self, side: Side) -> io::Result<Connection> {
        Connection::open(&self.reactor, token(self.index, side))
    }

    fn ask(&self, connection: &mut Connection, request: &Request) -> io::Result<()> {
        request.write(&mut connection.out, self.reactor.address);
        connection.flush()
    }
}

fn token(index: usize, side: Side) -> Token {
    Token(index * 2 + usize::from(side == Side::Up))
}

/// Whose connection it is.
pub fn of(token: Token) -> (usize, Side) {
    (token.0 / 2, if token.0 % 2 == 1 { Side::Up } else { Side::Down })
}
