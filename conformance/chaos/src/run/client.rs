//! A client of the crate `everwire-client`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use everwire_client::{
    AckError, AckFuture, Connect, Data, Disconnect, OpenError, Reconnection, Socket, Transport, connect,
};
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::sleep;

use super::Stage;
use super::ledger::Ledger;
use super::told::{GOODBYE, Last, Report, Seen, Totals, blob, is_blob_of};
use crate::dice::Dice;

/// What a client needs to talk.
pub(super) struct Talk {
    pub(super) name: String,
    pub(super) dice: Dice,
    pub(super) pause_ms: u64,
    pub(super) ledger: Arc<Ledger>,
}

/// What it has heard.
struct Ears {
    name: String,
    ledger: Arc<Ledger>,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    /// The session that the server has named.
    session: Option<Seen>,
    last_news: Option<u64>,
    last_whim: u64,
    totals: Totals,
    last: Last,
    /// It has said goodbye.
    over: bool,
}

impl Talk {
    pub(super) async fn run(
        mut self,
        url: String,
        transport: Option<Transport>,
        mut stage: watch::Receiver<Stage>,
    ) {
        let ears =
            Arc::new(Ears { name: self.name.clone(), ledger: self.ledger.clone(), heard: Mutex::default() });
        let socket = match listen(&ears, url, transport) {
            Ok(socket) => socket,
            Err(error) => return ears.violated(&error.to_string()),
        };
        loop {
            for _ in 0..self.dice.between(1, 4) {
                if let Err(what) = self.say(&socket, &ears) {
                    return ears.violated(&what);
                }
            }
            let pause = self.dice.millis(20, self.pause_ms);
            if tokio::time::timeout(pause, stage.wait_for(|stage| *stage == Stage::SayGoodbye)).await.is_ok()
            {
                break;
            }
        }
        if let Err(what) = goodbye(&socket, &ears).await {
            ears.violated(&what);
        }
    }

    fn say(&mut self, socket: &Socket, ears: &Arc<Ears>) -> Result<(), String> {
        let mut heard = ears.heard.lock();
        heard.totals.sent += 1;
        let number = heard.totals.sent;
        let args = (number, blob(number).map(Bytes::from));
        let cannot = |error| format!("event {number} was not taken: {error}");
        socket.volatile().emit("whim", number).map_err(cannot)?;
        if !self.dice.percent(20) {
            return socket.emit("up", args).map_err(cannot);
        }
        heard.totals.asked += 1;
        drop(heard);
        tokio::spawn(ears.clone().hear_answer(socket.emit_with_ack("up", args), number));
        Ok(())
    }
}

impl Ears {
    fn violated(&self, what: &str) {
        self.ledger.violated(&self.name, what, &self.heard.lock().last.list());
    }

    async fn hear_answer(self: Arc<Self>, answer: AckFuture<u64>, number: u64) {
        let answer = answer.await;
        {
            let totals = &mut self.heard.lock().totals;
            match answer {
                Ok(same) if same == number => return totals.answered += 1,
                Err(AckError::SessionEnded) => return totals.failed += 1,
                _ => {}
            }
        }
        self.violated(&format!("event {number} was answered with {answer:?}"));
    }

    /// Notes what happens, and reports what must not.
    fn hear(&self, happened: impl FnOnce(&mut Heard) -> Result<String, String>) {
        let result = {
            let mut heard = self.heard.lock();
            if heard.over {
                return;
            }
            happened(&mut heard).map(|what| heard.last.note(what))
        };
        if let Err(what) = result {
            self.violated(&what);
        }
    }
}

impl Heard {
    fn hello(&mut self, ordinal: u64) -> Result<String, String> {
        if self.session.is_some() {
            return Err(format!("session {ordinal} begins, and the end of the one before was not told"));
        }
        self.session = Some(Seen { ordinal, ..Seen::default() });
        (self.last_news, self.last_whim) = (None, 0);
        Ok(format!("session {ordinal}"))
    }

    fn down(&mut self, ordinal: u64, number: u64, blob: Option<&[u8]>) -> Result<String, String> {
        let Some(session) = &mut self.session else {
            return Err(format!("event {number} came without a session"));
        };
        if (session.ordinal, session.down + 1) != (ordinal, number) {
            return Err(format!(
                "event {number} of session {ordinal} came down, {} was next",
                session.down + 1
            ));
        }
        if !is_blob_of(number, blob) {
            return Err(format!("event {number} came down with other bytes"));
        }
        session.down = number;
        Ok(format!("heard {number}"))
    }

    fn news(&mut self, number: u64) -> Result<String, String> {
        let Some(session) = &mut self.session else {
            return Err(format!("news {number} came without a session"));
        };
        session.news += 1;
        match self.last_news.replace(number) {
            Some(last) if last + 1 != number => Err(format!("news {number} came after {last}")),
            _ => Ok(format!("news {number}")),
        }
    }

    fn whim(&mut self, number: u64) -> Result<String, String> {
        self.totals.volatile += 1;
        if std::mem::replace(&mut self.last_whim, number) > number {
            return Err(format!("volatile event {number} came late"));
        }
        Ok(format!("whim {number}"))
    }
}

fn listen(ears: &Arc<Ears>, url: String, transport: Option<Transport>) -> Result<Socket, OpenError> {
    let mut reconnection = Reconnection::default();
    reconnection.delay = Duration::from_millis(50);
    reconnection.max_delay = Duration::from_millis(1_000);
    let (name, sessions) = (ears.name.clone(), Arc::new(AtomicU64::new(0)));
    let mut builder = connect(url).reconnection(reconnection).auth_with(move || {
        let session = sessions.fetch_add(1, Ordering::Relaxed) + 1;
        std::future::ready(Ok::<_, String>(json!({"client": name, "session": session})))
    });
    if let Some(transport) = transport {
        builder = builder.transports([transport]);
    }
    // What a closure for a handler begins with.
    let ear = || ears.clone();
    let (connects, ends, hellos, downs, news) = (ear(), ear(), ear(), ear(), ear());
    let (whims, moves, suspends, resumes) = (ear(), ear(), ear(), ear());
    builder
        .on("connect", move |Data(connect): Data<Connect>| {
            connects.hear(|_| {
                let Connect { recovered, .. } = connect;
                if recovered {
                    Err("a new session says that it was recovered".into())
                } else {
                    Ok("connect".into())
                }
            });
            connects.ledger.report(Report::Connected { client: connects.name.clone() });
            async {}
        })
        .on("disconnect", move |Data(end): Data<Disconnect>| {
            ends.hear(|heard| {
                let session = heard.session.take().unwrap_or_default();
                let Disconnect { code, unconfirmed, .. } = end;
                let told = format!("disconnect {code} {unconfirmed}");
                let session = Seen { code, unconfirmed, last: heard.last.list(), ..session };
                ends.ledger.report(Report::Session { client: ends.name.clone(), session });
                Ok(told)
            });
            async {}
        })
        .on("hello", move |Data(ordinal): Data<u64>| {
            hellos.hear(|heard| heard.hello(ordinal));
            async {}
        })
        .on("down", move |Data((ordinal, number, blob)): Data<(u64, u64, Option<Bytes>)>| {
            downs.hear(|heard| heard.down(ordinal, number, blob.as_deref()));
            async move { number }
        })
        .on("news", move |Data(number): Data<u64>| {
            news.hear(|heard| heard.news(number));
            async {}
        })
        .on("whim", move |Data(number): Data<u64>| {
            whims.hear(|heard| heard.whim(number));
            async {}
        })
        .on("transport", move |Data(transport): Data<Transport>| {
            moves.hear(|heard| {
                heard.totals.moved += 1;
                Ok(format!("transport {}", transport.name()))
            });
            async {}
        })
        .on("suspended", move || {
            suspends.hear(|heard| {
                heard.totals.suspended += 1;
                Ok("suspended".into())
            });
            async {}
        })
        .on("resumed", move || {
            resumes.hear(|heard| {
                heard.totals.resumed += 1;
                Ok("resumed".into())
            });
            async {}
        })
        .open()
}

/// Says goodbye until it is answered, hears all that came before the answer, and leaves.
async fn goodbye(socket: &Socket, ears: &Ears) -> Result<(), String> {
    let (down, news) = loop {
        match socket.emit_with_ack::<(u64, u64)>("goodbye", ()).await {
            Ok(counts) => break counts,
            // Once more, in the next session.
            Err(AckError::SessionEnded) => {}
            Err(error) => return Err(format!("goodbye was answered with {error:?}")),
        }
    };
    // Answers do not wait behind handlers. What never comes is found when the ledgers are compared.
    for _ in 0..500 {
        let heard = ears.heard.lock().session.as_ref().map(|session| (session.down, session.news));
        if heard == Some((down, news)) && ears.heard.lock().totals.is_settled() {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    let totals = {
        let mut heard = ears.heard.lock();
        heard.over = true;
        let session = heard.session.take().unwrap_or_default();
        let session = Seen { code: GOODBYE.into(), last: heard.last.list(), ..session };
        ears.ledger.report(Report::Session { client: ears.name.clone(), session });
        heard.totals.clone()
    };
    socket.close();
    ears.ledger.report(Report::Done { client: ears.name.clone(), totals });
    Ok(())
}

impl Totals {
    /// All acks have come or failed.
    fn is_settled(&self) -> bool {
        self.asked == self.answered + self.failed
    }
}
