//! What each side has said on the wire so far, and whether what it says next is true.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use everwire_session::client::{self, Head, Purpose};
use everwire_session::server::{Output, Pipe, Up};
use everwire_session::wire::{Close, Secret};

use super::app::Note;

pub(crate) type Checked = Result<(), String>;

pub(crate) fn ensure(fine: bool, what: impl FnOnce() -> String) -> Checked {
    if fine { Ok(()) } else { Err(what()) }
}

/// What the server has said, pipe by pipe.
#[derive(Default)]
pub(crate) struct ServerBook {
    /// The number of the next message, on pipes that have begun.
    next: BTreeMap<Pipe, u64>,
    over: BTreeSet<Pipe>,
}

impl ServerBook {
    pub(crate) fn write(&mut self, output: &Output<Note, Note>) -> Checked {
        let pipe = match output {
            Output::Close(pipe, _) | Output::Counts(pipe, ..) | Output::End(pipe) => *pipe,
            Output::Heartbeat(pipe) | Output::Message(pipe, _) => *pipe,
            Output::Refuse(pipe, ..) | Output::Welcome(pipe, _) => *pipe,
            Output::Deliver(_)
            | Output::Ended { .. }
            | Output::Attached { .. }
            | Output::Suspended
            | Output::Volatile(_) => return Ok(()),
        };
        if matches!(output, Output::End(_) | Output::Refuse(..)) {
            self.over.insert(pipe);
            return Ok(());
        }
        ensure(!self.over.contains(&pipe), || format!("pipe {pipe} goes on behind its end: {output:?}"))?;
        if let Output::Welcome(_, welcome) = output {
            let former = self.next.insert(pipe, welcome.first);
            return ensure(former.is_none(), || format!("pipe {pipe} begins twice"));
        }
        let Some(next) = self.next.get_mut(&pipe) else {
            return Err(format!("pipe {pipe} has no beginning: {output:?}"));
        };
        match output {
            Output::Message(_, note) if !note.volatile => {
                ensure(note.index == *next, || format!("pipe {pipe} has {note:?} in the place of {next}"))?;
                *next += 1;
            }
            Output::Close(_, close) => {
                ensure(close.last == *next - 1, || {
                    format!("pipe {pipe} says {close:?} before message {next}")
                })?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// What a client's session has said, and what it has heard.
#[derive(Default)]
pub(crate) struct ClientBook {
    /// The highest message that was sent.
    written: u64,
    /// A close was said behind it.
    closed: bool,
    /// The last message on each WebSocket.
    sockets: BTreeMap<u64, u64>,
    attach: u64,
    polls: BTreeMap<u64, u64>,
    /// The serials of batches, by their first message.
    serials: BTreeMap<u64, u64>,
    /// The highest of them.
    serial: u64,
    /// Carriers that were not let go.
    pub(crate) carriers: BTreeSet<u64>,
    welcomed: BTreeSet<u64>,
    /// The one that was welcomed last, and when something came down each.
    pub(crate) current: Option<u64>,
    heard: BTreeMap<u64, Duration>,
    requests: BTreeMap<u64, (u64, Purpose)>,
    /// Tokens of welcomes that arrived, by carrier, and the one to use.
    granted: BTreeMap<u64, String>,
    token: Option<String>,
}

impl ClientBook {
    /// The client says something.
    pub(crate) fn write(&mut self, now: Duration, output: &client::Output<Note, Note>) -> Checked {
        use client::Output as O;
        match output {
            O::Drop(carrier) => {
                self.carriers.remove(carrier);
                if self.current == Some(*carrier) {
                    // It knows: a takeover was told before the new carrier has its welcome, which has its time from here.
                    self.heard.insert(*carrier, now);
                }
            }
            O::Moved(carrier) | O::Opened { carrier, .. } => {
                self.current = Some(*carrier);
                self.welcomed.insert(*carrier);
                self.heard.insert(*carrier, now);
                self.token = self.granted.get(carrier).cloned();
            }
            O::Suspended => self.current = None,
            O::Write(carrier, up) => {
                let may = self.welcomed.is_empty() || self.welcomed.contains(carrier);
                ensure(may, || format!("carrier {carrier} was not welcomed, and brings {up:?}"))?;
                return self.on_socket(*carrier, up);
            }
            O::WriteAttach(carrier, head) => {
                self.carriers.insert(*carrier);
                return self.attach(head.attach, head.token.as_ref().map(Secret::expose));
            }
            O::Request { request, carrier, purpose, head, batch } => {
                self.carriers.insert(*carrier);
                self.requests.insert(*request, (*carrier, *purpose));
                return self.request(head, batch);
            }
            O::Farewell(_, close) => return self.close(close),
            _ => {}
        }
        Ok(())
    }

    /// Something comes down to the client.
    pub(crate) fn hear(&mut self, now: Duration, pipe: client::Pipe, grant: Option<&str>) {
        let carrier = match pipe {
            client::Pipe::Carrier(carrier) => carrier,
            client::Pipe::Request(request) => match self.requests.get(&request) {
                Some((carrier, Purpose::Attach | Purpose::Poll)) => *carrier,
                // The answer to a post says nothing of the way down.
                _ => return,
            },
        };
        self.heard.insert(carrier, now);
        if let Some(token) = grant {
            self.granted.insert(carrier, token.to_owned());
        }
    }

    /// When something came down the current carrier.
    pub(crate) fn heard(&self) -> Option<Duration> {
        self.heard.get(&self.current?).copied()
    }

    fn on_socket(&mut self, carrier: u64, up: &Up<Note>) -> Checked {
        match up {
            Up::Close(close) => self.close(close),
            Up::Message(note) => {
                let last = self.sockets.insert(carrier, note.index);
                self.written = self.written.max(note.index);
                ensure(last.is_none_or(|last| note.index == last + 1), || {
                    format!("carrier {carrier} has {note:?} behind message {last:?}")
                })
            }
            Up::Counts(..) | Up::Volatile(_) => Ok(()),
        }
    }

    fn attach(&mut self, number: u64, token: Option<&str>) -> Checked {
        let former = std::mem::replace(&mut self.attach, number);
        ensure(number > former, || format!("attach {number} behind {former}"))?;
        ensure(token == self.token.as_deref(), || format!("attach by {token:?}, not {:?}", self.token))
    }

    fn request(&mut self, head: &Head, batch: &[Up<Note>]) -> Checked {
        let (first, serial) = match head {
            Head::Attach(head) => {
                self.attach(head.attach, head.token.as_ref().map(Secret::expose))?;
                (head.first, head.serial)
            }
            Head::Post(head) => {
                let token = Some(head.token.expose());
                ensure(token == self.token.as_deref(), || {
                    format!("a post by {token:?}, not {:?}", self.token)
                })?;
                if let (Some(attach), Some(poll)) = (head.attach, head.poll) {
                    let former = self.polls.insert(attach, poll).unwrap_or(0);
                    ensure(poll > former, || format!("poll {poll} behind {former}"))?;
                }
                (head.first, head.serial)
            }
        };
        if let Some(first) = first.filter(|_| !batch.is_empty()) {
            let serial = serial.ok_or("a body without serial")?;
            let former = *self.serials.entry(first).or_insert(serial);
            ensure(former == serial, || format!("message {first} comes with serial {serial} and {former}"))?;
        }
        let fresh = serial.is_some_and(|serial| serial > self.serial);
        self.serial = self.serial.max(serial.unwrap_or(0));
        let mut number = first.unwrap_or(0);
        for up in batch {
            match up {
                Up::Message(note) => {
                    ensure(note.index == number, || format!("{note:?} in the place of {number}"))?;
                    self.written = self.written.max(number);
                    number += 1;
                }
                Up::Close(close) => self.close(close)?,
                // With a serial that was said before it would be dropped.
                Up::Volatile(_) => ensure(fresh, || format!("{up:?} comes with serial {serial:?} again"))?,
                Up::Counts(..) => {}
            }
        }
        // Of what was said before and comes again it is the last part.
        let whole = matches!(head, Head::Post(_)) && number > self.written;
        ensure(!self.closed || !whole || matches!(batch.last(), None | Some(Up::Close(_))), || {
            format!("{batch:?} comes without the close that was said")
        })
    }

    fn close(&mut self, close: &Close) -> Checked {
        self.closed = true;
        ensure(close.last == self.written, || format!("{close:?} behind message {}", self.written))
    }
}
