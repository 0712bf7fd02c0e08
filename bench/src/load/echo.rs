//! Each session has a window of messages on their way, and says the next when one is back.

use std::io;

use super::{Load, Tally};
use crate::client::Client;
use crate::crowd::Crowd;
use crate::dialect::Heard;
use crate::plan::Plan;
use crate::stamp;

pub struct Echo {
    window: usize,
    /// Messages that came back in the present turn of one session.
    back: usize,
    text: Vec<u8>,
    tally: Tally,
}

impl Echo {
    pub fn new(plan: &Plan) -> Self {
        Self { window: plan.window, back: 0, text: Vec::new(), tally: Tally::default() }
    }

    fn say(&mut self, client: &mut Client) {
        self.text.clear();
        stamp::stamped(&mut self.text, stamp::ECHO, 0);
        client.emit("echo", &self.text, None);
    }
}

impl Load for Echo {
    fn begin(&mut self, crowd: &mut Crowd) -> io::Result<()> {
        for client in &mut crowd.clients {
            (0..self.window).for_each(|_| self.say(client));
            client.flush()?;
        }
        Ok(())
    }

    fn heard(&mut self, _client: usize, heard: Heard<'_>) {
        if let Heard::Event(arguments) = heard
            && let Some((nanos, _)) = stamp::read(arguments)
        {
            self.back += 1;
            self.tally.count(nanos);
        }
    }

    fn caught_up(&mut self, _index: usize, client: &mut Client) {
        (0..std::mem::take(&mut self.back)).for_each(|_| self.say(client));
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }
}
