//! What drives a session: one task, from its opening to its end, over all its carriers.
//!
//! A turn runs to completion: take jobs, read, decode all that came, let handlers run as far as they go without waiting, gather
//! what they emitted, write once. No task and no channel stands between a frame that comes in and the reply that goes out.

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use everwire_session::code::Code;
use everwire_session::server::{Input, Machine, Output, Pipe, Shape, State, Up};
use everwire_session::wire::{Secret, Welcome};

use super::exchange::Exchange;
use super::live::{Job, Live, Shared};
use super::socket::{self, Reader, WebSocket};
use super::turn::{self, Backlog};
use super::writer::{Sink, Writer, Written};
use super::{Engine, ids};
use crate::client::Client;
use crate::config::Transport;
use crate::dialect::native::{self, Control};
use crate::handshake::RequestInfo;
use crate::incoming::Incoming;
use crate::outgoing::Outgoing;
use crate::transport::ws_frame::{self, Frame, Opcode};

/// Reads in one turn, after which others on this thread have theirs.
const READS: usize = 16;

/// Bytes on their way to the network above which pings are not answered.
const PONGS_HIGH: usize = 64 << 10;

/// How long handlers may go on after the end of their session.
const AFTERLIFE: Duration = Duration::from_secs(30);

pub(crate) struct Driver {
    engine: Arc<Engine>,
    live: Arc<Live>,
    machine: Machine<Outgoing, Incoming>,
    client: Client,
    /// The key of the open, while it proves the session.
    key: Option<Box<str>>,
    /// The current WebSocket's read side; its write side is in the shared part.
    socket: Option<(Pipe, Reader)>,
    /// The WebSocket that is being read, and how to part from it if that is what a frame leads to.
    reading: Option<Pipe>,
    parting: Option<(Writer, Bytes)>,
    /// Requests that wait for their answer, and streams.
    exchanges: Vec<Arc<Exchange>>,
    /// Of the last attach: what it is to become once the machine has accepted it.
    attaching: Option<Attaching>,
    /// For the application, gathered while the lock was held.
    notes: Vec<Note>,
    /// Receivers of what was emitted in the last turn.
    backlog: Backlog,
    traffic: Traffic,
    /// Has a carrier ever attached?
    opened: bool,
    /// Since when there is no namespace.
    lonely: Option<Duration>,
    ended: Option<Duration>,
}

struct Attaching {
    pipe: Pipe,
    transport: Transport,
    socket: Option<Box<WebSocket>>,
}

/// Bytes of packets since the metrics were told.
#[derive(Default)]
struct Traffic {
    transport: Option<Transport>,
    up: u64,
    down: u64,
}

/// However it ends, by a panic of user code or with its runtime too: nobody waits for it in vain.
impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.engine.forget_key(&key);
        }
        self.engine.forget(&self.live);
        self.live.bury();
        for exchange in self.exchanges.drain(..) {
            exchange.refuse((Code::UnknownSession, None));
        }
    }
}

/// What the application is told.
enum Note {
    Attached { resumed: bool, first: bool, transport: Transport },
    Deliver(Incoming),
    Ended { code: Code, reason: Option<String>, unconfirmed: u64 },
    Refused(Code),
    Suspended,
}

impl Driver {
    pub(crate) fn new(engine: Arc<Engine>, live: Arc<Live>, key: &str, request: RequestInfo) -> Self {
        let now = engine.wheel.now();
        let (key_secret, token) = (Secret::new(key), Secret::new(ids::random()));
        let machine = Machine::new(engine.machine_config(), live.id.to_string(), key_secret, token, now);
        let client = Client::new(engine.hub.clone(), live.clone(), request);
        Self {
            engine,
            live,
            machine,
            client,
            key: Some(key.into()),
            socket: None,
            reading: None,
            parting: None,
            exchanges: Vec::new(),
            attaching: None,
            notes: Vec::new(),
            backlog: Backlog::default(),
            traffic: Traffic::default(),
            opened: false,
            lonely: Some(now),
            ended: None,
        }
    }

    pub(crate) async fn run(mut self) {
        poll_fn(|cx| self.poll(cx)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.live.register(cx);
        if self.backlog.write() {
            let turn = turn::enter();
            self.turn(cx);
            self.backlog = turn.end();
        }
        if !self.backlog.write() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.is_over() { Poll::Ready(()) } else { Poll::Pending }
    }

    fn turn(&mut self, cx: &mut Context<'_>) {
        let mut reads = 0;
        loop {
            self.jobs();
            self.tick();
            // What came another way before comes before what is read now.
            self.tell();
            let more = self.read(cx);
            self.tell();
            let consumed = self.client.poll(cx);
            if consumed > 0 {
                self.input(Input::Consumed(consumed));
            }
            self.settle(cx);
            let quiet = self.notes.is_empty() && !self.live.has_jobs();
            if !more && quiet {
                break;
            }
            reads += 1;
            if reads == READS {
                cx.waker().wake_by_ref();
                break;
            }
        }
    }

    fn now(&self) -> Duration {
        self.engine.wheel.now()
    }

    fn is_over(&mut self) -> bool {
        let Some(ended) = self.ended else { return false };
        let now = self.now();
        self.machine.state() == State::Forgotten && (self.client.is_idle() || now > ended + AFTERLIFE)
    }

    // ---- what comes in ------------------------------------------------------------------------------------------------

    fn jobs(&mut self) {
        for job in self.live.take_jobs() {
            match job {
                Job::Attach { exchange, transport, shape, head, batch } => {
                    let pipe = exchange.pipe;
                    self.exchanges.push(exchange);
                    self.attaching = Some(Attaching { pipe, transport, socket: None });
                    self.attach(Input::Attach {
                        pipe,
                        shape,
                        head,
                        batch,
                        fresh: Secret::new(ids::random()),
                    });
                }
                Job::Close { code, reason, retry } => {
                    self.live.lock().closed = true;
                    self.input(Input::Close { code, reason, retry });
                }
                Job::Gone(pipe) => {
                    self.exchanges.retain(|exchange| exchange.pipe != pipe);
                    self.input(Input::Gone { pipe });
                }
                Job::Kill(code) => self.input(Input::Kill { code }),
                Job::Malformed { exchange, token, code, first, before } => {
                    // Else whoever knows the public id could end the session.
                    if let Err(code) = self.machine.prove(&token) {
                        exchange.refuse((code, None));
                        continue;
                    }
                    let pipe = exchange.pipe;
                    self.exchanges.push(exchange);
                    self.input(Input::Malformed { pipe, code, first, before });
                }
                Job::Post { exchange, head, batch, how } => {
                    let pipe = exchange.pipe;
                    self.exchanges.push(exchange);
                    self.input(Input::Post { pipe, head, batch, how });
                }
                Job::Socket { socket, head } => {
                    let pipe = socket.writer.pipe;
                    let transport = Transport::Websocket;
                    self.attaching = Some(Attaching { pipe, transport, socket: Some(socket) });
                    let fresh = Secret::new(ids::random());
                    self.attach(Input::Attach { pipe, shape: Shape::Duplex, head, batch: Vec::new(), fresh });
                }
                Job::Stream { exchange, attach } => {
                    let pipe = exchange.pipe;
                    self.exchanges.push(exchange);
                    self.input(Input::Stream { pipe, attach });
                }
            }
        }
    }

    fn attach(&mut self, input: Input<Incoming>) {
        self.input(input);
        // A WebSocket that was refused has been dealt with by then.
        self.attaching = None;
    }

    /// Gives the machine an input, and does what it says.
    fn input(&mut self, input: Input<Incoming>) {
        let (live, now) = (self.live.clone(), self.now());
        let mut shared = live.lock();
        self.machine.handle(&mut shared.send, now, input);
        self.outputs(&mut shared);
        let waiting = shared.take_waiting();
        drop(shared);
        waiting.into_iter().for_each(Waker::wake);
        if !self.machine.has_key()
            && let Some(key) = self.key.take()
        {
            self.engine.forget_key(&key);
        }
    }

    fn tick(&mut self) {
        let now = self.now();
        if self.machine.next_timeout().is_some_and(|due| due <= now) {
            self.input(Input::Timeout);
            self.report_traffic();
        }
        if self.client.namespaces() > 0 || self.ended.is_some() {
            self.lonely = None;
        } else {
            let since = *self.lonely.get_or_insert(now);
            if now >= since + self.engine.config.handshake {
                self.input(Input::Kill { code: Code::NoNamespace });
            }
        }
    }

    /// Reads the WebSocket once. `true`: there may be more.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        let Some((pipe, mut reader)) = self.socket.take() else { return false };
        self.reading = Some(pipe);
        for early in std::mem::take(&mut reader.early_frames) {
            if self.parting.is_none()
                && let ControlFlow::Break(farewell) = self.frame(pipe, &early.frame())
            {
                self.reading = None;
                self.socket = Some((pipe, reader));
                self.lose_socket(pipe, farewell);
                return true;
            }
        }
        let polled = reader.poll_read(cx, |decoder, bytes| {
            let mut frames = decoder.read(bytes);
            loop {
                match frames.next() {
                    Ok(None) => return None,
                    Ok(Some(frame)) => match self.frame(pipe, &frame) {
                        ControlFlow::Continue(()) if self.parting.is_none() => {}
                        ControlFlow::Continue(()) => return None,
                        ControlFlow::Break(farewell) => return farewell,
                    },
                    Err(error) => return Some(ws_frame::close_frame(error.close_code(), error.reason())),
                }
            }
        });
        self.reading = None;
        if let Some((writer, farewell)) = self.parting.take() {
            socket::finish(Some(reader), writer, farewell);
            return true;
        }
        match polled {
            Poll::Pending => {
                self.socket = Some((pipe, reader));
                false
            }
            Poll::Ready(Ok(Some(None))) => {
                self.socket = Some((pipe, reader));
                true
            }
            Poll::Ready(Ok(Some(farewell))) => {
                self.socket = Some((pipe, reader));
                self.lose_socket(pipe, farewell);
                true
            }
            Poll::Ready(Ok(None) | Err(_)) => {
                self.lose_socket(pipe, None);
                true
            }
        }
    }

    /// The WebSocket is no carrier any more.
    fn lose_socket(&mut self, pipe: Pipe, farewell: Option<Bytes>) {
        let live = self.live.clone();
        let mut shared = live.lock();
        self.drop_socket(&mut shared, pipe, farewell);
        drop(shared);
        self.input(Input::Gone { pipe });
    }

    /// Takes one frame. A break ends the reading, with a close frame that is still to be said.
    fn frame(&mut self, pipe: Pipe, frame: &Frame<'_>) -> ControlFlow<Option<Bytes>> {
        let incoming = match frame {
            Frame::Text(text) => Incoming::text(&Bytes::copy_from_slice(text.as_bytes())),
            Frame::Binary(bytes) => Incoming::binary(&Bytes::copy_from_slice(bytes)),
            Frame::Ping(payload) => {
                // Who sends pings and reads nothing gets no more pongs.
                if let Some(writer) = &mut self.live.lock().writer
                    && writer.queued() < PONGS_HIGH
                {
                    writer.push(ws_frame::frame(Opcode::Pong, &[payload]));
                }
                return ControlFlow::Continue(());
            }
            Frame::Pong(_) => return ControlFlow::Continue(()),
            Frame::Close { code, .. } => {
                return ControlFlow::Break(Some(ws_frame::close_frame(code.unwrap_or(1000), "")));
            }
        };
        match incoming.and_then(native::up) {
            Ok(Up::Message(message)) => match self.machine.accept(self.engine.wheel.now(), pipe, &message) {
                Ok(true) => {
                    self.traffic.up += message.size as u64;
                    self.client.receive(message);
                }
                Ok(false) => {}
                Err(code) => self.fault(code),
            },
            Ok(up) => {
                self.input(Input::Packet { pipe, up });
                // Before the messages behind it.
                self.tell();
            }
            Err(malformed) => {
                self.input(Input::Malformed { pipe, code: malformed.code(), first: None, before: 0 });
            }
        }
        ControlFlow::Continue(())
    }

    fn fault(&mut self, code: Code) {
        let (live, now) = (self.live.clone(), self.now());
        let mut shared = live.lock();
        self.machine.fault(&mut shared.send, now, code);
        self.outputs(&mut shared);
        let waiting = shared.take_waiting();
        drop(shared);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Tells the application what happened. Not under the lock: its hooks are user code.
    fn tell(&mut self) {
        for note in std::mem::take(&mut self.notes) {
            if !matches!(note, Note::Deliver(_)) {
                self.report_traffic();
            }
            match note {
                Note::Attached { first: true, transport, .. } => {
                    tracing::debug!(session = &*self.live.id, transport = transport.name(), "session opened");
                }
                Note::Attached { resumed: true, transport, .. } => self.client.resumed(transport.name()),
                Note::Attached { resumed: false, transport, .. } => self.client.moved(transport.name()),
                Note::Deliver(incoming) => {
                    self.traffic.up += incoming.size as u64;
                    self.client.receive(incoming);
                }
                Note::Ended { code, reason, unconfirmed } => {
                    self.ended = Some(self.now());
                    tracing::debug!(session = &*self.live.id, %code, unconfirmed, "session ended");
                    self.client.end(code, reason.as_deref(), unconfirmed);
                }
                Note::Refused(code) => {
                    tracing::debug!(session = &*self.live.id, %code, why = code.message(), "refused");
                    self.engine.hub.hooks().refused(code);
                }
                Note::Suspended => {
                    tracing::debug!(session = &*self.live.id, "session suspended: no carrier");
                    self.client.suspended();
                }
            }
        }
    }

    fn report_traffic(&mut self) {
        let Traffic { transport, up, down } = std::mem::take(&mut self.traffic);
        if let Some(transport) = transport
            && up + down > 0
        {
            self.engine.hub.hooks().bytes(transport.name(), up, down);
        }
        self.traffic.transport = self.live.lock().transport;
    }

    // ---- what goes out ------------------------------------------------------------------------------------------------

    /// Writes all there is, and sets the alarm.
    fn settle(&mut self, cx: &mut Context<'_>) {
        let (live, now) = (self.live.clone(), self.now());
        let mut guard = live.lock();
        let shared = &mut *guard;
        shared.dirty = false;
        if let Some(writer) = &mut shared.writer {
            writer.pump(&mut shared.send);
        }
        for volatile in shared.volatile.take().unwrap_or_default() {
            self.machine.volatile(&mut shared.send, now, volatile);
        }
        if shared.writer.as_ref().is_none_or(|writer| writer.queued() == 0 || shared.send.is_drained()) {
            self.machine.flush(&mut shared.send, now);
        } else {
            self.machine.flush_beside(&mut shared.send, now);
        }
        self.outputs(shared);
        shared.volatile = (shared.writer.is_none() && self.machine.takes_volatile()).then(Vec::new);
        let mut lost = None;
        if let Some(writer) = &mut shared.writer {
            self.traffic.down += writer.take_carried();
            let written = writer.poll_write(cx);
            // What waited behind the high mark may follow now.
            if written == Written::All && writer.wants_more(&shared.send) {
                cx.waker().wake_by_ref();
            }
            if written == Written::Dead {
                lost = Some(writer.pipe);
            }
            if writer.total() > self.engine.config.stream_bytes {
                let pipe = writer.pipe;
                self.exchange(pipe, true).inspect(|exchange| exchange.end());
                lost = Some(pipe);
            }
        }
        drop(guard);
        if let Some(pipe) = lost {
            self.lose_socket(pipe, None);
        }
        let lonely = self.lonely.map(|since| since + self.engine.config.handshake);
        let afterlife = self.ended.map(|ended| ended + AFTERLIFE);
        if let Some(due) = self.machine.next_timeout().into_iter().chain(lonely).chain(afterlife).min() {
            self.engine.wheel.arm(&self.live, due);
        }
    }

    /// Does what the machine says. The application's part is noted for later: the lock is held.
    fn outputs(&mut self, shared: &mut Shared) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Attached { pipe, resumed } => self.attached(shared, pipe, resumed),
                Output::Close(pipe, close) => self.control(shared, pipe, Control::close(&close)),
                Output::Counts(pipe, received, consumed) => {
                    self.control(shared, pipe, Control::counts(received, consumed));
                }
                Output::Deliver(incoming) | Output::Volatile(incoming) => {
                    self.notes.push(Note::Deliver(incoming));
                }
                Output::End(pipe) => self.end(shared, pipe),
                Output::Ended { code, reason, unconfirmed } => {
                    shared.closed = true;
                    shared.transport = None;
                    shared.volatile = None;
                    self.notes.push(Note::Ended { code, reason, unconfirmed });
                }
                Output::Heartbeat(pipe) => self.control(shared, pipe, Control::heartbeat()),
                Output::Message(pipe, message) => match &mut shared.writer {
                    Some(writer) if writer.pipe == pipe => writer.message(&message),
                    _ => {
                        if let Some(exchange) = self.exchange(pipe, false) {
                            self.traffic.down += message.native().size() as u64;
                            exchange.push(message.native().line());
                        }
                    }
                },
                Output::Refuse(pipe, code, expected) => self.refuse(shared, pipe, code, expected),
                Output::Suspended => {
                    shared.writer = None;
                    shared.transport = None;
                    self.notes.push(Note::Suspended);
                }
                Output::Welcome(pipe, welcome) => self.welcome(shared, pipe, *welcome),
            }
        }
    }

    fn exchange(&mut self, pipe: Pipe, take: bool) -> Option<Arc<Exchange>> {
        let at = self.exchanges.iter().position(|exchange| exchange.pipe == pipe)?;
        Some(if take { self.exchanges.swap_remove(at) } else { self.exchanges[at].clone() })
    }

    fn attached(&mut self, shared: &mut Shared, pipe: Pipe, resumed: bool) {
        let Some(attaching) = &mut self.attaching else { return };
        let first = !std::mem::replace(&mut self.opened, true);
        self.notes.push(Note::Attached { resumed, first, transport: attaching.transport });
        shared.transport = Some(attaching.transport);
        shared.writer = None;
        if let Some(socket) = attaching.socket.take() {
            let WebSocket { reader, writer } = *socket;
            self.socket = Some((pipe, reader));
            shared.writer = Some(writer);
        }
    }

    fn welcome(&mut self, shared: &mut Shared, pipe: Pipe, mut welcome: Welcome) {
        if let Some(exchange) = self.exchange(pipe, false) {
            if exchange.ticketed {
                let attach = self.machine.attach_number();
                welcome.ticket = Some(self.engine.ticket(&self.live, attach));
            }
            if self.machine.live_pipe() == Some(pipe) {
                shared.writer = Some(Writer::new(pipe, Sink::Exchange(exchange)));
            }
        }
        self.control(shared, pipe, Control::welcome(&welcome));
    }

    fn control(&mut self, shared: &mut Shared, pipe: Pipe, control: Control) {
        match &mut shared.writer {
            Some(writer) if writer.pipe == pipe => {
                let bytes = if writer.is_websocket() { control.frame() } else { control.line() };
                writer.push(bytes);
            }
            _ => {
                if let Some(exchange) = self.exchange(pipe, false) {
                    exchange.push(control.line());
                }
            }
        }
    }

    /// Nothing more goes down this pipe.
    fn end(&mut self, shared: &mut Shared, pipe: Pipe) {
        if let Some(writer) = &mut shared.writer
            && writer.pipe == pipe
        {
            let _ = writer.try_write();
        }
        if let Some(exchange) = self.exchange(pipe, true) {
            exchange.end();
        }
        let code = self.machine.ended().unwrap_or(Code::ServerDisconnect);
        self.drop_socket(shared, pipe, Some(ws_frame::close_frame(code.websocket(), code.as_str())));
    }

    fn refuse(&mut self, shared: &mut Shared, pipe: Pipe, code: Code, expected: Option<u64>) {
        self.notes.push(Note::Refused(code));
        if let Some(exchange) = self.exchange(pipe, true) {
            if let Some(writer) = &mut shared.writer
                && writer.pipe == pipe
            {
                let _ = writer.try_write();
                shared.writer = None;
            }
            return exchange.refuse((code, expected));
        }
        let frame = Control::refusal(code, expected).frame();
        let farewell = ws_frame::close_frame(code.websocket(), code.as_str());
        if let Some(attaching) = &mut self.attaching
            && attaching.pipe == pipe
            && let Some(socket) = attaching.socket.take()
        {
            let WebSocket { reader, mut writer } = *socket;
            writer.push(frame);
            return socket::finish(Some(reader), writer, farewell);
        }
        if let Some(writer) = &mut shared.writer
            && writer.pipe == pipe
        {
            writer.push(frame);
        }
        self.drop_socket(shared, pipe, Some(farewell));
    }

    /// Lets go of the WebSocket `pipe`. With a farewell it is closed properly, in a task of its own that is short.
    fn drop_socket(&mut self, shared: &mut Shared, pipe: Pipe, farewell: Option<Bytes>) {
        let reader = self.socket.take_if(|(current, _)| *current == pipe).map(|(_, reader)| reader);
        let writer = shared.writer.take_if(|writer| writer.pipe == pipe);
        match (writer, farewell) {
            // Its reader is in use further up the stack, which goes on with this.
            (Some(writer), Some(farewell)) if self.reading == Some(pipe) => {
                self.parting = Some((writer, farewell));
            }
            (Some(writer), Some(farewell)) => socket::finish(reader, writer, farewell),
            _ => {}
        }
    }
}
