//! The listening side, and the weather over it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::dice::Dice;
use crate::fault::{Fault, Rates, Tally};
use crate::line::{Line, refuse};
use crate::weather::{Sky, change};

/// A proxy in front of one server. Calm until its weather begins. It ends when it is dropped.
///
/// All that it does follows from the seed: the weather, and what happens to its first, second, … connection, in which order ever they come.
pub struct Proxy {
    address: SocketAddr,
    dice: Dice,
    rates: Rates,
    sky: Arc<watch::Sender<Sky>>,
    tally: Arc<Tally>,
    weather: Mutex<Option<JoinHandle<()>>>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Listens on this address of the own machine.
    ///
    /// # Errors
    /// When that cannot be had.
    pub async fn start(
        listen: SocketAddr,
        upstream: SocketAddr,
        seed: u64,
        rates: Rates,
        tally: Arc<Tally>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let sky = Arc::new(watch::Sender::new(Sky::Calm));
        let dice = Dice::new(seed);
        let sample = Line {
            upstream,
            dice: dice.part(1),
            rates: rates.clone(),
            sky: sky.subscribe(),
            tally: tally.clone(),
        };
        let accepting = tokio::spawn(accept(listener, sample));
        Ok(Self { address, dice, rates, sky, tally, weather: Mutex::default(), accepting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has done.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// From now on storms and calms alternate.
    pub fn begin(&self) {
        let weather = tokio::spawn(change(self.sky.clone(), self.dice.part(0), self.rates.clone()));
        if let Some(former) = self.weather.lock().replace(weather) {
            former.abort();
        }
    }

    /// From now on it is calm. What is stalled stays so, for some time.
    pub fn heal(&self) {
        if let Some(weather) = self.weather.lock().take() {
            weather.abort();
        }
        self.sky.send_replace(Sky::Calm);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.heal();
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, sample: Line) {
    for number in 1.. {
        let Ok((client, _)) = listener.accept().await else {
            // Out of file descriptors, or the connection is gone already.
            tokio::task::yield_now().await;
            continue;
        };
        let mut line = Line { dice: sample.dice.part(number), ..sample.clone() };
        let sky = *line.sky.borrow();
        if sky == Sky::Drought || sky == Sky::Storm && line.dice.percent(line.rates.refused) {
            line.tally.count(Fault::Refuse);
            refuse(client);
        } else {
            tokio::spawn(line.run(client));
        }
    }
}
