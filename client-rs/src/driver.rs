//! One session: owns its machine, its carriers and its time.

use std::collections::{HashMap, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use everwire_session::Message;
use everwire_session::client::{Carrier, Config, Down, Head, Input, Output, Pipe, Session, State};
use everwire_session::code::{Code, Reaction};
use everwire_session::wire::{Close, Post, Secret};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep};

use crate::choice::{Choice, Next, STOOD, Transport};
use crate::client::{Asked, Auth};
use crate::dispatch::Dispatch;
use crate::events::ConnectError;
use crate::link::{Happening, Link};
use crate::packets::{Incoming, Outgoing, attach_frame, body, frame, read_body};
use crate::shared::{Command, MAX_QUEUED, Reply, Shared};
use crate::site::{FAREWELL, Site};

mod down;

/// Things that are taken before what they cause is done, so that it goes out in few writes.
const BATCH: usize = 64;

/// How a session ended.
pub(crate) struct End {
    pub(crate) code: String,
    pub(crate) reason: Option<String>,
    /// Not to come back before.
    pub(crate) retry: Duration,
    pub(crate) reaction: Reaction,
    pub(crate) unconfirmed: u64,
    /// The user has been told already.
    pub(crate) told: bool,
    pub(crate) closed: bool,
    pub(crate) opened: bool,
    pub(crate) stood: bool,
    pub(crate) best: Option<Transport>,
    /// What is still being said on former carriers.
    pub(crate) farewells: JoinSet<()>,
}

/// What a driver works with.
pub(crate) struct Surroundings {
    pub(crate) site: Site,
    pub(crate) shared: Arc<Shared>,
    pub(crate) dispatch: Dispatch,
    pub(crate) auth: Auth,
}

pub(crate) struct Driver {
    site: Site,
    shared: Arc<Shared>,
    dispatch: Dispatch,
    auth: Auth,
    /// Fresh auth that the server wants.
    asked: Option<Asked>,
    /// The number of this session among its client's.
    number: u64,
    machine: Session<Outgoing, Incoming>,
    epoch: Instant,
    choice: Choice,
    links: Vec<Link>,
    carriers: Carrier,
    /// When to try again.
    retry: Option<Duration>,
    timer: Pin<Box<Sleep>>,
    /// Who waits for which ack.
    pending: HashMap<u64, oneshot::Sender<Reply>>,
    /// The numbers of events among the messages that may be unconfirmed.
    events: VecDeque<u64>,
    /// Bytes that the machine holds, by what was counted.
    held: usize,
    opened_at: Option<Duration>,
    /// The user has closed it, or has been told of the end: no more events.
    closed: bool,
    told: bool,
    farewells: JoinSet<()>,
    end: Option<End>,
}

impl Driver {
    /// A session that begins with a connect with this auth, JSON text or nothing.
    pub(crate) fn new(
        Surroundings { site, shared, dispatch, auth: ask }: Surroundings,
        number: u64,
        choice: Choice,
        window: u64,
        auth: &str,
    ) -> Self {
        // Answers find room beyond what may be emitted.
        let config = Config { window, queue: 2 * MAX_QUEUED, ..Config::default() };
        let mut driver = Self {
            number,
            machine: Session::new(config, Secret::new(key())),
            epoch: Instant::now(),
            choice,
            links: Vec::new(),
            carriers: 0,
            retry: Some(Duration::ZERO),
            timer: Box::pin(tokio::time::sleep(Duration::ZERO)),
            pending: HashMap::new(),
            events: VecDeque::new(),
            held: 0,
            opened_at: None,
            closed: false,
            told: false,
            farewells: JoinSet::new(),
            end: None,
            site,
            shared,
            dispatch,
            auth: ask,
            asked: None,
        };
        driver.push(Outgoing::connect(&driver.shared.namespace.clone(), auth));
        driver
    }

    /// Lives the session to its end.
    pub(crate) async fn run(mut self, commands: &mut mpsc::UnboundedReceiver<Command>) -> End {
        poll_fn(|cx| self.poll(cx, commands)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>, commands: &mut mpsc::UnboundedReceiver<Command>) -> Poll<End> {
        loop {
            let mut busy = false;
            for _ in 0..BATCH {
                let Poll::Ready(Some(command)) = commands.poll_recv(cx) else { break };
                busy = true;
                self.take(command);
            }
            for _ in 0..BATCH {
                let Poll::Ready((at, happening)) = self.poll_links(cx) else { break };
                busy = true;
                self.happen(at, happening);
            }
            if self.timer.as_mut().poll(cx).is_ready() && self.next_time().is_some_and(|at| at <= self.now())
            {
                busy = true;
                self.wake();
            }
            busy |= self.poll_asked(cx);
            busy |= self.drain();
            if let Some(end) = self.end.take() {
                return Poll::Ready(end);
            }
            busy |= self.set_timer();
            if !busy {
                return Poll::Pending;
            }
        }
    }

    fn poll_links(&mut self, cx: &mut Context<'_>) -> Poll<(usize, Happening)> {
        for (at, link) in self.links.iter_mut().enumerate() {
            if let Poll::Ready(happening) = link.poll(cx) {
                return Poll::Ready((at, happening));
            }
        }
        Poll::Pending
    }

    /// Gives the server fresh auth, once it is there. Without any, what there is holds until the server ends it.
    fn poll_asked(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(asked) = &mut self.asked else { return false };
        let Poll::Ready(answer) = asked.as_mut().poll(cx) else { return false };
        self.asked = None;
        if let Ok(auth) = answer
            && !self.closed
            && !self.told
        {
            self.push(Outgoing::connect(&self.shared.namespace.clone(), &auth));
        }
        true
    }

    // ---- time ---------------------------------------------------------------------------------------------------------

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    fn next_time(&self) -> Option<Duration> {
        self.machine.next_timeout().into_iter().chain(self.retry).min()
    }

    /// True if the timer has to be polled for its new time.
    fn set_timer(&mut self) -> bool {
        let Some(next) = self.next_time() else { return false };
        let at = self.epoch + next;
        let moved = self.timer.deadline() != at;
        if moved {
            self.timer.as_mut().reset(at);
        }
        moved
    }

    fn wake(&mut self) {
        let now = self.now();
        if self.retry.is_some_and(|at| at <= now) {
            self.attempt();
        }
        self.machine.handle(now, Input::Timeout);
    }

    // ---- what sockets and handlers want -------------------------------------------------------------------------------

    /// Takes a command.
    pub(crate) fn take(&mut self, command: Command) {
        match command {
            Command::Answer { session, message } if session == self.number => self.push(message),
            Command::Consumed { session, bytes } if session == self.number => {
                self.machine.handle(self.now(), Input::Consumed(bytes));
            }
            Command::Answer { .. } | Command::Consumed { .. } => {}
            Command::Close => self.close(),
            Command::Emit { message, ack } => self.emit(message, ack),
            Command::Forget(id) => drop(self.settle(id)),
            Command::Volatile(message) => {
                if !self.links.iter().any(Link::is_congested) {
                    self.machine.volatile(message);
                }
            }
        }
    }

    fn emit(&mut self, message: Outgoing, ack: Option<(u64, oneshot::Sender<Reply>)>) {
        let size = message.size();
        match self.machine.emit(message) {
            Ok(number) => {
                self.held += size;
                self.events.push_back(number);
                self.pending.extend(ack);
            }
            Err(_) => {
                // It is ending: whoever waits for the ack learns that.
                self.shared.freed(size);
                self.shared.give_acks(usize::from(ack.is_some()));
            }
        }
    }

    /// Sends what is no event.
    fn push(&mut self, message: Outgoing) {
        let size = message.size();
        if self.machine.emit(message).is_ok() {
            self.shared.queued(size);
            self.held += size;
        } else if self.machine.state() == State::Open {
            // A server that asks on and on without confirming any answer is not served for ever.
            self.abort("buffer_full");
        }
    }

    fn settle(&mut self, id: u64) -> Option<oneshot::Sender<Reply>> {
        let waiting = self.pending.remove(&id);
        self.shared.give_acks(usize::from(waiting.is_some()));
        waiting
    }

    fn close(&mut self) {
        if !self.told {
            let left = Outgoing::left(&self.shared.namespace, Code::ClientDisconnect);
            self.push(left);
        }
        self.closed = true;
        self.machine.handle(self.now(), Input::Close(Code::ClientDisconnect));
        if self.retry.is_some() {
            self.attempt();
        }
    }

    // ---- which transport, and when ------------------------------------------------------------------------------------

    fn attempt(&mut self) {
        self.retry = None;
        let Some(transport) = self.choice.transport() else { return self.abort("no_transport") };
        self.carriers += 1;
        let (carrier, patience) = (self.carriers, self.choice.patience());
        self.links.push(Link::new(carrier, transport, &self.site, patience));
        if transport != Transport::Websocket {
            self.attach(carrier, transport);
        }
    }

    fn attach(&mut self, carrier: Carrier, transport: Transport) {
        let patience = self.choice.patience();
        self.machine.handle(self.now(), Input::Attach(carrier, transport.kind(), patience));
    }

    /// The session has no carrier.
    fn lost(&mut self, code: Option<Code>, welcomed: bool) {
        let now = self.now();
        match self.choice.lost(now, code, welcomed, random()) {
            Next::Attempt { after, failing } => {
                self.retry = Some(now + after);
                if failing && !self.closed && !self.shared.view.lock().connected {
                    let code = code.map_or("no_transport", Code::as_str);
                    self.dispatch.local("connect_error", ConnectError::new(code, "no transport works"));
                }
            }
            Next::GiveUp => self.abort("no_transport"),
        }
    }

    // ---- what happens on carriers -------------------------------------------------------------------------------------

    fn happen(&mut self, at: usize, happening: Happening) {
        let (carrier, transport) = (self.links[at].carrier, self.links[at].transport);
        let now = self.now();
        match happening {
            Happening::Answered(request, Ok(answer)) => {
                for down in read_body(&answer) {
                    self.packet(Pipe::Request(request), down);
                }
                self.machine.handle(now, Input::Answered(request));
            }
            Happening::Answered(request, Err(code)) => {
                self.machine.handle(now, Input::Failed(request, code));
            }
            Happening::Closed(code) => {
                self.links.remove(at);
                self.machine.handle(now, Input::Lost(carrier, code));
            }
            Happening::Connected => self.attach(carrier, transport),
            Happening::Packet(down) => self.packet(Pipe::Carrier(carrier), down),
            Happening::Unreachable => {
                self.links.remove(at);
                self.lost(None, false);
            }
        }
    }

    fn packet(&mut self, pipe: Pipe, down: Down<Incoming>) {
        if let Down::Welcome(welcome) = &down
            && let Some(grant) = &welcome.grant
        {
            self.shared.set_limits(grant.max, grant.acks);
        }
        self.machine.handle(self.now(), Input::Packet(pipe, down));
    }

    // ---- what the machine wants ---------------------------------------------------------------------------------------

    /// Does what there is to do. False if that is nothing.
    fn drain(&mut self) -> bool {
        let mut busy = false;
        while self.end.is_none()
            && let Some(output) = self.machine.poll_output(self.now())
        {
            busy = true;
            self.perform(output);
        }
        if busy {
            self.note_confirmed();
        }
        busy
    }

    fn perform(&mut self, output: Output<Outgoing, Incoming>) {
        match output {
            Output::Deliver(message) | Output::Volatile(message) => self.deliver(&message),
            Output::Drop(carrier) => self.unlink(carrier),
            Output::Ended { code, reason, retry, unconfirmed } => {
                let retry = Duration::from_millis(retry.unwrap_or(0));
                self.finish(code.as_str(), reason, retry, code.reaction(), unconfirmed);
            }
            Output::Farewell(post, close) => self.farewell(*post, close),
            Output::Lost { code, welcomed, .. } => self.lost(code, welcomed),
            Output::Moved(carrier) => self.carried(carrier, false),
            Output::Opened { carrier, resumed } => self.carried(carrier, resumed),
            Output::Request { request, carrier, head, batch, .. } => {
                if let Some(link) = self.links.iter_mut().find(|link| link.carrier == carrier) {
                    link.request(&self.site, request, body(&head, &batch));
                }
            }
            // Neither transport has one.
            Output::Stream(..) => {}
            Output::Suspended => {
                self.shared.view.lock().transport = None;
                if self.is_told() {
                    self.dispatch.tell("suspended");
                }
            }
            Output::Write(carrier, up) => self.write(carrier, frame(&up)),
            Output::WriteAttach(carrier, attach) => self.write(carrier, attach_frame(&attach)),
        }
    }

    fn write(&mut self, carrier: Carrier, message: tokio_tungstenite::tungstenite::Message) {
        if let Some(link) = self.links.iter_mut().find(|link| link.carrier == carrier) {
            link.send(message);
        }
    }

    fn unlink(&mut self, carrier: Carrier) {
        let Some(at) = self.links.iter().position(|link| link.carrier == carrier) else { return };
        while self.farewells.try_join_next().is_some() {}
        if let Some(duplex) = self.links.remove(at).into_duplex() {
            self.farewells.spawn(duplex.farewell());
        }
    }

    fn farewell(&mut self, post: Post, close: Close) {
        let words = body(&Head::Post(post), &[everwire_session::server::Up::Close(close)]);
        let said = tokio::time::timeout(FAREWELL, self.site.clone().post("send", words));
        self.farewells.spawn(async { drop(said.await) });
    }

    fn carried(&mut self, carrier: Carrier, resumed: bool) {
        let Some(link) = self.links.iter().find(|link| link.carrier == carrier) else { return };
        let (transport, now) = (link.transport, self.now());
        let changed = self.choice.best() != Some(transport) || self.opened_at.is_none();
        self.choice.carried(now, transport);
        self.opened_at.get_or_insert(now);
        self.shared.view.lock().transport = Some(transport);
        if resumed && self.is_told() {
            self.dispatch.tell("resumed");
        }
        if changed && !self.closed {
            self.dispatch.local("transport", transport);
        }
    }

    /// Does the user hear what becomes of the connection?
    fn is_told(&self) -> bool {
        !self.closed && !self.told && self.shared.view.lock().connected
    }

    fn note_confirmed(&mut self) {
        let sending = self.machine.sending();
        while self.events.front().is_some_and(|number| *number <= sending.confirmed()) {
            // After the end everything counts as confirmed.
            if self.machine.state() == State::Ended {
                break;
            }
            self.events.pop_front();
        }
        let held = sending.bytes();
        self.shared.freed(self.held.saturating_sub(held));
        self.held = held;
    }

    // ---- ends ---------------------------------------------------------------------------------------------------------

    /// Ends it without a word to the server.
    fn abort(&mut self, code: &str) {
        let unconfirmed = self.machine.sending().unconfirmed();
        let code = if self.closed { Code::ClientDisconnect.as_str() } else { code };
        self.finish(code, None, Duration::ZERO, Reaction::Backoff, unconfirmed);
    }

    fn finish(
        &mut self,
        code: &str,
        reason: Option<String>,
        retry: Duration,
        reaction: Reaction,
        unconfirmed: u64,
    ) {
        let confirmed = self.machine.sending().total() - unconfirmed;
        let lost = self.events.iter().filter(|number| **number > confirmed).count();
        let stood = self.opened_at.is_some_and(|at| self.now().saturating_sub(at) >= STOOD);
        // Dropping those who wait for acks tells them.
        self.shared.give_acks(self.pending.drain().count());
        self.shared.freed(std::mem::take(&mut self.held));
        self.links.clear();
        self.end.get_or_insert(End {
            code: code.to_owned(),
            reason,
            retry,
            reaction,
            unconfirmed: lost as u64,
            told: self.told,
            closed: self.closed,
            opened: self.opened_at.is_some(),
            stood,
            best: self.choice.best(),
            farewells: std::mem::take(&mut self.farewells),
        });
    }
}

/// 22 characters of base64url: 128 random bits.
fn key() -> String {
    use base64::Engine as _;
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// A number in `[0, 1)`. Without randomness the longest pause is the safe one.
pub(crate) fn random() -> f64 {
    getrandom::u32().map_or(1.0, |drawn| f64::from(drawn) / (f64::from(u32::MAX) + 1.0))
}
