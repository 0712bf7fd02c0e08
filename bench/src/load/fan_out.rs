//! One session publishes to all, itself among them.

use std::io;
use std::time::Instant;

use super::{Load, Tally};
use crate::crowd::Crowd;
use crate::dialect::Heard;
use crate::plan::Plan;
use crate::stamp;

pub struct FanOut {
    window: usize,
    rate: f64,
    began: Instant,
    /// How many have received each publication.
    publications: Vec<usize>,
    /// How many have been received by all in the present turn.
    complete: usize,
    subscribers: usize,
    tally: Tally,
}

impl FanOut {
    pub fn new(plan: &Plan) -> Self {
        Self {
            window: plan.window,
            rate: plan.rate,
            began: Instant::now(),
            publications: Vec::new(),
            complete: 0,
            subscribers: plan.connections,
            tally: Tally::default(),
        }
    }

    fn publish(&mut self, count: usize, crowd: &mut Crowd) -> io::Result<()> {
        let publisher = &mut crowd.clients[0];
        for _ in 0..count {
            let mut text = Vec::new();
            stamp::stamped(&mut text, stamp::PUBLICATION, self.publications.len());
            publisher.emit("pub", &text, None);
            self.publications.push(0);
        }
        publisher.flush()
    }
}

impl Load for FanOut {
    fn begin(&mut self, crowd: &mut Crowd) -> io::Result<()> {
        self.began = Instant::now();
        if self.rate == 0.0 { self.publish(self.window, crowd) } else { Ok(()) }
    }

    fn heard(&mut self, _client: usize, heard: Heard<'_>) {
        if let Heard::Event(arguments) = heard
            && let Some((nanos, number)) = stamp::read(arguments)
        {
            self.tally.count(nanos);
            self.publications[number] += 1;
            self.complete += usize::from(self.publications[number] == self.subscribers);
        }
    }

    fn turned(&mut self, crowd: &mut Crowd) -> io::Result<()> {
        let complete = std::mem::take(&mut self.complete);
        let due = (self.began.elapsed().as_secs_f64() * self.rate) as usize;
        match due.saturating_sub(self.publications.len()) {
            0 if self.rate == 0.0 && complete > 0 => self.publish(complete, crowd),
            0 => Ok(()),
            // Late ones are not made up for: they would go out as one.
            late => {
                self.publications.resize(self.publications.len() + late - 1, 0);
                self.publish(1, crowd)
            }
        }
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }
}
