//! The applications at both ends: what they emit, and what must become of it.

use everwire_session::Message;

/// A message whose content is its place in what its sender emitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// Who emitted it: a session of the client, or of the server.
    pub(crate) author: u64,
    /// Which one of its author's messages it is, from 1; of volatile ones counted apart.
    pub(crate) index: u64,
    pub(crate) size: usize,
    pub(crate) credited: bool,
    pub(crate) connect: bool,
    pub(crate) volatile: bool,
    /// On its way it becomes something malformed, each time.
    pub(crate) poison: bool,
}

impl Message for Note {
    fn size(&self) -> usize {
        self.size
    }

    fn is_credited(&self) -> bool {
        self.credited
    }

    fn is_connect(&self) -> bool {
        self.connect
    }
}

/// One end of a session as its application sees it.
#[derive(Debug, Default)]
pub(crate) struct App {
    pub(crate) name: u64,
    /// Emitted and taken.
    pub(crate) emitted: u64,
    pub(crate) volatile: u64,
    /// Whose messages came, how many, and the highest volatile one of each.
    pub(crate) peer: Option<u64>,
    pub(crate) delivered: u64,
    pub(crate) seen_volatile: Vec<u64>,
    /// Credited bytes that came and are not consumed.
    pub(crate) backlog: u64,
    /// And that were.
    pub(crate) consumed: u64,
    /// How many were unconfirmed at the end.
    pub(crate) unconfirmed: Option<u64>,
}

impl App {
    pub(crate) fn new(name: u64) -> Self {
        Self { name, ..Self::default() }
    }

    pub(crate) fn write(&self, size: usize, credited: bool) -> Note {
        let index = self.emitted + 1;
        Note { author: self.name, index, size, credited, connect: index == 1, volatile: false, poison: false }
    }

    pub(crate) fn write_volatile(&mut self, size: usize) -> Note {
        self.volatile += 1;
        Note {
            author: self.name,
            index: self.volatile,
            size,
            credited: false,
            connect: false,
            volatile: true,
            poison: false,
        }
    }

    /// The application has finished with some of what came.
    pub(crate) fn consume(&mut self, bytes: u64) {
        self.backlog -= bytes;
        self.consumed += bytes;
    }

    /// Its machine says what has come, and what of it is consumed. That must not be more than it is.
    pub(crate) fn says(&self, received: u64, consumed: u64) -> Result<(), String> {
        if received > self.delivered || consumed > self.consumed {
            let (r, c) = (self.delivered, self.consumed);
            return Err(format!(
                "{} says {received} have come, of {r}, and {consumed} bytes are consumed, of {c}",
                self.name
            ));
        }
        Ok(())
    }

    /// A message came: it must be the next one, of the same author as ever.
    pub(crate) fn take(&mut self, note: &Note) -> Result<(), String> {
        if *self.peer.get_or_insert(note.author) != note.author {
            return Err(format!("{} has messages of two authors: {note:?}", self.name));
        }
        if note.index != self.delivered + 1 {
            return Err(format!("{} expects message {}, not {note:?}", self.name, self.delivered + 1));
        }
        self.delivered += 1;
        if note.credited {
            self.backlog += note.size as u64;
        }
        Ok(())
    }

    pub(crate) fn take_volatile(&mut self, note: &Note) -> Result<(), String> {
        if self.seen_volatile.contains(&note.index) {
            return Err(format!("{} has a volatile message twice: {note:?}", self.name));
        }
        self.seen_volatile.push(note.index);
        Ok(())
    }
}
