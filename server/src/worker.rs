//! One socket at work: its middleware, its events in order and one at a time, its end.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use bytes::Bytes;
use everwire_session::code::Code;
use everwire_session::packet::Kind;
use tokio::time::Instant;

use crate::ack::{ReplySlot, finish};
use crate::error::{Disconnect, Refusal};
use crate::extract::{Context, EventName, Name};
use crate::handler::{Answer, BoxFuture, Erased, Outcome};
use crate::hub::is_event_name;
use crate::incoming::Incoming;
use crate::outgoing::Outgoing;
use crate::queue::{Cleared, Item, Queue};
use crate::registry::{Found, Others};
use crate::socket::Socket;
use everwire_session::payload::Payload;
use everwire_session::payload::string_end;

/// Runs what happens to one socket. Owned by its session's [`Client`](crate::client::Client).
pub(crate) struct Worker {
    socket: Socket,
    queue: Queue,
    running: Option<Running>,
    /// Events wait for it; the handler that runs goes on beside it.
    judgement: Option<Box<Judgement>>,
    phase: Phase,
    /// The server has put it out, and if there is a code, the client is to be told it.
    put_out: bool,
    untold: Option<Code>,
    /// Why the session ended, once it has.
    ended: Option<Box<Disconnect>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    /// Middleware is at work.
    Connecting,
    Open,
    /// The end is queued: nothing new is taken.
    Closing,
    /// The handlers of the end run.
    Leaving,
    Gone,
}

/// The middleware at work.
struct Judgement {
    auth: Bytes,
    verdict: BoxFuture<Result<(), Refusal>>,
    /// Who has not decided by then refuses.
    until: Option<Instant>,
}

/// A handler at work.
struct Running(BoxFuture<Answer>, Call);

/// What it was called for.
struct Call {
    event: EventName,
    reply: Option<Arc<ReplySlot>>,
    /// Bytes that are consumed when it has run.
    credit: u64,
}

impl Worker {
    pub(crate) fn new(socket: Socket, auth: Bytes) -> Self {
        let mut worker = Self {
            queue: Queue::default(),
            running: None,
            judgement: None,
            phase: Phase::Connecting,
            put_out: false,
            untold: None,
            ended: None,
            socket,
        };
        worker.judge(auth);
        worker
    }

    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Does it stand for its namespace, or is its end under way?
    pub(crate) fn is_addressed(&self) -> bool {
        matches!(self.phase, Phase::Connecting | Phase::Open) && !self.socket.has_left()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.phase == Phase::Gone
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.running.is_none()
            && self.judgement.is_none()
            && self.queue.is_empty()
            && (self.phase == Phase::Gone || !self.socket.has_left())
    }

    /// Queues an event. A volatile one may be dropped.
    pub(crate) fn event(&mut self, incoming: Incoming, consumed: &mut u64) {
        if self.admits(&incoming, consumed) {
            self.queue(incoming);
        }
    }

    /// May one more event want an answer?
    fn admits(&self, incoming: &Incoming, consumed: &mut u64) -> bool {
        if incoming.id.is_none() || self.socket.inner().link.owe() {
            return true;
        }
        *consumed += incoming.credit();
        report(&self.socket, incoming, "pending_acks", None);
        false
    }

    fn queue(&mut self, incoming: Incoming) {
        if incoming.kind == Kind::Event {
            self.queue.push_event(incoming);
        } else if self.queue.has_room() {
            self.queue.push(Item::Event(incoming));
        }
    }

    /// Handles an event at once, or queues it behind what waits.
    pub(crate) fn handle(&mut self, cx: &mut TaskContext<'_>, incoming: Incoming, consumed: &mut u64) {
        if !self.admits(&incoming, consumed) {
            return;
        }
        if self.running.is_some()
            || self.judgement.is_some()
            || !self.queue.is_empty()
            || self.phase != Phase::Open
        {
            return self.queue(incoming);
        }
        self.start_event(cx, incoming, consumed);
    }

    /// Queues an event of the session itself, if anybody handles it.
    pub(crate) fn local(&mut self, event: &'static str, payload: Payload) {
        if self.queue.has_room() && self.socket.inner().registry.has(event) {
            self.queue.push(Item::Local(event, payload));
        }
    }

    /// Ends it behind what is queued.
    pub(crate) fn leave(&mut self, disconnect: Disconnect) {
        if self.phase == Phase::Connecting {
            self.abandon();
        } else if self.phase == Phase::Open {
            self.phase = Phase::Closing;
            self.judgement = None;
            self.queue.push(Item::Leave(disconnect));
        }
    }

    /// The session is over: nothing goes out any more, what came in is handled, then it leaves. If there was no room for more, that is what
    /// waits here, and so it is dropped. Returns what of the window that frees.
    pub(crate) fn end(&mut self, disconnect: Disconnect) -> u64 {
        let freed = if disconnect.code == Code::Full { self.clear() } else { 0 };
        self.ended = Some(Box::new(disconnect.clone()));
        if self.phase == Phase::Open && !self.socket.has_left() {
            self.socket.shut();
        }
        self.leave(disconnect);
        freed
    }

    /// Never connected, so nobody is told.
    fn abandon(&mut self) {
        self.judgement = None;
        self.phase = Phase::Gone;
        self.socket.release();
    }

    /// Goes as far as it can without waiting. Adds what was consumed.
    pub(crate) fn poll(&mut self, cx: &mut TaskContext<'_>, consumed: &mut u64) {
        self.look();
        // A handler that goes on keeps nobody from being told.
        if self.phase == Phase::Open
            && let Some(code) = self.socket.kick_code()
        {
            self.put_out(code);
        }
        self.hear(cx);
        loop {
            if let Some(running) = &mut self.running {
                match running.poll(cx, &self.socket) {
                    Poll::Pending => return,
                    Poll::Ready(answer) => self.done(answer, consumed),
                }
            } else if !self.next(cx, consumed) {
                return;
            }
        }
    }

    /// When it wants to be polled though nothing has happened.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let until = self.judgement.as_ref().and_then(|judgement| judgement.until);
        let term = (self.phase == Phase::Open && !self.socket.has_left()).then(|| self.socket.next_timeout());
        until.into_iter().chain(term.flatten()).min()
    }

    /// Why the server has put it out, if its client has not been told.
    pub(crate) fn take_untold(&mut self) -> Option<Code> {
        self.untold.take()
    }

    fn put_out(&mut self, code: Code) {
        self.judgement = None;
        if !std::mem::replace(&mut self.put_out, true) {
            // By other codes it was told at once.
            self.untold = Some(code).filter(|code| matches!(code, Code::AuthExpired | Code::Revoked));
        }
    }

    /// Looks at the clock, if there is a reason to.
    fn look(&mut self) {
        let Some(due) = self.next_timeout() else { return };
        let now = Instant::now();
        if due > now {
            return;
        }
        if self.judgement.as_ref().and_then(|judgement| judgement.until).is_some_and(|until| until <= now) {
            tracing::warn!(socket = self.socket.id(), "a middleware has not decided in time");
            return self.refuse(Refusal::new("timeout"));
        }
        self.socket.look(now);
    }

    /// Lets the middleware judge fresh auth of a socket that is open. The newest counts.
    pub(crate) fn renew(&mut self, auth: Bytes) {
        if self.phase == Phase::Open {
            self.judge(auth);
        }
    }

    fn judge(&mut self, auth: Bytes) {
        let middleware = self.socket.inner().space.admission();
        if middleware.is_empty() {
            return self.admit(auth);
        }
        let context =
            Context::local(&self.socket.judging(auth.clone()), "connect", Payload::of_value(auth.clone()));
        let verdict = Box::pin(async move { pass(&middleware, &context).await });
        let until = Instant::now().checked_add(self.socket.inner().link.hub.handshake);
        self.judgement = Some(Box::new(Judgement { auth, verdict, until }));
    }

    /// Goes on with what the middleware says.
    fn hear(&mut self, cx: &mut TaskContext<'_>) {
        let Some(judgement) = &mut self.judgement else { return };
        let heard = catch_unwind(AssertUnwindSafe(|| judgement.verdict.as_mut().poll(cx)));
        let verdict = match heard {
            Ok(Poll::Pending) => return,
            Ok(Poll::Ready(verdict)) => verdict,
            Err(_) => Err(Refusal::new("handler_panic")),
        };
        let Some(judgement) = self.judgement.take() else { return };
        match verdict {
            Ok(()) if self.socket.is_expired(Instant::now()) => self.refuse(Refusal::new(Code::AuthExpired)),
            Ok(()) => self.admit(judgement.auth),
            Err(refusal) => self.refuse(refusal),
        }
    }

    fn admit(&mut self, auth: Bytes) {
        self.judgement = None;
        self.socket.accept(auth);
        match self.phase {
            Phase::Connecting => self.open(),
            _ => self.socket.greet(),
        }
    }

    fn done(&mut self, answer: Answer, consumed: &mut u64) {
        let Some(Running(_, call)) = self.running.take() else { return };
        *consumed += call.credit;
        finish(&self.socket, &call.event, call.reply.as_deref(), answer);
        if matches!(call.event.0, Name::Known("connect")) {
            let inner = self.socket.inner();
            inner.registry.share(inner.space.tables());
        }
        if self.phase == Phase::Leaving {
            self.phase = Phase::Gone;
            self.socket.release();
        }
    }

    fn open(&mut self) {
        self.socket.open();
        self.phase = Phase::Open;
        if let Some(handler) = self.socket.inner().space.on_connect() {
            let context = Context::local(&self.socket, "connect", Payload::of_value(self.socket.auth()));
            let call = Call { event: context.event.clone(), reply: None, credit: 0 };
            self.start(call, || handler.call(&context));
        }
    }

    /// Who was let in before is put out.
    fn refuse(&mut self, refusal: Refusal) {
        let out = Outgoing::denied(self.socket.namespace_name(), &refusal.message, refusal.data.as_deref());
        if self.phase == Phase::Connecting {
            let _ = self.socket.outlet().send(&out);
            self.abandon();
        } else {
            self.judgement = None;
            self.socket.deny(&out, refusal.message);
        }
    }

    /// Drops what is queued, and returns what of the window that frees.
    fn clear(&mut self) -> u64 {
        let Cleared { credit, asked } = self.queue.clear();
        self.socket.inner().link.paid(asked);
        credit
    }

    /// Begins the next thing; false if there is nothing to do.
    fn next(&mut self, cx: &mut TaskContext<'_>, consumed: &mut u64) -> bool {
        if let Some(disconnect) = self.socket.take_kick() {
            *consumed += self.clear();
            self.put_out(disconnect.code);
            self.start_leaving(disconnect);
            return true;
        }
        if self.phase == Phase::Gone {
            *consumed += self.clear();
            return false;
        }
        if self.judgement.is_some() {
            return false;
        }
        match self.queue.pop() {
            Some(Item::Event(incoming)) => self.start_event(cx, incoming, consumed),
            Some(Item::Leave(disconnect)) => self.start_leaving(disconnect),
            Some(Item::Packed(_)) => {}
            Some(Item::Local(event, payload)) => {
                let context = Context::local(&self.socket, event, payload);
                self.start_local(context);
            }
            None => return false,
        }
        true
    }

    /// Handles an event as far as it goes without waiting.
    fn start_event(&mut self, cx: &mut TaskContext<'_>, incoming: Incoming, consumed: &mut u64) {
        let credit = incoming.credit();
        let name = event_name(&incoming.body).filter(|(name, _)| !name.is_empty());
        let Some((name, behind)) = name.filter(|(name, _)| name.len() <= crate::hub::MAX_EVENT) else {
            *consumed += credit;
            return reject(&self.socket, &incoming, "bad_event", None);
        };
        if !is_event_name(&name) {
            *consumed += credit;
            return reject(&self.socket, &incoming, "reserved_event", std::str::from_utf8(&name).ok());
        }
        let inner = self.socket.inner();
        let found = inner.registry.find(&name);
        let event =
            EventName(found.name.map_or_else(|| Name::Sent(owned(name, &incoming.body)), Name::Known));
        let middleware = inner.space.event_middleware();
        let reply = incoming.id.map(|id| Arc::new(ReplySlot::new(self.socket.clone(), id)));
        let call = Call { event: event.clone(), reply: reply.clone(), credit };
        let payload = Payload::of_array(incoming.body, behind, incoming.attachments);
        let context = Context { socket: self.socket.clone(), event, payload, reply, disconnect: None };
        match found {
            Found { first: Some(handler), others: None, .. } if middleware.is_empty() => {
                self.begin(cx, call, || handler.call(&context), consumed);
            }
            found => self.begin(cx, call, || Box::pin(run(middleware, found, context)), consumed),
        }
    }

    /// Calls the handlers of an event and polls them once: mostly they are done then.
    fn begin(
        &mut self,
        cx: &mut TaskContext<'_>,
        call: Call,
        make: impl FnOnce() -> BoxFuture<Answer>,
        consumed: &mut u64,
    ) {
        let mut future = None;
        let polled = catch_unwind(AssertUnwindSafe(|| future.insert(make()).as_mut().poll(cx)));
        let answer = match polled {
            Ok(Poll::Ready(answer)) => answer,
            Ok(Poll::Pending) => {
                self.running = future.map(|future| Running(future, call));
                return;
            }
            Err(_) => panicked(&self.socket, &call.event),
        };
        *consumed += call.credit;
        finish(&self.socket, &call.event, call.reply.as_deref(), answer);
    }

    fn start_local(&mut self, context: Context) {
        let found = self.socket.inner().registry.find_local(&context.event);
        let call = Call { event: context.event.clone(), reply: None, credit: 0 };
        self.start(call, || Box::pin(run(Vec::new(), found, context)));
    }

    fn start_leaving(&mut self, disconnect: Disconnect) {
        self.socket.shut();
        self.phase = Phase::Leaving;
        let mut context = Context::local(&self.socket, "disconnect", Payload::default());
        context.disconnect = Some(disconnect);
        self.start_local(context);
    }

    /// A handler may panic when called, before there is a future.
    fn start(&mut self, call: Call, make: impl FnOnce() -> BoxFuture<Answer>) {
        let future = catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(|_| {
            let answer = panicked(&self.socket, &call.event);
            Box::pin(std::future::ready(answer))
        });
        self.running = Some(Running(future, call));
    }
}

/// The session's task stops although handlers of the end have not run: they run on by themselves.
impl Drop for Worker {
    fn drop(&mut self) {
        match self.phase {
            Phase::Gone => return,
            Phase::Connecting => return self.abandon(),
            Phase::Open | Phase::Closing => {
                (self.running, self.judgement) = (None, None);
                let ended = self.ended.take();
                let ended = ended.map_or_else(|| Disconnect::new(Code::Shutdown, None, 0), |ended| *ended);
                self.start_leaving(ended);
            }
            Phase::Leaving => {}
        }
        let release = Release(self.socket.clone());
        if let (Ok(runtime), Some(Running(future, _))) =
            (tokio::runtime::Handle::try_current(), self.running.take())
        {
            runtime.spawn(async move {
                let _release = release;
                future.await
            });
        }
    }
}

/// Leaves the rooms, whether the handler of the end ends, panics, or never runs.
struct Release(Socket);

impl Drop for Release {
    fn drop(&mut self) {
        self.0.release();
    }
}

impl Running {
    fn poll(&mut self, cx: &mut TaskContext<'_>, socket: &Socket) -> Poll<Answer> {
        catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx)))
            .unwrap_or_else(|_| Poll::Ready(panicked(socket, &self.1.event)))
    }
}

fn panicked(socket: &Socket, event: &str) -> Answer {
    tracing::error!(socket = socket.id(), event, "a handler panicked");
    Answer(Outcome::Failed { code: "handler_panic", message: "the handler panicked".into() })
}

async fn pass(middleware: &[Erased<Result<(), Refusal>>], context: &Context) -> Result<(), Refusal> {
    for layer in middleware {
        layer.call(context).await?;
    }
    Ok(())
}

/// Everything that has registered for one event, one after the other.
async fn run(middleware: Vec<Erased<Result<(), Refusal>>>, found: Found, context: Context) -> Answer {
    if let Err(refusal) = pass(&middleware, &context).await {
        return Answer::failed(refusal.message);
    }
    let report = |answer| finish(&context.socket, &context.event, context.reply.as_deref(), answer);
    let Others { any, more } = found.others.map_or_else(Others::default, |others| *others);
    for handler in &any {
        let answer = handler.call(&context).await;
        if matches!(answer.0, Outcome::Failed { .. }) {
            report(answer);
        }
    }
    if found.first.is_none() {
        return Answer(Outcome::NoHandler);
    }
    for handler in found.first.iter().chain(&more) {
        let answer = handler.call(&context).await;
        if !matches!(answer.0, Outcome::Done) {
            report(answer);
        }
    }
    Answer::DONE
}

/// Answers an event that was admitted and reaches no handler.
fn reject(socket: &Socket, incoming: &Incoming, code: &str, event: Option<&str>) {
    socket.inner().link.paid(usize::from(incoming.id.is_some()));
    report(socket, incoming, code, event);
}

/// Says why an event was not taken. A volatile one is dropped.
fn report(socket: &Socket, incoming: &Incoming, code: &str, event: Option<&str>) {
    socket.inner().link.hub.counters.rejected(code);
    if incoming.kind == Kind::Event {
        let _ = socket.send(&Outgoing::error(socket.namespace_name(), incoming.id, code, event, None));
    }
}

/// The name of an event, UTF-8, and where it ends in the array. The text is valid JSON.
pub(crate) fn event_name(body: &[u8]) -> Option<(Cow<'_, [u8]>, usize)> {
    let start = 1 + body.get(1..)?.iter().position(|byte| !byte.is_ascii_whitespace())?;
    if body.get(start) != Some(&b'"') {
        return None;
    }
    let inner = &body[start + 1..];
    // Names are short: to go through them byte by byte is quicker than to prepare for more.
    let length = inner.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    if inner[length] == b'"' {
        return Some((Cow::Borrowed(&inner[..length]), start + length + 2));
    }
    let end = string_end(body, start);
    let name: String = serde_json::from_slice(&body[start..end]).ok()?;
    Some((Cow::Owned(name.into_bytes()), end))
}

/// A name for longer than its body is looked at.
fn owned(name: Cow<'_, [u8]>, body: &Bytes) -> Bytes {
    match name {
        Cow::Borrowed(name) => body.slice_ref(name),
        Cow::Owned(name) => name.into(),
    }
}
