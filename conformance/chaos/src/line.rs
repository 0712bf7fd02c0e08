//! One connection through the proxy, and what happens to it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::ReadHalf;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::dice::Dice;
use crate::fault::{Fault, Rates, Tally};
use crate::request::{Requests, Up, head_length, without_an_event};
use crate::stream::{Flow, Stream};
use crate::weather::Sky;

/// For ever: longer than any heartbeat waits. After that the connection is reset, since the pool of a browser is small.
const FOR_EVER: Duration = Duration::from_secs(30);
/// How long an answer that nobody gets is waited for: polls hang.
const UNHEARD: Duration = Duration::from_millis(700);
const PIECE: usize = 16 * 1024;

/// What proxies and portals say in place of the server.
const PAGES: [&str; 4] = [
    "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 24\r\n\r\n<html>Bad gateway</html>",
    "HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 24\r\n\r\n<html>Please pay.</html>",
    "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 21\r\n\r\n{\"error\":\"not there\"}",
];

/// What a connection has and suffers.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) upstream: SocketAddr,
    pub(crate) dice: Dice,
    pub(crate) rates: Rates,
    pub(crate) sky: watch::Receiver<Sky>,
    pub(crate) tally: Arc<Tally>,
}

/// How a connection ends, on both sides.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Closed,
    Reset,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Reset
    }
}

/// What happens to the bytes of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    CutAfter(usize),
    Mute,
    MuteAfterHead,
    Whole,
}

/// Ends a connection that was not taken.
pub(crate) fn refuse(client: TcpStream) {
    // If it fails the connection is gone already.
    let _ = client.set_zero_linger();
    drop(client);
}

impl Line {
    pub(crate) async fn run(self, mut client: TcpStream) {
        let Ok(mut server) = TcpStream::connect(self.upstream).await else { return refuse(client) };
        for side in [&client, &server] {
            // Small writes are what this is about.
            let _ = side.set_nodelay(true);
        }
        let end = {
            let (client_read, client_write) = client.split();
            let (server_read, server_write) = server.split();
            let course = Course {
                up: Stream::new(server_write, self.dice.part(2), &self.rates, &self.sky),
                down: Stream::new(client_write, self.dice.part(3), &self.rates, &self.sky),
                answer: Mutex::new(Answer::Whole),
                line: &self,
            };
            let mut sky = self.sky.clone();
            tokio::select! {
                end = course.both(client_read, server_read) => end,
                end = course.suffer() => end,
                _ = sky.wait_for(|sky| *sky == Sky::Drought) => End::Reset,
            }
        };
        if end == End::Reset {
            let _ = client.set_zero_linger();
            let _ = server.set_zero_linger();
        }
    }

    fn storm(&self) -> bool {
        *self.sky.borrow() == Sky::Storm
    }

    /// The request on a connection of its own, whose answer nobody gets. It is over when the answer begins, or does not come.
    fn aside(&self, request: Bytes) -> impl Future<Output = Option<TcpStream>> + use<> {
        let upstream = self.upstream;
        async move {
            let mut server = TcpStream::connect(upstream).await.ok()?;
            server.write_all(&request).await.ok()?;
            let _ = timeout(UNHEARD, server.readable()).await;
            Some(server)
        }
    }
}

/// A connection that stands on both sides.
struct Course<'a> {
    up: Stream<'a>,
    down: Stream<'a>,
    answer: Mutex<Answer>,
    line: &'a Line,
}

impl Course<'_> {
    async fn both(&self, client: ReadHalf<'_>, server: ReadHalf<'_>) -> End {
        match tokio::try_join!(self.upward(client), self.downward(server)) {
            Ok(_) => End::Closed,
            Err(end) => end,
        }
    }

    async fn upward(&self, mut client: ReadHalf<'_>) -> Result<(), End> {
        let mut dice = self.line.dice.part(4);
        let mut requests = Requests::default();
        loop {
            requests.buffer().reserve(PIECE);
            if client.read_buf(requests.buffer()).await? == 0 {
                self.up.write(requests.rest(), &self.line.tally).await?;
                self.up.shut().await;
                return Ok(());
            }
            while let Some(up) = requests.next() {
                self.pass(up, &mut dice).await?;
            }
        }
    }

    async fn pass(&self, up: Up, dice: &mut Dice) -> Result<(), End> {
        let Line { rates, tally, .. } = self.line;
        let strikes = self.line.storm() && dice.percent(rates.requests);
        match up {
            Up::Upgrade(request) if strikes && dice.percent(60) => {
                tally.count(Fault::MuteUpgrade);
                *self.answer.lock() = Answer::MuteAfterHead;
                self.up.write(request, tally).await?;
                if dice.percent(50) {
                    self.up.flow().send_replace(Flow::Mute);
                }
                Ok(())
            }
            Up::Request(request) | Up::Upgrade(request) if strikes => self.strike(request, dice).await,
            Up::Request(request) if dice.percent(rates.lies) => {
                let lie = without_an_event(&request).unwrap_or(request);
                Ok(self.up.write(lie, tally).await?)
            }
            Up::Raw(bytes) | Up::Request(bytes) | Up::Upgrade(bytes) => {
                Ok(self.up.write(bytes, tally).await?)
            }
        }
    }

    /// Something happens to this request.
    async fn strike(&self, request: Bytes, dice: &mut Dice) -> Result<(), End> {
        let tally = &self.line.tally;
        match dice.between(0, 2) {
            0 => {
                tally.count(Fault::CutAnswer);
                *self.answer.lock() = Answer::CutAfter(dice.between(1, 1_200) as usize);
            }
            1 => {
                tally.count(Fault::Duplicate);
                let again = self.line.aside(request.clone());
                if dice.percent(50) {
                    drop(again.await);
                } else {
                    let (before, after) = (dice.millis(0, 300), dice.millis(0, 2_000));
                    tokio::spawn(async move {
                        sleep(before).await;
                        let _kept = again.await;
                        sleep(after).await;
                    });
                }
            }
            _ => {
                tally.count(Fault::Swallow);
                drop(self.line.aside(request).await);
                if dice.percent(40) {
                    return Err(dice.pick(&[End::Closed, End::Reset]));
                }
                return Ok(self.down.write(Bytes::from(dice.pick(&PAGES)), tally).await?);
            }
        }
        Ok(self.up.write(request, tally).await?)
    }

    async fn downward(&self, mut server: ReadHalf<'_>) -> Result<(), End> {
        let mut dice = self.line.dice.part(5);
        let mut buffer = BytesMut::new();
        loop {
            buffer.reserve(PIECE);
            if server.read_buf(&mut buffer).await? == 0 {
                self.down.shut().await;
                return Ok(());
            }
            let mut bytes = buffer.split().freeze();
            let answer = *self.answer.lock();
            let left = match answer {
                Answer::CutAfter(left) if left < bytes.len() => {
                    bytes.truncate(left);
                    self.down.write(bytes, &self.line.tally).await?;
                    return Err(dice.pick(&[End::Closed, End::Reset]));
                }
                Answer::CutAfter(left) => Answer::CutAfter(left - bytes.len()),
                Answer::Mute => continue,
                // The server writes this head in one piece.
                Answer::MuteAfterHead => {
                    bytes.truncate(head_length(&bytes).unwrap_or(bytes.len()));
                    Answer::Mute
                }
                Answer::Whole => Answer::Whole,
            };
            *self.answer.lock() = left;
            self.down.write(bytes, &self.line.tally).await?;
        }
    }

    /// What happens at its own time, whatever is said.
    async fn suffer(&self) -> End {
        let Line { dice, rates, tally, .. } = self.line;
        let mut dice = dice.part(6);
        loop {
            sleep(dice.millis(100, 1_500)).await;
            let strikes = dice.percent(rates.moments);
            let what = dice.pick(&[
                Fault::Cut,
                Fault::HalfClose,
                Fault::Reset,
                Fault::Stall,
                Fault::Stall,
                Fault::StallForever,
            ]);
            let (up, down) = dice.pick(&[(true, false), (false, true), (true, true)]);
            let long = dice.millis(50, 6_000);
            if !strikes || !self.line.storm() {
                continue;
            }
            tally.count(what);
            let ways = [(up, &self.up), (down, &self.down)].into_iter().filter(|(hit, _)| *hit);
            match what {
                Fault::Cut => return End::Closed,
                Fault::HalfClose => {
                    // One way only: both would be a cut.
                    if up { self.up.shut().await } else { self.down.shut().await }
                }
                Fault::Stall => {
                    let until = Flow::Still(Instant::now() + long);
                    for (_, way) in ways {
                        way.flow().send_replace(until);
                    }
                    continue;
                }
                Fault::StallForever => {
                    for (_, way) in ways {
                        way.flow().send_replace(Flow::Mute);
                    }
                }
                _ => return End::Reset,
            }
            sleep(FOR_EVER).await;
            return End::Reset;
        }
    }
}
