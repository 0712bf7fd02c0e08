//! The client's machine, under a server that says anything in any order.

use std::time::Duration;

use super::{Note, Script};
use crate::client::{Carrier, Config, Down, Input, Kind, Output, Pipe, Request, Session};
use crate::wire::{Close, Grant, Secret, Welcome};

/// Bytes that may be queued.
const QUEUE: usize = 4_096;
/// Far more than one input can lead to.
const OUTPUTS: usize = 20_000;

/// A session, and what its opponent knows of it.
struct World {
    session: Session<Note, Note>,
    now: Duration,
    carriers: Carrier,
    requests: Request,
    /// Credited bytes that were delivered and not consumed.
    held: u64,
    ended: bool,
}

/// Each byte or few are an input.
pub fn client_session(data: &[u8]) {
    let config = Config { window: 2_048, credit: 1_024, body: 512, queue: QUEUE, ..Config::default() };
    let mut world = World {
        session: Session::new(config, Secret::new("key")),
        now: Duration::ZERO,
        carriers: 0,
        requests: 0,
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
            0..=1 => {
                self.carriers += 1;
                let kind = match script.byte() % 3 {
                    0 => Kind::Duplex,
                    1 => Kind::Poll,
                    _ => Kind::Stream,
                };
                Input::Attach(self.carriers, kind, Duration::from_millis(script.known().min(100_000)))
            }
            2..=6 => Input::Packet(self.pipe(script), self.down(script)),
            7 => Input::Answered(self.request(script)),
            8 => Input::Failed(self.request(script), Some(script.code()).filter(|_| choice & 16 == 0)),
            9 => Input::Lost(self.carrier(script), Some(script.code()).filter(|_| choice & 16 == 0)),
            10 => {
                self.now += Duration::from_millis(script.byte().into()) * 100;
                Input::Timeout
            }
            11 | 12 => {
                let _ = self.session.emit(script.note());
                return self.drain();
            }
            13 if choice & 16 == 0 => {
                self.session.volatile(script.note());
                return self.drain();
            }
            13 | 14 => {
                let bytes = u64::from(script.byte()).min(self.held);
                self.held -= bytes;
                Input::Consumed(bytes)
            }
            _ if choice & 16 == 0 => Input::Rest(Duration::from_millis(script.byte().into())),
            _ => Input::Close(script.code()),
        };
        self.session.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        for _ in 0..OUTPUTS {
            let Some(output) = self.session.poll_output(self.now) else {
                assert!(self.session.sending().bytes() <= QUEUE);
                return;
            };
            match output {
                Output::Deliver(note) => {
                    assert!(!self.ended, "a message after the end");
                    self.held += if note.credited { note.size as u64 } else { 0 };
                }
                Output::Ended { .. } => assert!(!std::mem::replace(&mut self.ended, true), "two ends"),
                Output::Request { request, .. } => self.requests = self.requests.max(request),
                _ => {}
            }
        }
        panic!("there is no end to what it wants done");
    }

    fn down(&self, script: &mut Script<'_>) -> Down<Note> {
        match script.byte() % 10 {
            0..=2 => Down::Welcome(Box::new(self.welcome(script))),
            3..=5 => Down::Message(script.note()),
            6 => match script.byte() % 4 {
                0 => Down::Heartbeat,
                1 => Down::Volatile(script.note()),
                2 => Down::Malformed(script.code()),
                _ => Down::Refusal(script.code()),
            },
            7 | 8 => Down::Counts(self.count(script), script.known()),
            _ => Down::Close(Close {
                code: script.code().as_str().into(),
                reason: None,
                last: script.known(),
                retry: Some(script.known()),
            }),
        }
    }

    /// Its numbers are any that `wire` lets through.
    fn welcome(&self, script: &mut Script<'_>) -> Welcome {
        let full = script.byte();
        Welcome {
            first: if full & 2 == 0 { self.session.receiving().received() + 1 } else { script.known() },
            received: self.count(script),
            consumed: script.known(),
            ticket: (full & 4 == 0).then(|| "ticket".into()),
            stream: (full & 8 == 0).then(|| script.known()),
            grant: (full & 1 == 0).then(|| Grant {
                session: "id".into(),
                token: Secret::new("token"),
                attach: if full & 16 == 0 { self.carriers } else { script.known() },
                ping: script.known(),
                timeout: script.known(),
                grace: script.known(),
                window: script.known(),
                max: script.known(),
                acks: script.known(),
            }),
        }
    }

    /// A count that is often right.
    fn count(&self, script: &mut Script<'_>) -> u64 {
        match script.known() {
            0..=100 => self.session.sending().sent(),
            101..=150 => self.session.sending().confirmed(),
            other => other,
        }
    }

    fn pipe(&self, script: &mut Script<'_>) -> Pipe {
        match script.byte() & 1 {
            0 => Pipe::Carrier(self.carrier(script)),
            _ => Pipe::Request(self.request(script)),
        }
    }

    fn carrier(&self, script: &mut Script<'_>) -> Carrier {
        self.carriers.saturating_sub(u64::from(script.byte() / 64))
    }

    fn request(&self, script: &mut Script<'_>) -> Request {
        self.requests.saturating_sub(u64::from(script.byte() / 64))
    }
}
