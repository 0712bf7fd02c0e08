//! The client's role: one session, driven by inputs, in time that is handed in.
//!
//! - *getters*: [`Session::state`], [`Session::next_timeout`]
//! - *inputs*: [`Session::handle`], [`Session::emit`], [`Session::volatile`]
//! - *outputs*: [`Session::poll_output`]
//!
//! The order of calls: any number of inputs, then [`Session::poll_output`] until it gives `None`, and sleep until
//! [`Session::next_timeout`].
//!
//! The caller chooses when to attach and over what, and names each carrier; the machine numbers what it says on them, and names
//! the requests that it wants to be made.

use std::collections::VecDeque;
use std::time::Duration;

use crate::code::{Code, Scope};
use crate::receive::{Accept, ReceiveHalf};
use crate::send::{Message, QueueFull, SendHalf};
use crate::server::{Instant, Up};
use crate::wire::{Attach, Close, Grant, Post, Secret, VERSION, Welcome};

/// One carrier, named by the caller; never used twice in a session.
pub type Carrier = u64;

/// One request, named by the machine.
pub type Request = u64;

/// How a carrier carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Both ways: a WebSocket.
    Duplex,
    /// By answers to requests.
    Poll,
    /// Down in one answer, or in the stream of a ticket; up by posts.
    Stream,
}

/// Sizes and times of a client.
#[derive(Clone, Debug)]
pub struct Config {
    /// Credit given to the server, in bytes.
    pub window: u64,
    /// Credit taken as given until a welcome names the server's window.
    pub credit: u64,
    /// Bytes of messages in one body.
    pub body: usize,
    /// Bytes that may be unconfirmed.
    pub queue: usize,
    /// How long a close may take.
    pub close: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            window: 1_048_576,
            credit: 65_536,
            body: 65_536,
            queue: 4 << 20,
            close: Duration::from_secs(5),
        }
    }
}

/// Where a packet came down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pipe {
    /// A WebSocket, or the stream that a ticket opened.
    Carrier(Carrier),
    /// The answer to a request.
    Request(Request),
}

/// What comes down.
#[derive(Clone, Debug)]
pub enum Down<U> {
    /// The server ends the session.
    Close(Close),
    /// Received and consumed.
    Counts(u64, u64),
    /// A heartbeat.
    Heartbeat,
    /// Not a packet, or not one that goes down.
    Malformed(Code),
    /// A counted packet.
    Message(U),
    /// A refusal with a known code; any other answer is a failed request.
    Refusal(Code),
    /// A volatile event.
    Volatile(U),
    /// The beginning of an answer or stream.
    Welcome(Box<Welcome>),
}

/// What can happen to a session.
#[derive(Clone, Debug)]
pub enum Input<U> {
    /// A request got its whole answer.
    Answered(Request),
    /// A carrier is ready to take its attach. It is given up if it has not carried anything within the time.
    Attach(Carrier, Kind, Duration),
    /// The application ends the session, after what was emitted before.
    Close(Code),
    /// The application has finished with so many credited bytes.
    Consumed(u64),
    /// A request got no answer, or a refusal with this code.
    Failed(Request, Option<Code>),
    /// A carrier is gone, with a code if its end had one.
    Lost(Carrier, Option<Code>),
    /// A packet came down.
    Packet(Pipe, Down<U>),
    /// Time has passed.
    Timeout,
}

/// What begins a body.
#[derive(Clone, Debug)]
pub enum Head {
    /// An attach.
    Attach(Attach),
    /// A post, or a poll.
    Post(Post),
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Output<M, U> {
    /// A message for the application.
    Deliver(U),
    /// Close a carrier and its requests; nothing of it is wanted any more.
    Drop(Carrier),
    /// The session is over.
    Ended {
        /// Why.
        code: Code,
        /// In words.
        reason: Option<String>,
        /// Milliseconds before which not to come back.
        retry: Option<u64>,
        /// Messages that the server has not confirmed.
        unconfirmed: u64,
    },
    /// Send this, if it can be done; the answer does not matter.
    Farewell(Box<Post>, Close),
    /// The last carrier is gone: attach anew.
    Lost {
        /// Which one.
        carrier: Carrier,
        /// Why, if the server said so.
        code: Option<Code>,
        /// Had it carried?
        welcomed: bool,
    },
    /// The session has another carrier, without having been suspended.
    Moved(Carrier),
    /// The session has a carrier.
    Opened {
        /// Which one.
        carrier: Carrier,
        /// Had it one before?
        resumed: bool,
    },
    /// Make a request.
    Request {
        /// Its name.
        request: Request,
        /// The carrier that it belongs to.
        carrier: Carrier,
        /// What it is for.
        purpose: Purpose,
        /// The first line.
        head: Box<Head>,
        /// The lines behind it.
        batch: Vec<Up<M>>,
    },
    /// Open the stream for this ticket.
    Stream(Carrier, String),
    /// The session has no carrier now.
    Suspended,
    /// A volatile event for the application.
    Volatile(U),
    /// Write a packet on a WebSocket.
    Write(Carrier, Up<M>),
    /// Write an attach on a WebSocket.
    WriteAttach(Carrier, Box<Attach>),
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It attaches its carrier.
    Attach,
    /// It is a poll of its carrier.
    Poll,
    /// It only brings something up.
    Post,
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A close is under way.
    Closing,
    /// Over.
    Ended,
    /// A carrier stands.
    Open,
    /// No welcome yet.
    Opening,
    /// No carrier.
    Suspended,
}

/// A carrier that was not given up.
#[derive(Debug)]
struct Road {
    carrier: Carrier,
    kind: Kind,
    attach: u64,
    /// What proved its attach; none if that was the key.
    proof: Option<Secret>,
    patience: Duration,
    /// When it is given up, unless something is heard.
    deadline: Instant,
    welcomed: bool,
    /// Its stream is opened by ticket.
    ticketed: bool,
    /// Of the next message on a WebSocket or a stream opened by ticket; none until a welcome.
    position: Option<u64>,
    /// WebSocket: the last message written; none while the welcome has to tell where to go on.
    written: Option<u64>,
    /// The number of the last poll.
    polls: u64,
    /// Posts that failed in a row.
    strikes: u32,
    requests: Vec<Pending>,
}

/// A request without its whole answer.
#[derive(Debug)]
struct Pending {
    request: Request,
    purpose: Purpose,
    position: Option<u64>,
    /// When to give up the carrier over it.
    deadline: Option<Instant>,
}

/// What was sent on HTTP and is not confirmed. Its serial is repeated until it is.
#[derive(Debug)]
struct Batch {
    serial: u64,
    /// The number of its last message; 0 if there is none.
    last: u64,
    /// The request that carries it, if that has not failed.
    request: Option<Request>,
}

/// A whole session of a client.
#[derive(Debug)]
pub struct Session<M, U> {
    config: Config,
    state: State,
    key: Secret,
    /// The id and the newest token.
    named: Option<(String, Secret)>,
    /// How long a carrier that has answered may be mute.
    mute: Duration,
    send: SendHalf<M>,
    receive: ReceiveHalf,
    /// The numbers of the last attach, body and request.
    attach: u64,
    serial: u64,
    requests: Request,
    roads: Vec<Road>,
    /// The carrier that has answered last.
    current: Option<Carrier>,
    batch: Option<Batch>,
    volatile: Vec<M>,
    /// A heartbeat waits for the counts.
    beat: bool,
    /// Why the session is being closed, by us or the server, and until when.
    closing: Option<Code>,
    closing_until: Option<Instant>,
    said_close: bool,
    /// The server's `z`, until all that it counts has come.
    farewell: Option<Close>,
    outputs: VecDeque<Output<M, U>>,
}

impl<M: Message, U: Message> Session<M, U> {
    /// A session that will be opened with `key`.
    pub fn new(config: Config, key: Secret) -> Self {
        let mut send = SendHalf::new(config.queue);
        send.set_window(config.credit);
        Self {
            state: State::Opening,
            key,
            named: None,
            mute: Duration::ZERO,
            send,
            receive: ReceiveHalf::new(config.window),
            attach: 0,
            serial: 0,
            requests: 0,
            roads: Vec::new(),
            current: None,
            batch: None,
            volatile: Vec::new(),
            beat: false,
            closing: None,
            closing_until: None,
            said_close: false,
            farewell: None,
            outputs: VecDeque::new(),
            config,
        }
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// The id, once a welcome has told it.
    pub fn id(&self) -> Option<&str> {
        self.named.as_ref().map(|(id, _)| id.as_str())
    }

    /// What was emitted and not confirmed.
    pub fn sending(&self) -> &SendHalf<M> {
        &self.send
    }

    /// What was received.
    pub fn receiving(&self) -> &ReceiveHalf {
        &self.receive
    }

    /// When to call [`Input::Timeout`] next.
    pub fn next_timeout(&self) -> Option<Instant> {
        if self.state == State::Ended {
            return None;
        }
        let requests =
            self.roads.iter().flat_map(|road| &road.requests).filter_map(|pending| pending.deadline);
        self.roads.iter().map(|road| road.deadline).chain(self.closing_until).chain(requests).min()
    }

    /// Emits a message.
    ///
    /// # Errors
    /// [`QueueFull`] when the queue is full, or the session is ending or over.
    pub fn emit(&mut self, message: M) -> Result<u64, QueueFull> {
        if matches!(self.state, State::Closing | State::Ended) {
            return Err(QueueFull);
        }
        self.send.push(message)
    }

    /// Emits a volatile event: it goes with the next flush or not at all.
    pub fn volatile(&mut self, message: M) {
        if self.state == State::Open {
            self.volatile.push(message);
        }
    }

    /// Takes an input.
    pub fn handle(&mut self, now: Instant, input: Input<U>) {
        if self.state == State::Ended {
            return;
        }
        match input {
            Input::Answered(request) => self.answered(request),
            Input::Attach(carrier, kind, patience) => self.attach(now, carrier, kind, patience),
            Input::Close(code) => self.close(now, code),
            Input::Consumed(bytes) => self.receive.consume(bytes),
            Input::Failed(request, code) => self.failed(now, request, code),
            Input::Lost(carrier, code) => match code {
                Some(code) => self.refused(now, carrier, code),
                None => self.lose(carrier, None),
            },
            Input::Packet(pipe, down) => self.packet(now, pipe, down),
            Input::Timeout => self.timeout(now),
        }
    }

    /// What is to be done next; `None` when it is time to wait.
    pub fn poll_output(&mut self, now: Instant) -> Option<Output<M, U>> {
        if self.outputs.is_empty() && self.state != State::Ended {
            self.flush(now);
        }
        self.outputs.pop_front()
    }

    // ---- what goes up -------------------------------------------------------------------------------------------------

    fn attach(&mut self, now: Instant, carrier: Carrier, kind: Kind, patience: Duration) {
        self.attach += 1;
        let attach = self.attach;
        let opening = self.named.is_none();
        self.roads.push(Road {
            carrier,
            kind,
            attach,
            proof: self.named.as_ref().map(|(_, token)| token.clone()),
            patience,
            deadline: now + patience,
            welcomed: false,
            ticketed: false,
            position: None,
            // Only an opening client knows where the server stands: at nothing.
            written: (kind == Kind::Duplex && opening).then(|| self.send.confirmed()),
            polls: 0,
            strikes: 0,
            requests: Vec::new(),
        });
        if kind == Kind::Duplex {
            let first = opening.then(|| self.send.confirmed() + 1);
            let head = Box::new(self.head(attach, first, None));
            self.outputs.push_back(Output::WriteAttach(carrier, head));
        } else {
            self.request(now, carrier, Purpose::Attach, true);
        }
    }

    fn head(&mut self, attach: u64, first: Option<u64>, serial: Option<u64>) -> Attach {
        let (received, consumed) = self.say_counts();
        let (session, token) = self.named.clone().unzip();
        let key = token.is_none().then(|| self.key.clone());
        let window = self.config.window;
        Attach {
            v: VERSION,
            attach,
            key,
            session,
            token,
            received,
            consumed,
            window,
            first,
            serial,
            pad: None,
            ticket: None,
        }
    }

    fn post(&mut self, first: Option<u64>, serial: Option<u64>, poll: Option<(u64, u64)>) -> Option<Post> {
        let (session, token) = self.named.clone()?;
        let (received, consumed) = self.say_counts();
        let (attach, poll) = poll.unzip();
        Some(Post { session, token, received, consumed, serial, first, attach, poll })
    }

    fn say_counts(&mut self) -> (u64, u64) {
        self.beat = false;
        self.receive.told();
        self.receive.counts()
    }

    /// Writes what there is to write.
    fn flush(&mut self, now: Instant) {
        for carrier in self.roads.iter().map(|road| road.carrier).collect::<Vec<_>>() {
            match self.road(carrier).map(|road| road.kind) {
                Some(Kind::Duplex) => self.write(carrier),
                Some(_) if self.current == Some(carrier) => self.ask(now, carrier),
                _ => {}
            }
        }
        // What no carrier could take at once is gone.
        self.volatile.clear();
    }

    fn write(&mut self, carrier: Carrier) {
        let Some(written) = self.road(carrier).and_then(|road| road.written) else { return };
        if written < self.send.base() {
            // Another carrier was faster; the welcome will give this one up.
            return;
        }
        if self.id().is_some() && self.current != Some(carrier) {
            // Its attach opens what another carrier has opened meanwhile, or, after a restart, a session of its own: only its welcome tells.
            return;
        }
        self.send.seek(written);
        while let Some(message) = self.send.next() {
            self.outputs.push_back(Output::Write(carrier, Up::Message(message.clone())));
        }
        let (written, done) = (self.send.first() - 1, self.send.is_drained());
        if let Some(road) = self.road(carrier) {
            road.written = Some(written);
        }
        if self.current != Some(carrier) {
            return;
        }
        if done {
            for message in std::mem::take(&mut self.volatile) {
                self.outputs.push_back(Output::Write(carrier, Up::Volatile(message)));
            }
        }
        if self.beat || self.receive.owes() {
            let (received, consumed) = self.say_counts();
            self.outputs.push_back(Output::Write(carrier, Up::Counts(received, consumed)));
        }
        if done && let Some(close) = self.closes() {
            self.outputs.push_back(Output::Write(carrier, Up::Close(close)));
        }
    }

    /// Makes the requests that the current carrier needs.
    fn ask(&mut self, now: Instant, carrier: Carrier) {
        let free = self.batch.as_ref().is_none_or(|batch| batch.request.is_none());
        self.send.rewind(0);
        let load = free && (self.send.is_ready() || !self.volatile.is_empty() || self.must_close());
        let due = load || self.beat || self.receive.owes();
        let Some(road) = self.road(carrier) else { return };
        if road.kind == Kind::Poll {
            let polls = road.requests.iter().filter(|pending| pending.purpose == Purpose::Poll).count();
            if polls == 0 || polls == 1 && due {
                self.request(now, carrier, Purpose::Poll, free);
            }
        } else if due {
            self.request(now, carrier, Purpose::Post, free);
        }
    }

    /// Makes a request; with `load` it takes along what there is to send.
    fn request(&mut self, now: Instant, carrier: Carrier, purpose: Purpose, load: bool) {
        self.requests += 1;
        let request = self.requests;
        let deadline = (purpose != Purpose::Attach).then_some(now + self.mute);
        let Some(road) = self.road(carrier) else { return };
        road.requests.push(Pending { request, purpose, position: None, deadline });
        if purpose == Purpose::Poll {
            road.polls += 1;
        }
        let (attach, poll) = (road.attach, (purpose == Purpose::Poll).then_some((road.attach, road.polls)));
        let (mut batch, mut first, mut serial) = (Vec::new(), None, None);
        if load {
            (batch, first, serial) = self.load(request, carrier);
        }
        let head = match purpose {
            Purpose::Attach => Some(Head::Attach(self.head(attach, first, serial))),
            Purpose::Poll | Purpose::Post => self.post(first, serial, poll).map(Head::Post),
        };
        if let Some(head) = head.map(Box::new) {
            self.outputs.push_back(Output::Request { request, carrier, purpose, head, batch });
        }
    }

    fn load(&mut self, request: Request, carrier: Carrier) -> (Vec<Up<M>>, Option<u64>, Option<u64>) {
        let repeated = self.batch.take().map(|batch| batch.serial);
        let confirmed = self.send.confirmed();
        let mut batch: Vec<_> = self.send.batch(self.config.body).into_iter().map(Up::Message).collect();
        let last = confirmed + batch.len() as u64;
        let first = (last > confirmed).then_some(confirmed + 1);
        if last == self.send.total() {
            let volatile = std::mem::take(&mut self.volatile);
            // Those of a repeated serial would be dropped.
            if repeated.is_none() {
                batch.extend(volatile.into_iter().map(Up::Volatile));
            }
            let welcomed = self.road(carrier).is_some_and(|road| road.welcomed);
            if welcomed && let Some(close) = self.closes() {
                batch.push(Up::Close(close));
            }
        }
        if batch.is_empty() {
            return (batch, None, None);
        }
        let serial = repeated.unwrap_or_else(|| {
            self.serial += 1;
            self.serial
        });
        let last = if first.is_some() { last } else { 0 };
        self.batch = Some(Batch { serial, last, request: Some(request) });
        (batch, first, Some(serial))
    }

    // ---- what comes down ----------------------------------------------------------------------------------------------

    fn packet(&mut self, now: Instant, pipe: Pipe, down: Down<U>) {
        let Some(carrier) = self.carrier(pipe) else { return };
        let by_post = self.pending(pipe).is_some_and(|pending| pending.purpose == Purpose::Post);
        let begun = self.position(pipe).is_some_and(|position| position.is_some());
        let mute = self.mute;
        if let Some(road) = self.road(carrier)
            && road.welcomed
            && !by_post
        {
            // The answer to a post says nothing of the way down.
            road.deadline = now + mute;
        }
        match down {
            Down::Welcome(welcome) => self.welcome(now, pipe, carrier, &welcome),
            Down::Refusal(code) => self.refused(now, carrier, code),
            Down::Malformed(code) => self.malformed(carrier, code),
            _ if !begun => self.malformed(carrier, Code::BadPacket),
            Down::Message(message) => self.message(now, pipe, carrier, message),
            Down::Volatile(message) => self.outputs.push_back(Output::Volatile(message)),
            // The next poll answers it anyway.
            Down::Heartbeat => self.beat = !self.is_poll(carrier),
            Down::Counts(received, consumed) => self.counts(received, consumed),
            Down::Close(close) => self.closed(now, close),
        }
    }

    fn message(&mut self, now: Instant, pipe: Pipe, carrier: Carrier, message: U) {
        let Some(Some(mut position)) = self.position(pipe).map(|position| *position) else { return };
        let accepted = self.receive.accept(&mut position, &message);
        if let Some(place) = self.position(pipe) {
            *place = Some(position);
        }
        match accepted {
            Ok(Accept::New) => {
                self.outputs.push_back(Output::Deliver(message));
                self.finish_close(now);
            }
            Ok(Accept::Seen) => {}
            // Answers may overtake each other: what stands behind a gap comes again with the next one.
            Err(Code::Gap) if self.is_poll(carrier) => {}
            Err(Code::Gap) => self.lose(carrier, Some(Code::Gap)),
            Err(code) => self.end(code, None, None),
        }
    }

    fn is_poll(&mut self, carrier: Carrier) -> bool {
        self.road(carrier).is_some_and(|road| road.kind == Kind::Poll)
    }

    fn welcome(&mut self, now: Instant, pipe: Pipe, carrier: Carrier, welcome: &Welcome) {
        let Some(road) = self.road(carrier) else { return };
        let awaited = !road.welcomed;
        if awaited && welcome.grant.is_none() {
            return self.malformed(carrier, Code::BadPacket);
        }
        if let Some(position) = self.position(pipe) {
            *position = Some(welcome.first);
        }
        if let Pipe::Request(request) = pipe {
            // The answer has begun, so the whole request has arrived.
            self.batch.take_if(|batch| batch.request == Some(request));
        }
        if let Some(grant) = &welcome.grant
            && awaited
            && !self.adopt(now, carrier, welcome, grant)
        {
            return;
        }
        self.counts(welcome.received, welcome.consumed);
    }

    /// The welcome of a carrier: it is the current one from now on. False if it cannot be.
    fn adopt(&mut self, now: Instant, carrier: Carrier, welcome: &Welcome, grant: &Grant) -> bool {
        if self.named.as_ref().is_some_and(|(session, _)| *session != grant.session) {
            // The key has opened another session: the server knows nothing of ours.
            self.end(Code::UnknownSession, None, None);
            return false;
        }
        let base = self.send.base();
        let Some(road) = self.road(carrier) else { return false };
        if road.kind == Kind::Duplex {
            let written = *road.written.get_or_insert(welcome.received);
            if written < base {
                // Counts that came another way were faster: what must come first on this WebSocket is gone.
                self.lose(carrier, Some(Code::Stale));
                return false;
            }
            self.send.seek(written);
        }
        let Some(road) = self.road(carrier) else { return false };
        road.welcomed = true;
        road.ticketed = welcome.ticket.is_some();
        let (attach, patience) = (road.attach, road.patience);
        self.mute = Duration::from_millis(grant.ping.saturating_add(grant.timeout));
        let due = now + if welcome.ticket.is_some() { patience } else { self.mute };
        if let Some(road) = self.road(carrier) {
            road.deadline = due;
        }
        self.named = Some((grant.session.clone(), grant.token.clone()));
        self.send.set_window(grant.window);
        self.current = Some(carrier);
        // Older ones have nothing more to say. Newer ones may still win.
        let older: Vec<_> =
            self.roads.iter().filter(|road| road.attach < attach).map(|road| road.carrier).collect();
        for carrier in older {
            self.let_go(carrier);
        }
        self.said_close = false;
        let before = self.state;
        if before != State::Closing {
            self.state = State::Open;
        }
        self.outputs.push_back(if before == State::Open {
            Output::Moved(carrier)
        } else {
            Output::Opened { carrier, resumed: before == State::Suspended }
        });
        if let Some(ticket) = &welcome.ticket {
            self.outputs.push_back(Output::Stream(carrier, ticket.clone()));
        }
        true
    }

    fn counts(&mut self, received: u64, consumed: u64) {
        if self.send.confirm(received).is_err() {
            return self.end(Code::BadAck, None, None);
        }
        self.send.grant(consumed);
        let confirmed = self.send.confirmed();
        self.batch.take_if(|batch| batch.last > 0 && batch.last <= confirmed);
    }

    /// A carrier is given up for a packet that cannot be read; the session, if the same one cannot be read twice.
    fn malformed(&mut self, carrier: Carrier, code: Code) {
        let welcomed = self.road(carrier).is_some_and(|road| road.welcomed);
        if welcomed && self.receive.malformed(self.receive.received()) {
            return self.end(code, None, None);
        }
        self.lose(carrier, Some(code));
    }

    fn refused(&mut self, now: Instant, carrier: Carrier, code: Code) {
        let (newest, mute) = (self.named.as_ref().map(|(_, token)| token.clone()), self.mute);
        let Some(road) = self.road(carrier) else { return };
        let outdated = !road.welcomed && road.proof != newest;
        let ends = match code {
            // Said of a proof that has a successor, they are no news of the session.
            Code::UnknownSession => !outdated,
            Code::StaleToken => road.proof == newest,
            // They end it by what the client does about them.
            Code::Callback | Code::Origin => true,
            _ => code.scope() == Scope::Session,
        };
        if ends {
            self.end(code, None, None);
        } else if code == Code::StalePoll && road.kind == Kind::Poll && road.strikes == 0 {
            // The next poll has a higher number, and is made at once.
            road.strikes += 1;
            road.deadline = now + mute;
        } else {
            self.lose(carrier, Some(code));
        }
    }

    /// The answer to a request is over.
    fn answered(&mut self, request: Request) {
        let Some((carrier, pending)) = self.take_request(request) else { return };
        let Some(road) = self.road(carrier) else { return };
        road.strikes = 0;
        let (welcomed, ticketed, kind) = (road.welcomed, road.ticketed, road.kind);
        self.batch.take_if(|batch| batch.request == Some(request));
        // A stream without ticket is the answer to its attach; and an answer without welcome is no answer.
        let over = pending.purpose == Purpose::Attach && kind == Kind::Stream && !ticketed;
        if over || pending.position.is_none() || !welcomed {
            self.lose(carrier, None);
        }
    }

    fn failed(&mut self, now: Instant, request: Request, code: Option<Code>) {
        let Some((carrier, pending)) = self.take_request(request) else { return };
        if let Some(batch) = &mut self.batch
            && batch.request == Some(request)
        {
            batch.request = None;
            self.said_close = false;
        }
        if let Some(code) = code {
            return self.refused(now, carrier, code);
        }
        let Some(road) = self.road(carrier) else { return };
        if pending.purpose == Purpose::Post && road.strikes == 0 {
            road.strikes += 1;
            self.beat = true;
        } else {
            self.lose(carrier, None);
        }
    }

    // ---- ends ---------------------------------------------------------------------------------------------------------

    fn timeout(&mut self, now: Instant) {
        let is_over = |road: &&Road| {
            let mut deadlines = road.requests.iter().filter_map(|pending| pending.deadline);
            road.deadline <= now || deadlines.any(|deadline| deadline <= now)
        };
        for carrier in self.roads.iter().filter(is_over).map(|road| road.carrier).collect::<Vec<_>>() {
            self.lose(carrier, Some(Code::Timeout));
        }
        if self.closing_until.is_some_and(|until| until <= now) {
            self.give_up_close();
        }
    }

    fn close(&mut self, now: Instant, code: Code) {
        if self.state == State::Closing {
            return;
        }
        self.closing = Some(code);
        self.closing_until = Some(now + self.config.close);
        self.state = State::Closing;
        if self.attach == 0 && self.send.unconfirmed() == 0 {
            self.end(code, None, None);
        }
    }

    fn must_close(&self) -> bool {
        self.state == State::Closing && !self.said_close && self.send.sent() == self.send.total()
    }

    /// Our `z`, if it is to be said now.
    fn closes(&mut self) -> Option<Close> {
        let code = self.closing.filter(|_| self.must_close())?;
        self.said_close = true;
        Some(self.close_packet(code))
    }

    fn close_packet(&self, code: Code) -> Close {
        Close { code: code.as_str().to_owned(), reason: None, last: self.send.sent(), retry: None }
    }

    fn closed(&mut self, now: Instant, close: Close) {
        if let Some(code) = self.closing {
            if self.said_close && close.code == code.as_str() {
                // An answer: everything has arrived.
                let _ = self.send.confirm(self.send.sent());
            }
            return self.end(code, None, None);
        }
        self.closing_until = Some(now + self.config.close);
        self.farewell = Some(close);
        self.finish_close(now);
    }

    /// Answers the server's `z` once everything before it is here.
    fn finish_close(&mut self, _now: Instant) {
        let Some(close) = self.farewell.take_if(|close| self.receive.received() >= close.last) else {
            return;
        };
        let code = close.code.parse().unwrap_or(Code::ServerDisconnect);
        let answer = self.close_packet(code);
        match self.current.filter(|carrier| {
            self.roads.iter().any(|road| road.carrier == *carrier && road.kind == Kind::Duplex)
        }) {
            Some(carrier) => self.outputs.push_back(Output::Write(carrier, Up::Close(answer))),
            None => {
                self.serial += 1;
                if let Some(post) = self.post(None, Some(self.serial), None) {
                    self.outputs.push_back(Output::Farewell(Box::new(post), answer));
                }
            }
        }
        self.end(code, close.reason, close.retry);
    }

    fn give_up_close(&mut self) {
        match self.farewell.take() {
            Some(close) => {
                let code = close.code.parse().unwrap_or(Code::ServerDisconnect);
                self.end(code, close.reason, close.retry);
            }
            None => self.end(self.closing.unwrap_or(Code::ClientDisconnect), None, None),
        }
    }

    /// A carrier is gone, or given up.
    fn lose(&mut self, carrier: Carrier, code: Option<Code>) {
        let Some(road) = self.road(carrier) else { return };
        // A stream by ticket has to show that it carries, too.
        let welcomed = road.welcomed && (!road.ticketed || road.position.is_some());
        // The server may tell the old carrier sooner than the new one: the session has one.
        let attach = road.attach;
        let moving = code == Some(Code::TakenOver) && self.roads.iter().any(|other| other.attach > attach);
        self.let_go(carrier);
        if self.current == Some(carrier) {
            self.current = None;
        }
        if self.current.is_none() && !moving && self.state == State::Open {
            self.state = State::Suspended;
            self.outputs.push_back(Output::Suspended);
        }
        if self.roads.is_empty() {
            self.outputs.push_back(Output::Lost { carrier, code, welcomed });
        }
    }

    fn let_go(&mut self, carrier: Carrier) {
        let Some(at) = self.roads.iter().position(|road| road.carrier == carrier) else { return };
        let road = self.roads.remove(at);
        if let Some(batch) = &mut self.batch
            && road.requests.iter().any(|pending| batch.request == Some(pending.request))
        {
            batch.request = None;
        }
        self.said_close = false;
        self.outputs.push_back(Output::Drop(carrier));
    }

    fn end(&mut self, code: Code, reason: Option<String>, retry: Option<u64>) {
        if self.state == State::Ended {
            return;
        }
        let code = self.closing.unwrap_or(code);
        self.state = State::Ended;
        while let Some(road) = self.roads.first() {
            self.let_go(road.carrier);
        }
        self.current = None;
        self.batch = None;
        let unconfirmed = self.send.clear();
        self.outputs.push_back(Output::Ended { code, reason, retry, unconfirmed });
    }

    // ---- finding ------------------------------------------------------------------------------------------------------

    fn road(&mut self, carrier: Carrier) -> Option<&mut Road> {
        self.roads.iter_mut().find(|road| road.carrier == carrier)
    }

    fn pending(&mut self, pipe: Pipe) -> Option<&mut Pending> {
        let Pipe::Request(request) = pipe else { return None };
        self.roads.iter_mut().flat_map(|road| &mut road.requests).find(|pending| pending.request == request)
    }

    fn carrier(&self, pipe: Pipe) -> Option<Carrier> {
        let found = match pipe {
            Pipe::Carrier(carrier) => self.roads.iter().find(|road| road.carrier == carrier),
            Pipe::Request(request) => {
                self.roads.iter().find(|road| road.requests.iter().any(|pending| pending.request == request))
            }
        };
        found.map(|road| road.carrier)
    }

    fn position(&mut self, pipe: Pipe) -> Option<&mut Option<u64>> {
        match pipe {
            Pipe::Carrier(carrier) => self.road(carrier).map(|road| &mut road.position),
            Pipe::Request(_) => self.pending(pipe).map(|pending| &mut pending.position),
        }
    }

    fn take_request(&mut self, request: Request) -> Option<(Carrier, Pending)> {
        for road in &mut self.roads {
            if let Some(at) = road.requests.iter().position(|pending| pending.request == request) {
                return Some((road.carrier, road.requests.remove(at)));
            }
        }
        None
    }
}
