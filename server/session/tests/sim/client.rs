//! The client's end, as the simulation sees it: what the machine of any language can be made to look like.

use std::time::Duration;

use everwire_session::client::{Config, Input, Output, Session, State};
use everwire_session::wire::Secret;

use super::app::Note;

/// A client's session. The methods are those of [`Session`].
pub(crate) trait ClientMachine {
    fn handle(&mut self, now: Duration, input: Input<Note>);

    /// False if it was not taken.
    fn emit(&mut self, note: Note) -> bool;

    fn volatile(&mut self, note: Note);

    fn poll_output(&mut self, now: Duration) -> Option<Output<Note, Note>>;

    fn next_timeout(&self) -> Option<Duration>;

    fn state(&self) -> State;

    fn id(&self) -> Option<String>;

    /// Of the messages that are kept to be sent, or sent again.
    fn bytes(&self) -> usize;

    fn unconfirmed(&self) -> u64;
}

/// Which machine is simulated.
#[derive(Clone, Copy)]
pub(crate) struct Clients {
    /// Begins a session with a key.
    pub(crate) begin: fn(&Config, Secret) -> Box<dyn ClientMachine>,
    /// The smallest note that it can send: its name may need some room.
    pub(crate) least: u64,
}

/// The machine in Rust, which carries notes as they are.
#[allow(dead_code, reason = "who simulates another machine does not need it")]
pub(crate) const RUST: Clients =
    Clients { begin: |config, key| Box::new(Session::new(config.clone(), key)), least: 1 };

impl ClientMachine for Session<Note, Note> {
    fn handle(&mut self, now: Duration, input: Input<Note>) {
        self.handle(now, input);
    }

    fn emit(&mut self, note: Note) -> bool {
        self.emit(note).is_ok()
    }

    fn volatile(&mut self, note: Note) {
        self.volatile(note);
    }

    fn poll_output(&mut self, now: Duration) -> Option<Output<Note, Note>> {
        self.poll_output(now)
    }

    fn next_timeout(&self) -> Option<Duration> {
        self.next_timeout()
    }

    fn state(&self) -> State {
        self.state()
    }

    fn id(&self) -> Option<String> {
        self.id().map(str::to_owned)
    }

    fn bytes(&self) -> usize {
        self.sending().bytes()
    }

    fn unconfirmed(&self) -> u64 {
        self.sending().unconfirmed()
    }
}
