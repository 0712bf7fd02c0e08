//! One direction of a connection: where its bytes go, and how badly.

use std::io;

use bytes::Bytes;
use tokio::io::AsyncWriteExt as _;
use tokio::net::tcp::WriteHalf;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use crate::dice::Dice;
use crate::fault::{Fault, Rates, Tally};
use crate::weather::Sky;

/// What a direction does with what it is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Flow {
    /// Swallows it.
    Mute,
    Open,
    /// Closed, and swallows it.
    Shut,
    /// Stands still until then, and takes nothing meanwhile.
    Still(Instant),
}

/// The way out of one direction.
pub(crate) struct Stream<'a> {
    out: Mutex<Out<'a>>,
    flow: watch::Sender<Flow>,
    sky: watch::Receiver<Sky>,
    delayed: u64,
}

struct Out<'a> {
    to: WriteHalf<'a>,
    dice: Dice,
    /// Bytes that still travel alone.
    slices: usize,
}

impl<'a> Stream<'a> {
    pub(crate) fn new(to: WriteHalf<'a>, mut dice: Dice, rates: &Rates, sky: &watch::Receiver<Sky>) -> Self {
        let sliced = *sky.borrow() == Sky::Storm && dice.percent(rates.sliced);
        let slices = if sliced { dice.between(50, 1_500) as usize } else { 0 };
        let (delayed, sky) = (rates.delayed, sky.clone());
        Self { out: Mutex::new(Out { to, dice, slices }), flow: watch::Sender::new(Flow::Open), sky, delayed }
    }

    pub(crate) fn flow(&self) -> &watch::Sender<Flow> {
        &self.flow
    }

    pub(crate) async fn write(&self, mut bytes: Bytes, tally: &Tally) -> io::Result<()> {
        let mut out = self.out.lock().await;
        while let Some(until) = self.still() {
            let mut changed = self.flow.subscribe();
            tokio::select! {
                () = tokio::time::sleep_until(until) => {}
                _ = changed.changed() => {}
            }
        }
        if matches!(*self.flow.borrow(), Flow::Mute | Flow::Shut) {
            return Ok(());
        }
        if *self.sky.borrow() == Sky::Storm && out.dice.percent(self.delayed) {
            tally.count(Fault::Delay);
            tokio::time::sleep(out.dice.millis(1, 120)).await;
        }
        if out.slices > 0 && !bytes.is_empty() {
            tally.count(Fault::Slice);
        }
        while out.slices > 0 && !bytes.is_empty() {
            out.slices -= 1;
            out.to.write_all(&bytes.split_to(1)).await?;
            tokio::task::yield_now().await;
        }
        out.to.write_all(&bytes).await
    }

    fn still(&self) -> Option<Instant> {
        match *self.flow.borrow() {
            Flow::Still(until) if until > Instant::now() => Some(until),
            _ => None,
        }
    }

    pub(crate) async fn shut(&self) {
        self.flow.send_replace(Flow::Shut);
        // Whoever is gone needs no end.
        let _ = self.out.lock().await.to.shutdown().await;
    }
}
