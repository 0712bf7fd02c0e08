//! What only the order of requests shows, without a port.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::config::Config;
use crate::dialect::Speech;
use crate::dialect::engine_io::{EngineIo, Revision, Terms};
use crate::engine::live::Job;
use crate::hub::Hub;

struct Session {
    engine: Arc<Engine>,
    live: Arc<Live>,
}

impl Session {
    /// One of a Socket.IO client that polls and may move to a WebSocket.
    async fn open() -> Self {
        let engine = Engine::new(Config::default(), Hub::new(&Config::default()));
        let terms = Terms {
            revision: Revision::Four,
            sid: "key".into(),
            ping: Duration::from_secs(10),
            timeout: Duration::from_secs(8),
            max: 1_000,
            upgrades: true,
            plain: None,
            recovery: None,
            msgpack: false,
        };
        let tongue = Box::new(EngineIo::new(engine.wheel.now(), terms));
        let (exchange, first) = get(&engine);
        let live = engine.open_guest("key", Speech::SocketIo4, tongue, RequestInfo::default(), first);
        let session = Self { live: live.ok().unwrap(), engine };
        assert!(body(&exchange).await.starts_with("0{"));
        session
    }

    fn submit(&self, job: GuestJob) {
        self.live.submit(Job::Guest(job));
    }

    fn poll(&self) -> Arc<Exchange> {
        let (exchange, job) = get(&self.engine);
        self.submit(job);
        exchange
    }

    fn post(&self, text: &'static str) {
        let exchange = Exchange::new(self.engine.pipe(), false);
        self.submit(GuestJob::Post { exchange, parts: Ok(vec![Part::text(text)]) });
    }
}

fn get(engine: &Engine) -> (Arc<Exchange>, GuestJob) {
    let exchange = Exchange::new(engine.pipe(), false);
    (exchange.clone(), GuestJob::Get { exchange, transport: Transport::LongPolling, limit: None })
}

async fn body(exchange: &Exchange) -> String {
    let lines = poll_fn(|cx| exchange.poll_whole(cx)).await.unwrap();
    lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect()
}

/// Whoever gives up a poll that waits for a WebSocket to come has not given up what the next one brings.
#[tokio::test(start_paused = true)]
async fn a_deferred_poll_that_is_aborted_is_forgotten() {
    let session = Session::open().await;
    session.submit(GuestJob::Expect);
    let given_up = session.poll();
    session.live.submit(Job::Gone(given_up.pipe));
    session.submit(GuestJob::Socket(None));
    session.post("40");
    assert!(body(&session.poll()).await.starts_with("40{"));
}

/// And one that is not aborted is answered when the WebSocket does not come.
#[tokio::test(start_paused = true)]
async fn a_deferred_poll_is_answered() {
    let session = Session::open().await;
    session.submit(GuestJob::Expect);
    let deferred = session.poll();
    session.post("40");
    session.submit(GuestJob::Socket(None));
    assert!(body(&deferred).await.starts_with("40{"));
}
