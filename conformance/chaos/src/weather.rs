//! Calm and storm alternate, so that sessions can both suffer and recover.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::dice::Dice;
use crate::fault::Rates;

/// The sky over all connections of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sky {
    Calm,
    Storm,
    /// Nothing gets through.
    Drought,
}

/// How long the parts of the weather last, in milliseconds.
const CALM: (u64, u64) = (1_500, 4_000);
const STORM: (u64, u64) = (2_000, 6_000);
const DROUGHT: (u64, u64) = (300, 9_000);

/// The weather of a seed, until it is dropped.
pub(crate) async fn change(sky: Arc<watch::Sender<Sky>>, mut dice: Dice, rates: Rates) {
    loop {
        last(&sky, Sky::Storm, &mut dice, STORM).await;
        if dice.percent(rates.droughts) {
            last(&sky, Sky::Drought, &mut dice, DROUGHT).await;
        }
        last(&sky, Sky::Calm, &mut dice, CALM).await;
    }
}

async fn last(sky: &watch::Sender<Sky>, now: Sky, dice: &mut Dice, (low, high): (u64, u64)) {
    let long: Duration = dice.millis(low, high);
    sky.send_replace(now);
    tokio::time::sleep(long).await;
}
