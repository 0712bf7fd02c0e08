//! What the sessions are made to do.

pub mod echo;
pub mod fan_out;
pub mod idle;
pub mod rooms;

use std::io;

use crate::client::Client;
use crate::crowd::Crowd;
use crate::dialect::Heard;
use crate::histogram::Histogram;

pub trait Load {
    /// The first messages.
    fn begin(&mut self, _crowd: &mut Crowd) -> io::Result<()> {
        Ok(())
    }

    fn heard(&mut self, client: usize, heard: Heard<'_>);

    /// All that came for this one has been heard; what it says now is sent in one piece.
    fn caught_up(&mut self, _index: usize, _client: &mut Client) {}

    /// All that came for anybody has been heard.
    fn turned(&mut self, _crowd: &mut Crowd) -> io::Result<()> {
        Ok(())
    }

    fn tally(&mut self) -> &mut Tally;
}

/// What has been counted since measuring began.
#[derive(Default)]
pub struct Tally {
    pub messages: u64,
    pub latency: Histogram,
}

impl Tally {
    pub fn count(&mut self, nanos: u64) {
        self.messages += 1;
        self.latency.record(nanos);
    }
}
