//! What a join, a leave and a broadcast to ten cost while there are so many other rooms.

use std::io;
use std::time::Duration;

use super::{Load, Tally};
use crate::client::Client;
use crate::crowd::Crowd;
use crate::dialect::Heard;
use crate::measure::{self, Figures};
use crate::plan::Plan;
use crate::process::Process;
use crate::stamp;

/// Sessions in the other rooms: each takes its share of them.
const HOLDERS: usize = 100;
/// Sessions that join and leave, each a room of its own, and those in the room that is broadcast to.
const MOVERS: usize = 10;
const MEMBERS: usize = 10;
/// The last session says what goes to the members.
const SPEAKER: usize = HOLDERS + MOVERS + MEMBERS;
/// Calls that a session has on their way.
const WINDOW: usize = 8;

/// Sessions with calls: each says its next when one is answered.
struct Calls<F> {
    /// The `number`th call of this session, if there is one: its name and its room.
    next: F,
    made: Vec<usize>,
    answered: usize,
    due: usize,
    tally: Tally,
}

impl<F: Fn(usize, usize) -> Option<(&'static str, String)>> Calls<F> {
    fn new(next: F) -> Self {
        Self { next, made: vec![0; SPEAKER + 1], answered: 0, due: 0, tally: Tally::default() }
    }

    fn call(&mut self, index: usize, client: &mut Client) {
        let number = self.made[index];
        if let Some((name, room)) = (self.next)(index, number) {
            self.made[index] += 1;
            client.emit(name, format!("\"{room}\"").as_bytes(), Some(number));
        }
    }

    fn made(&self) -> usize {
        self.made.iter().sum()
    }
}

impl<F: Fn(usize, usize) -> Option<(&'static str, String)>> Load for Calls<F> {
    fn begin(&mut self, crowd: &mut Crowd) -> io::Result<()> {
        for (index, client) in crowd.clients.iter_mut().enumerate() {
            (0..WINDOW).for_each(|_| self.call(index, client));
            client.flush()?;
        }
        Ok(())
    }

    fn heard(&mut self, _client: usize, heard: Heard<'_>) {
        if let Heard::Answer = heard {
            self.due += 1;
            self.answered += 1;
            self.tally.messages += 1;
        }
    }

    fn caught_up(&mut self, index: usize, client: &mut Client) {
        (0..std::mem::take(&mut self.due)).for_each(|_| self.call(index, client));
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }
}

/// The speaker has a few broadcasts on their way.
#[derive(Default)]
struct Broadcasts {
    delivered: usize,
    tally: Tally,
}

impl Broadcasts {
    fn say(client: &mut Client) {
        let mut text = b"\"members\",".to_vec();
        stamp::stamped(&mut text, stamp::ECHO, 0);
        client.emit("say", &text, None);
    }
}

impl Load for Broadcasts {
    fn begin(&mut self, crowd: &mut Crowd) -> io::Result<()> {
        let speaker = &mut crowd.clients[SPEAKER];
        (0..WINDOW).for_each(|_| Self::say(speaker));
        speaker.flush()
    }

    fn heard(&mut self, _client: usize, heard: Heard<'_>) {
        if let Heard::Event(arguments) = heard
            && let Some(text) = arguments.strip_prefix(b"\"members\",")
            && let Some((nanos, _)) = stamp::read(text)
        {
            self.delivered += 1;
            self.tally.count(nanos);
        }
    }

    fn turned(&mut self, crowd: &mut Crowd) -> io::Result<()> {
        let speaker = &mut crowd.clients[SPEAKER];
        (0..self.delivered / MEMBERS).for_each(|_| Self::say(speaker));
        self.delivered %= MEMBERS;
        speaker.flush()
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }
}

pub fn run(plan: &Plan) -> io::Result<Figures> {
    let plan = &Plan { connections: SPEAKER + 1, ..*plan };
    let server = Process(plan.pid);
    let mut crowd = Crowd::new(plan)?;
    let rooms = plan.rooms;
    let mut filling = Calls::new(move |index, number| match index {
        0..HOLDERS => {
            let room = number * HOLDERS + index;
            (room < rooms).then(|| ("join", format!("room {room}")))
        }
        _ => {
            let member = (HOLDERS + MOVERS..SPEAKER).contains(&index);
            (member && number == 0).then(|| ("join", "members".into()))
        }
    });
    crowd.open(plan, &mut filling)?;
    let resident = server.resident();
    filling.begin(&mut crowd)?;
    while filling.answered < filling.made() {
        crowd.turn(Duration::from_millis(5), &mut filling)?;
    }
    let weight = server.resident().saturating_sub(resident) as f64 / 1024.0 / rooms as f64;
    let mut moving = Calls::new(|index, number| {
        let mover = (HOLDERS..HOLDERS + MOVERS).contains(&index);
        mover.then(|| (if number % 2 == 0 { "join" } else { "leave" }, format!("own room of {index}")))
    });
    let [join, ..] = measure::load(plan, &mut crowd, &mut moving)?;
    // The last answers are on their way still.
    crowd.keep_up(Duration::from_millis(50), &mut Broadcasts::default())?;
    let [say, _, p50, p99, waited] = measure::load(plan, &mut crowd, &mut Broadcasts::default())?;
    Ok(vec![("join_us", join.1), ("say_us", say.1), ("room_kib", weight), p50, p99, waited])
}
