//! One request to Engine.IO, from its query to its answer.

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, SET_COOKIE};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use http_body::Body as HttpBody;

use super::Options;
use super::trouble::Trouble;
use crate::config::Transport;
use crate::dialect::engine_io::{EngineIo, Revision, Terms, decode, encode};
use crate::dialect::{Part, Speech};
use crate::engine::exchange::{Caller, Exchange};
use crate::engine::guest::GuestJob;
use crate::engine::live::{Job, Live};
use crate::engine::{Engine, ids};
use crate::transport::handshake;
use crate::transport::http::answer::answer;
use crate::transport::http::body::{Kind, Limits, collect};
use crate::transport::service::{query, request_info};

/// Ends the id of a session whose client has said at its opening that it takes no bytes: whoever puts bodies together sees no more of it than its id.
const TEXT_ONLY: &str = ".b64";

/// One request, its query read.
pub(super) struct Visit {
    engine: Arc<Engine>,
    options: Arc<Options>,
    parts: Parts,
    revision: Revision,
    websocket: bool,
    /// The session that it names.
    live: Option<Arc<Live>>,
    /// Its client takes no bytes in bodies.
    text_only: bool,
}

impl Visit {
    pub(super) fn of(engine: Arc<Engine>, options: Arc<Options>, parts: Parts) -> Result<Self, Trouble> {
        let websocket = match query(&parts, "transport").as_deref() {
            Some("polling") if options.polling => false,
            Some("websocket") if options.websocket => true,
            _ => return Err(Trouble::Transport),
        };
        let sid = query(&parts, "sid").filter(|sid| !sid.is_empty());
        let text_only = sid.as_ref().is_some_and(|sid| sid.ends_with(TEXT_ONLY));
        let live = match sid {
            Some(sid) => Some(engine.find_guest(&guest_key(&sid)).ok_or(Trouble::UnknownSid)?),
            None => None,
        };
        let revision = match query(&parts, "EIO").as_deref() {
            Some("3") => Revision::Three,
            Some("4") => Revision::Four,
            _ => return Err(Trouble::Version),
        };
        if live.as_ref().is_some_and(|live| live.speech() != speech(revision, &options)) {
            return Err(Trouble::BadRequest);
        }
        Ok(Self { engine, options, parts, revision, websocket, live, text_only })
    }

    pub(super) async fn answer<B>(self, body: B) -> Result<Response<Bytes>, Trouble>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
    {
        let method = self.parts.method.clone();
        match (self.live.clone(), self.websocket) {
            (None, _) if method != Method::GET => Err(Trouble::Method),
            (live, true) => self.upgrade(live),
            (None, false) => self.open().await,
            (Some(live), false) if method == Method::GET => {
                let (job, exchange) = self.get();
                live.submit(Job::Guest(job));
                self.whole(Caller::new(exchange, live)).await
            }
            (Some(live), false) if method == Method::POST => self.post(live, body).await,
            _ => Err(Trouble::BadRequest),
        }
    }

    fn get(&self) -> (GuestJob, Arc<Exchange>) {
        let exchange = Exchange::new(self.engine.pipe(), false);
        (
            GuestJob::Get { exchange: exchange.clone(), transport: Transport::LongPolling, limit: None },
            exchange,
        )
    }

    /// Begins a session.
    fn begin(&self, sid: &str, first: GuestJob) -> Result<Arc<Live>, Trouble> {
        let config = &self.engine.config;
        let terms = Terms {
            revision: self.revision,
            sid: sid.into(),
            ping: config.ping,
            timeout: config.timeout,
            max: config.max_payload,
            upgrades: self.options.websocket,
            plain: self.options.plain.clone(),
            msgpack: self.options.msgpack && self.revision == Revision::Four,
            recovery: self.options.recovery.filter(|_| self.revision == Revision::Four),
        };
        let tongue = Box::new(EngineIo::new(self.engine.wheel.now(), terms));
        let request = request_info(&self.parts);
        let speech = speech(self.revision, &self.options);
        let opened = self.engine.open_guest(&guest_key(sid), speech, tongue, request, first);
        opened.map_err(|(code, job)| {
            if job.turn_away(code) {
                self.engine.hub.refused(code);
            }
            Trouble::from(code)
        })
    }

    async fn open(mut self) -> Result<Response<Bytes>, Trouble> {
        let mut sid = ids::random();
        if query(&self.parts, "b64").is_some() {
            sid.push_str(TEXT_ONLY);
            self.text_only = true;
        }
        let (job, exchange) = self.get();
        let live = self.begin(&sid, job)?;
        let mut response = self.whole(Caller::new(exchange, live)).await?;
        self.set_cookie(&sid, response.headers_mut());
        Ok(response)
    }

    fn set_cookie(&self, sid: &str, headers: &mut HeaderMap) {
        if let Some(cookie) = self.options.cookie.as_ref().and_then(|cookie| cookie.to_str().ok())
            && let Ok(cookie) = HeaderValue::from_str(&cookie.replacen("{}", sid, 1))
        {
            headers.insert(SET_COOKIE, cookie);
        }
    }

    /// Waits until there is something to say, and says it.
    async fn whole(&self, caller: Caller) -> Result<Response<Bytes>, Trouble> {
        let lines =
            poll_fn(|cx| caller.exchange.poll_whole(cx)).await.map_err(|(code, _)| Trouble::from(code))?;
        let payload = encode(self.revision, self.text_only, lines);
        let kind = if payload.text { "text/plain; charset=UTF-8" } else { "application/octet-stream" };
        Ok(answer(StatusCode::OK, kind, payload.bytes))
    }

    async fn post<B>(self, live: Arc<Live>, body: B) -> Result<Response<Bytes>, Trouble>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
    {
        let config = &self.engine.config;
        // Base64 is a third longer than what it carries.
        let limits =
            Limits { bytes: config.max_payload / 3 * 4 + 1024, time: config.body, room: &self.engine.bodies };
        let bytes = collect(&self.parts.headers, body, Kind::Any, limits).await?;
        let kind = self.parts.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        let parts =
            match decode(self.revision, &bytes, kind == b"application/octet-stream", config.packets_per_body)
            {
                Ok(parts) if parts.iter().map(Part::len).sum::<usize>() > config.max_payload => {
                    return Err(Trouble::TooLarge);
                }
                parts => parts,
            };
        let exchange = Exchange::new(self.engine.pipe(), false);
        live.submit(Job::Guest(GuestJob::Post { exchange: exchange.clone(), parts }));
        let caller = Caller::new(exchange, live);
        poll_fn(|cx| caller.exchange.poll_whole(cx)).await.map_err(|(code, _)| Trouble::from(code))?;
        // As the text is called by their own server; nothing shows it.
        Ok(answer(StatusCode::OK, "text/html", "ok"))
    }

    fn upgrade(mut self, live: Option<Arc<Live>>) -> Result<Response<Bytes>, Trouble> {
        let (upgrade, mut response) = handshake::shake(&mut self.parts).map_err(|_| Trouble::BadRequest)?;
        if let Some(live) = live {
            live.submit(Job::Guest(GuestJob::Expect));
            tokio::spawn(async move {
                let socket = upgrade.socket(&self.engine).await;
                live.submit(Job::Guest(GuestJob::Socket(socket.map(Box::new))));
            });
        } else {
            let sid = ids::random();
            self.set_cookie(&sid, response.headers_mut());
            tokio::spawn(async move {
                if let Some(socket) = upgrade.socket(&self.engine).await {
                    let _ = self.begin(&sid, GuestJob::Socket(Some(Box::new(socket))));
                }
            });
        }
        Ok(response)
    }
}

/// Sessions of all dialects stand in one table.
fn guest_key(sid: &str) -> String {
    format!("engine.io {sid}")
}

fn speech(revision: Revision, options: &Options) -> Speech {
    match (revision, &options.plain) {
        (Revision::Four, None) => match (options.recovery.is_some(), options.msgpack) {
            (true, true) => Speech::SocketIoPackedMarked,
            (true, false) => Speech::SocketIoMarked,
            (false, true) => Speech::SocketIoPacked,
            (false, false) => Speech::SocketIo4,
        },
        (Revision::Three, None) => Speech::SocketIo3,
        (Revision::Three, Some(_)) => Speech::EngineIo3,
        (Revision::Four, Some(_)) => Speech::EngineIo4,
    }
}
