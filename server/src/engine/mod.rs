//! Live sessions: the tables that find them, and what drives them.

mod doors;
mod driver;
mod ended;
pub(crate) mod exchange;
pub(crate) mod guest;
mod hold;
pub(crate) mod ids;
pub(crate) mod live;
mod probation;
pub(crate) mod socket;
pub(crate) mod turn;
mod wheel;
pub(crate) mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use everwire_session::code::Code;
use everwire_session::server::{self as machine, Pipe};
use everwire_session::wire::{Attach, Secret};

use self::doors::Doors;
use self::driver::Driver;
use self::ended::Ended;
use self::exchange::Exchange;
use self::guest::{Guest, GuestJob, Tongue};
use self::hold::Hold;
use self::live::{Job, Live};
use self::wheel::Wheel;
use crate::config::{Config, Transport};
use crate::dialect::Speech;
use crate::handshake::RequestInfo;
use crate::hub::Hub;
use crate::serve;
use crate::stats::Stats;
use crate::transport::http::body::Room;

/// How long a ticket is good.
const TICKET: Duration = Duration::from_secs(10);

/// The table of sessions, shared by all transports and dialects.
pub(crate) struct Engine {
    pub(crate) config: Config,
    pub(crate) hub: Arc<Hub>,
    pub(crate) wheel: Wheel,
    pub(crate) open_requests: AtomicUsize,
    /// For the bodies of requests.
    pub(crate) bodies: Room,
    ended: Ended<Live>,
    /// Who may open a session.
    doors: Arc<Doors>,
    hold: Arc<Hold>,
    sessions: DashMap<Arc<str>, Arc<Live>>,
    /// Sessions of foreign clients, by what their protocol calls an id, which is a secret too.
    guests: DashMap<Arc<str>, Arc<Live>>,
    /// Those that a client can come back to, by their secret.
    recoverable: DashMap<Box<str>, Arc<Live>>,
    /// Sessions by the key of their open, until their token is used.
    keys: DashMap<Arc<str>, Arc<Live>>,
    /// What the machines of native sessions know of the configuration.
    machine: Arc<machine::Config>,
    tickets: DashMap<Box<str>, Ticket>,
    /// Script requests that wait for their form, or the other way round.
    scripts: DashMap<Box<str>, (Arc<Exchange>, Duration)>,
    pipes: AtomicU64,
    turning: AtomicBool,
    closing: AtomicBool,
}

/// What a ticket opens.
pub(crate) struct Ticket {
    pub(crate) live: Arc<Live>,
    pub(crate) attach: u64,
    until: Duration,
}

impl Engine {
    pub(crate) fn new(config: Config, hub: Arc<Hub>) -> Arc<Self> {
        Arc::new(Self {
            bodies: Room::new(config.bodies_bytes),
            hold: Hold::new(config.sessions_bytes),
            machine: Arc::new(machine_config(&config)),
            doors: Doors::new(&config),
            ended: Ended::default(),
            config,
            hub,
            wheel: Wheel::new(),
            open_requests: AtomicUsize::new(0),
            sessions: DashMap::new(),
            guests: DashMap::new(),
            recoverable: DashMap::new(),
            keys: DashMap::new(),
            tickets: DashMap::new(),
            scripts: DashMap::new(),
            pipes: AtomicU64::new(1),
            turning: AtomicBool::new(false),
            closing: AtomicBool::new(false),
        })
    }

    /// A name for one way down.
    pub(crate) fn pipe(&self) -> Pipe {
        self.pipes.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn find(&self, id: &str) -> Option<Arc<Live>> {
        self.sessions.get(id).map(|live| live.clone())
    }

    /// Hands an attach to its session. With a key that is new a session is made, and its driver spawned.
    ///
    /// # Errors
    /// [`Code::UnknownSession`]; for a new one [`Code::Shutdown`] while the server goes down, [`Code::Full`] or [`Code::Rate`] when there are too many; with the
    /// job.
    pub(crate) fn attach(
        self: &Arc<Self>,
        head: &Attach,
        request: impl FnOnce() -> RequestInfo,
        job: Job,
    ) -> Result<Arc<Live>, (Code, Box<Job>)> {
        let (live, driver) = match (&head.session, &head.key) {
            (Some(id), _) => (self.find(id), None),
            (None, Some(key)) => {
                let found = self.keys.get(key.expose()).map(|live| live.clone());
                match found {
                    Some(live) => (Some(live), None),
                    None if self.closing.load(Ordering::Relaxed) => {
                        return Err((Code::Shutdown, Box::new(job)));
                    }
                    None => match self.open(key, request()) {
                        Ok(opened) => opened,
                        Err(code) => return Err((code, Box::new(job))),
                    },
                }
            }
            (None, None) => (None, None),
        };
        let Some(live) = live else { return Err((Code::UnknownSession, Box::new(job))) };
        live.submit(job);
        if let Some(driver) = driver {
            tokio::spawn(driver);
            // It may have been opened just behind the back of a shutdown, which then has not told it.
            if self.closing.load(Ordering::SeqCst) {
                live.submit(Job::Close { code: Code::Shutdown, reason: None, retry: None });
            }
        }
        Ok(live)
    }

    pub(crate) fn find_guest(&self, key: &str) -> Option<Arc<Live>> {
        self.guests.get(key).map(|live| live.clone())
    }

    /// Makes the session of a foreign client, unless there is one with this key.
    ///
    /// # Errors
    /// [`Code::Shutdown`] while the server goes down, [`Code::Full`] or [`Code::Rate`] when there are too many.
    pub(crate) fn open_guest(
        self: &Arc<Self>,
        key: &str,
        speech: Speech,
        tongue: Box<dyn Tongue>,
        request: RequestInfo,
        first: GuestJob,
    ) -> Result<Arc<Live>, (Code, Box<GuestJob>)> {
        if self.closing.load(Ordering::Relaxed) {
            return Err((Code::Shutdown, Box::new(first)));
        }
        let entry = match self.guests.entry(key.into()) {
            Entry::Occupied(entry) => {
                let live = entry.get().clone();
                live.submit(Job::Guest(first));
                return Ok(live);
            }
            Entry::Vacant(entry) => entry,
        };
        let place = match self.doors.enter(request.address(), self.wheel.now()) {
            Ok(place) => place,
            Err(code) => return Err((code, Box::new(first))),
        };
        let secret = tongue.recovery().map(|_| ids::random().into());
        let live = self.live(speech, secret);
        if let Some(secret) = live.secret() {
            self.recoverable.insert(secret.into(), live.clone());
        }
        entry.insert(live.clone());
        self.turn_wheel();
        live.submit(Job::Guest(first));
        tokio::spawn(Guest::new(self.clone(), live.clone(), key.into(), tongue, request, place));
        // It may have been opened just behind the back of a shutdown, which then has not told it.
        if self.closing.load(Ordering::SeqCst) {
            live.submit(Job::Close { code: Code::Shutdown, reason: None, retry: None });
        }
        Ok(live)
    }

    fn forget_guest(&self, key: &str) {
        self.guests.remove(key);
    }

    /// A guest is found by another key from now on.
    fn rename_guest(&self, old: &str, new: &str, live: &Arc<Live>) {
        self.guests.insert(new.into(), live.clone());
        self.guests.remove(old);
    }

    fn find_recoverable(&self, secret: &str) -> Option<Arc<Live>> {
        self.recoverable.get(secret).map(|live| live.clone())
    }

    fn forget_recoverable(&self, live: &Live) {
        if let Some(secret) = live.secret() {
            self.recoverable.remove(secret);
        }
    }

    /// All sessions, native and foreign.
    fn all(&self) -> impl Iterator<Item = Arc<Live>> + '_ {
        self.sessions.iter().chain(self.guests.iter()).map(|live| live.clone())
    }

    /// Makes a session, unless another request with this key has just done so.
    fn open(
        self: &Arc<Self>,
        key: &Secret,
        request: RequestInfo,
    ) -> Result<(Option<Arc<Live>>, Option<Driver>), Code> {
        let entry = match self.keys.entry(key.share()) {
            Entry::Occupied(entry) => return Ok((Some(entry.get().clone()), None)),
            Entry::Vacant(entry) => entry,
        };
        let place = self.doors.enter(request.address(), self.wheel.now())?;
        let live = self.live(Speech::Native, None);
        entry.insert(live.clone());
        self.sessions.insert(live.id.clone(), live.clone());
        self.turn_wheel();
        let driver = Driver::new(self.clone(), live.clone(), key, request, place);
        Ok((Some(live), Some(driver)))
    }

    /// A session has ended, and tells why for a while.
    fn has_ended(&self, live: &Arc<Live>) {
        if let Some(oldest) = self.ended.push(self.wheel.now(), live) {
            oldest.submit(Job::Forget);
        }
    }

    fn live(&self, speech: Speech, secret: Option<Box<str>>) -> Arc<Live> {
        let counters = self.hub.counters.clone();
        Live::new(ids::random().into(), speech, &self.config, counters, self.hold.part(), secret)
    }

    fn turn_wheel(self: &Arc<Self>) {
        if !self.turning.swap(true, Ordering::Relaxed) {
            tokio::spawn(wheel::turn(Arc::downgrade(self)));
        }
    }

    /// The key of a session proves nothing any more.
    fn forget_key(&self, key: &str) {
        self.keys.remove(key);
    }

    fn forget(&self, live: &Live) {
        self.sessions.remove(&live.id);
    }

    /// Issues a ticket for the carrier that attached with this number.
    fn ticket(&self, live: &Arc<Live>, attach: u64) -> String {
        let ticket = ids::random();
        let until = self.wheel.now() + TICKET;
        self.tickets.insert(ticket.as_str().into(), Ticket { live: live.clone(), attach, until });
        ticket
    }

    /// Takes a ticket: it is good once.
    pub(crate) fn redeem(&self, ticket: &str) -> Option<Ticket> {
        let (_, ticket) = self.tickets.remove(ticket)?;
        (ticket.until > self.wheel.now()).then_some(ticket)
    }

    /// Whoever of a script request and its form comes first makes the exchange; the second takes it.
    pub(crate) fn meet(self: &Arc<Self>, ticket: &str) -> Arc<Exchange> {
        // Which sweeps out those that nobody meets.
        self.turn_wheel();
        match self.scripts.entry(ticket.into()) {
            Entry::Occupied(entry) => entry.remove().0,
            Entry::Vacant(entry) => {
                let exchange = Exchange::new(self.pipe(), true);
                entry.insert((exchange.clone(), self.wheel.now() + TICKET));
                exchange
            }
        }
    }

    /// Removes tickets that nobody came with.
    fn sweep(&self) {
        let now = self.wheel.now();
        if !self.tickets.is_empty() {
            self.tickets.retain(|_, ticket| ticket.until > now);
        }
        if !self.scripts.is_empty() {
            self.scripts.retain(|_, (_, until)| *until > now);
        }
        self.doors.sweep(now);
        self.ended.sweep(now);
    }

    /// Tells every session that the server goes down, each with another time to come back within `spread`, and takes no new ones.
    pub(crate) fn shutdown(&self, spread: Duration) {
        self.closing.store(true, Ordering::SeqCst);
        let count = (self.sessions.len() + self.guests.len()).max(1) as u64;
        let spread = u64::try_from(spread.as_millis()).unwrap_or(u64::MAX);
        for (index, live) in self.all().enumerate() {
            let retry = Some(spread.saturating_mul(index as u64) / count);
            live.submit(Job::Close { code: Code::Shutdown, reason: None, retry });
        }
    }

    /// How many sessions have not ended.
    pub(crate) fn live_sessions(&self) -> usize {
        self.all().filter(|live| !live.lock().is_over()).count()
    }

    pub(crate) fn stats(&self) -> Stats {
        let hub = self.hub.counts();
        let mut stats = Stats {
            namespaces: hub.namespaces,
            rooms: hub.rooms,
            pending_acks: hub.pending_acks,
            ..Stats::default()
        };
        let counters = &self.hub.counters;
        stats.refused = counters.all_refused();
        stats.ended = counters.all_ended();
        stats.rejected = counters.all_rejected();
        stats.connections = serve::counts::all();
        for transport in Transport::ALL {
            stats.carriers.insert(transport.name(), 0);
        }
        for live in self.all() {
            let shared = live.lock();
            if shared.is_over() {
                continue;
            }
            stats.sessions += 1;
            match shared.transport {
                Some(transport) => *stats.carriers.entry(transport.name()).or_default() += 1,
                None => stats.suspended += 1,
            }
            let replay = shared.send.replay_bytes();
            stats.replay_bytes += replay;
            stats.queued_bytes += shared.send.bytes() - replay;
        }
        stats.tasks =
            tokio::runtime::Handle::try_current().map_or(0, |handle| handle.metrics().num_alive_tasks());
        stats.unauthenticated = self.doors.unauthenticated();
        stats.open_requests = self.open_requests.load(Ordering::Relaxed);
        stats
    }
}

fn machine_config(config: &Config) -> machine::Config {
    machine::Config {
        ping: config.ping,
        timeout: config.timeout,
        grace: config.grace,
        window: config.window.max(config.max_payload) as u64,
        max: config.max_payload as u64,
        acks: config.pending_acks as u64,
        ..machine::Config::default()
    }
}
