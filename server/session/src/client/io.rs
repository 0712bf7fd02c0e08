//! What goes into the machine and comes out of it.

use std::time::Duration;

use super::{Carrier, Request};
use crate::code::Code;
use crate::server::Up;
use crate::wire::{Attach, Close, Post, Welcome};

/// How a carrier carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Both ways: a WebSocket.
    Duplex,
    /// By answers to requests.
    Poll,
    /// Down in one answer, or in the stream of a ticket; up by posts.
    Stream,
}

/// Where a packet came down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pipe {
    /// A WebSocket, or the stream that a ticket opened.
    Carrier(Carrier),
    /// The answer to a request.
    Request(Request),
}

/// What comes down.
#[derive(Clone, Debug)]
pub enum Down<U> {
    /// The server ends the session.
    Close(Close),
    /// Received and consumed.
    Counts(u64, u64),
    /// A heartbeat.
    Heartbeat,
    /// Not a packet, or not one that goes down.
    Malformed(Code),
    /// A counted packet.
    Message(U),
    /// A refusal with a known code; any other answer is a failed request.
    Refusal(Code),
    /// A volatile event.
    Volatile(U),
    /// The beginning of an answer or stream.
    Welcome(Box<Welcome>),
}

/// What can happen to a session.
#[derive(Clone, Debug)]
pub enum Input<U> {
    /// A request got its whole answer.
    Answered(Request),
    /// A carrier is ready to take its attach. It is given up if it has not carried anything within the time.
    Attach(Carrier, Kind, Duration),
    /// The application ends the session, after what was emitted before.
    Close(Code),
    /// The application has finished with so many credited bytes.
    Consumed(u64),
    /// A request got no answer, or a refusal with this code.
    Failed(Request, Option<Code>),
    /// A carrier is gone, with a code if its end had one.
    Lost(Carrier, Option<Code>),
    /// A packet came down.
    Packet(Pipe, Down<U>),
    /// From now on polls do not hang, with such a pause between them; zero: they hang again.
    Rest(Duration),
    /// Time has passed.
    Timeout,
}

/// What begins a body.
#[derive(Clone, Debug)]
pub enum Head {
    /// An attach.
    Attach(Attach),
    /// A post, or a poll.
    Post(Post),
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Output<M, U> {
    /// A message for the application.
    Deliver(U),
    /// Close a carrier and its requests; nothing of it is wanted any more.
    Drop(Carrier),
    /// The session is over.
    Ended {
        /// Why.
        code: Code,
        /// In words.
        reason: Option<String>,
        /// Milliseconds before which not to come back.
        retry: Option<u64>,
        /// Messages that the server has not confirmed.
        unconfirmed: u64,
    },
    /// Send this, if it can be done; the answer does not matter.
    Farewell(Box<Post>, Close),
    /// The last carrier is gone: attach anew.
    Lost {
        /// Which one.
        carrier: Carrier,
        /// Why, if the server said so.
        code: Option<Code>,
        /// Had it carried?
        welcomed: bool,
    },
    /// The session has another carrier, without having been suspended.
    Moved(Carrier),
    /// The session has a carrier.
    Opened {
        /// Which one.
        carrier: Carrier,
        /// Had it one before?
        resumed: bool,
    },
    /// Make a request.
    Request {
        /// Its name.
        request: Request,
        /// The carrier that it belongs to.
        carrier: Carrier,
        /// What it is for.
        purpose: Purpose,
        /// The first line.
        head: Box<Head>,
        /// The lines behind it.
        batch: Vec<Up<M>>,
    },
    /// Open the stream for this ticket.
    Stream(Carrier, String),
    /// The session has no carrier now.
    Suspended,
    /// A volatile event for the application.
    Volatile(U),
    /// Write a packet on a WebSocket.
    Write(Carrier, Up<M>),
    /// Write an attach on a WebSocket.
    WriteAttach(Carrier, Box<Attach>),
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It attaches its carrier.
    Attach,
    /// It is a poll of its carrier.
    Poll,
    /// It only brings something up.
    Post,
}
