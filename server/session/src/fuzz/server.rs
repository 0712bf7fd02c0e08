//! The server's machine, under a client that says anything in any order.

use std::time::Duration;

use super::{Note, Script};
use crate::server::{Config, How, Input, Output, Pipe, Session, Shape, Up};
use crate::wire::{Attach, Close, Post, Secret, VERSION};

/// Bytes that may be queued.
const QUEUE: usize = 4_096;
/// Far more than one input can lead to.
const OUTPUTS: usize = 20_000;

/// A session, and what its opponent knows of it.
struct World {
    session: Session<Note, Note>,
    now: Duration,
    pipes: Pipe,
    secrets: Vec<String>,
    attach: u64,
    /// Credited bytes that were delivered and not consumed.
    held: u64,
    ended: bool,
}

/// Each byte or few are an input.
pub fn server_session(data: &[u8]) {
    let config = Config { window: 2_048, max: 512, acks: 8, ..Config::default() };
    let (key, token) = (Secret::new("key"), Secret::new("first"));
    let mut world = World {
        session: Session::new(config, "id".into(), key, token, Duration::ZERO, QUEUE),
        now: Duration::ZERO,
        pipes: 0,
        secrets: vec!["key".into(), "first".into(), String::new()],
        attach: 0,
        held: 0,
        ended: false,
    };
    let mut script = Script(data);
    while let Some(choice) = script.next() {
        world.step(choice, &mut script);
    }
}

impl World {
    fn step(&mut self, choice: u8, script: &mut Script<'_>) {
        let input = match choice % 16 {
            0..=2 => self.attach(script),
            3..=4 => Input::Packet { pipe: self.pipe(script), up: up(script) },
            5..=7 => self.post(script),
            8 => Input::Gone { pipe: self.pipe(script) },
            9 => Input::Stream { pipe: self.new_pipe(), attach: script.known() },
            10 => {
                self.now += Duration::from_millis(script.byte().into()) * 100;
                Input::Timeout
            }
            11 | 12 => {
                let emitted = self.session.emit(self.now, script.note());
                assert!(emitted || self.session.machine.ended().is_some() || self.ended || self.is_closing());
                return self.drain();
            }
            13 => {
                let bytes = u64::from(script.byte()).min(self.held);
                self.held -= bytes;
                Input::Consumed(bytes)
            }
            14 => Input::Malformed {
                pipe: self.pipe(script),
                code: script.code(),
                first: script.optional(),
                before: script.byte().into(),
            },
            _ if choice & 16 == 0 => {
                Input::Close { code: script.code(), reason: None, retry: script.optional() }
            }
            _ => Input::Kill { code: script.code() },
        };
        self.session.handle(self.now, input);
        self.drain();
    }

    fn is_closing(&self) -> bool {
        self.session.machine.state() == crate::server::State::Closing
    }

    fn drain(&mut self) {
        for _ in 0..OUTPUTS {
            let Some(output) = self.session.poll_output(self.now) else {
                assert!(self.session.send.bytes() <= QUEUE);
                return;
            };
            match output {
                Output::Deliver(note) => {
                    assert!(!self.ended, "a message after the end");
                    self.held += if note.credited { note.size as u64 } else { 0 };
                }
                Output::Volatile(_) => assert!(!self.ended, "an event after the end"),
                Output::Ended { .. } => assert!(!std::mem::replace(&mut self.ended, true), "two ends"),
                Output::Welcome(_, welcome) => {
                    self.secrets.extend(welcome.grant.map(|grant| grant.token.expose().to_owned()));
                }
                _ => {}
            }
        }
        panic!("there is no end to what it wants done");
    }

    fn attach(&mut self, script: &mut Script<'_>) -> Input<Note> {
        let pipe = self.new_pipe();
        let shape = match script.byte() % 4 {
            0 => Shape::Duplex,
            1 => Shape::Poll,
            2 => Shape::Stream,
            _ => Shape::Ticketed,
        };
        let how = script.byte();
        self.attach = if how & 1 == 0 { self.attach + 1 } else { script.known().max(1) };
        let opens = how & 2 == 0;
        let head = Attach {
            v: VERSION,
            attach: self.attach,
            key: opens.then(|| self.secret(script)),
            session: (!opens).then(|| "id".into()),
            token: (!opens).then(|| self.secret(script)),
            received: self.count(script),
            consumed: script.known(),
            window: script.known(),
            first: script.optional(),
            serial: script.optional(),
            pad: script.optional(),
            ticket: None,
        };
        Input::Attach { pipe, shape, head, batch: batch(script), fresh: Secret::new(format!("fresh {pipe}")) }
    }

    fn post(&mut self, script: &mut Script<'_>) -> Input<Note> {
        let how = match script.byte() % 3 {
            0 => How::Readable,
            1 => How::Ticket,
            _ => How::Unreadable,
        };
        let head = Post {
            session: "id".into(),
            token: self.secret(script),
            received: self.count(script),
            consumed: script.known(),
            serial: script.optional(),
            first: script.optional(),
            attach: script.optional().map(|number| if number == 0 { self.attach } else { number }),
            poll: script.optional(),
            wait: script.optional(),
        };
        Input::Post { pipe: self.new_pipe(), head, batch: batch(script), how }
    }

    /// A count that is often right.
    fn count(&self, script: &mut Script<'_>) -> u64 {
        match script.known() {
            0..=100 => self.session.send.sent(),
            101..=150 => self.session.send.confirmed(),
            other => other,
        }
    }

    /// Mostly the newest.
    fn secret(&self, script: &mut Script<'_>) -> Secret {
        let back = usize::from(script.byte() / 64);
        Secret::new(self.secrets[self.secrets.len().saturating_sub(1 + back)].clone())
    }

    fn new_pipe(&mut self) -> Pipe {
        self.pipes += 1;
        self.pipes
    }

    fn pipe(&self, script: &mut Script<'_>) -> Pipe {
        self.pipes.saturating_sub(u64::from(script.byte() / 64))
    }
}

fn batch(script: &mut Script<'_>) -> Vec<Up<Note>> {
    (0..script.byte() % 5).map(|_| up(script)).collect()
}

fn up(script: &mut Script<'_>) -> Up<Note> {
    match script.byte() % 8 {
        0..=3 => Up::Message(script.note()),
        4 => Up::Volatile(script.note()),
        5 | 6 => Up::Counts(script.known(), script.known()),
        _ => Up::Close(Close {
            code: script.code().as_str().into(),
            reason: None,
            last: script.known(),
            retry: script.optional(),
        }),
    }
}
