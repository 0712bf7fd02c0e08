//! What goes into a [`Machine`](super::Machine), and what comes out.

use super::Pipe;
use crate::code::Code;
use crate::wire::{Attach, Close, Post, Secret, Welcome};

/// How a carrier carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Both ways: `websocket`.
    Duplex,
    /// By answers to requests, one after the other: `long_polling`, `jsonp`.
    Poll,
    /// Down, in the answer to the attach: `streaming`.
    Stream,
    /// Down, in a request that names a ticket; until it stands, in answers: `event_source`, `forever_iframe`.
    Ticketed,
}

/// What a body or a WebSocket brings up.
#[derive(Clone, Debug)]
pub enum Up<U> {
    /// The client ends the session.
    Close(Close),
    /// Received and consumed.
    Counts(u64, u64),
    /// A counted packet.
    Message(U),
    /// A volatile event.
    Volatile(U),
}

/// What can happen to a session.
#[derive(Clone, Debug)]
pub enum Input<U> {
    /// A carrier attaches. `fresh` becomes the next token, if one is due.
    Attach {
        /// Its way down.
        pipe: Pipe,
        /// How it carries.
        shape: Shape,
        /// What it said.
        head: Attach,
        /// What follows in the same body.
        batch: Vec<Up<U>>,
        /// Fresh randomness.
        fresh: Secret,
    },
    /// The application ends the session, after what was emitted before.
    Close {
        /// Why.
        code: Code,
        /// In words.
        reason: Option<String>,
        /// Milliseconds before which the client should not come back.
        retry: Option<u64>,
    },
    /// The application has finished with so many credited bytes.
    Consumed(u64),
    /// A pipe is gone: cut, aborted or written to its end.
    Gone {
        /// Which one.
        pipe: Pipe,
    },
    /// The session ends at once, whatever is still to be sent.
    Kill {
        /// Why.
        code: Code,
    },
    /// Something malformed came: on a WebSocket, or in the body that begins with `first`, behind `before` messages.
    Malformed {
        /// The pipe to refuse.
        pipe: Pipe,
        /// What is wrong.
        code: Code,
        /// The position where the body begins.
        first: Option<u64>,
        /// Messages of that body before the malformed line.
        before: u64,
    },
    /// A packet on a WebSocket.
    Packet {
        /// The WebSocket.
        pipe: Pipe,
        /// What it brought.
        up: Up<U>,
    },
    /// A post, or a poll.
    Post {
        /// Its answer.
        pipe: Pipe,
        /// What it said.
        head: Post,
        /// What follows.
        batch: Vec<Up<U>>,
        /// How it is proved and answered.
        how: How,
    },
    /// The stream of a [`Shape::Ticketed`] carrier stands.
    Stream {
        /// The stream.
        pipe: Pipe,
        /// The attach whose ticket it named.
        attach: u64,
    },
    /// Time has passed.
    Timeout,
}

/// How a post is proved and answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By its token; the client reads the answer.
    Readable,
    /// By a ticket that the caller has checked; the client reads the answer.
    Ticket,
    /// By its token; nobody can read the answer.
    Unreadable,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Output<M, U> {
    /// Say the counts on a WebSocket or stream.
    Counts(Pipe, u64, u64),
    /// Write `z`.
    Close(Pipe, Close),
    /// A message for the application.
    Deliver(U),
    /// Nothing more goes down this pipe: end the answer, close the WebSocket.
    End(Pipe),
    /// The session is over.
    Ended {
        /// Why.
        code: Code,
        /// In words.
        reason: Option<String>,
        /// Messages that the client has not confirmed.
        unconfirmed: u64,
    },
    /// Write `h`.
    Heartbeat(Pipe),
    /// Write a message.
    Message(Pipe, M),
    /// A carrier attached: the first one, one after a suspension, or one in place of another.
    Attached {
        /// Its way down, or the pipe that told its ticket.
        pipe: Pipe,
        /// Was the session suspended?
        resumed: bool,
    },
    /// Refuse, and end the pipe.
    Refuse(Pipe, Code, Option<u64>),
    /// The session has no carrier now.
    Suspended,
    /// A volatile event for the application.
    Volatile(U),
    /// Write the welcome.
    Welcome(Pipe, Box<Welcome>),
}
