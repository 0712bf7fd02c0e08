//! The npm client's machine, dressed as the simulation wants a client's machine.

mod data;
pub(crate) mod script;

use std::collections::BTreeMap;
use std::time::Duration;

use everwire_session::client::{Carrier, Config, Down, Head, Input, Kind, Output, Pipe, Purpose, State};
use everwire_session::code::Code;
use everwire_session::server::Up;
use everwire_session::wire::Secret;
use rquickjs::function::{Args, IntoArgs, This};
use rquickjs::{Ctx, FromJs, Function, IntoJs, Object, Persistent, TypedArray, Value};

use crate::sim::app::Note;
use crate::sim::client::{ClientMachine, Clients};
use data::Data;

/// The machine of the script that the thread has loaded.
pub(crate) const TYPESCRIPT: Clients =
    Clients { begin: |config, key| Box::new(Session::new(config, &key)), least: data::LEAST };

struct Session {
    object: Persistent<Object<'static>>,
    queue: usize,
    kinds: BTreeMap<Carrier, Kind>,
}

impl Session {
    fn new(config: &Config, key: &Secret) -> Self {
        let key = key.expose().to_owned();
        let object = script::with(|ctx, machine| {
            let secret = Function::new(ctx.clone(), move || key.clone())?;
            let class: rquickjs::function::Constructor<'_> = machine.get("Session")?;
            let session: Object<'_> = class.construct((number(config.window), secret))?;
            // It has constants for these, which no schedule of small messages would reach. Of a body it keeps 1 KiB for the head.
            session.set("max", number(config.body as u64 + 1_024))?;
            session.get::<_, Object<'_>>("send")?.set("window", number(config.credit))?;
            Ok(Persistent::save(ctx, session))
        });
        Self { object, queue: config.queue, kinds: BTreeMap::new() }
    }

    fn with<R>(
        &self,
        act: impl for<'js> FnOnce(&Ctx<'js>, &Object<'js>, Object<'js>) -> rquickjs::Result<R>,
    ) -> R {
        script::with(|ctx, machine| {
            let session = self.object.clone().restore(ctx)?;
            act(ctx, &session, machine)
        })
    }

    fn call(&self, method: &str, arguments: impl for<'js> IntoArgs<'js>) {
        self.with(|_, session, _| call(session, method, arguments));
    }

    /// A field, by its path.
    fn field<T: for<'js> FromJs<'js>>(&self, path: &[&str]) -> T {
        self.with(|_, session, _| {
            let (name, path) = path.split_last().expect("a name");
            let object = path.iter().try_fold(session.clone(), |object, name| object.get(*name))?;
            object.get(*name)
        })
    }

    fn packet(&self, now: Duration, pipe: Pipe, down: &Down<Note>) {
        let (now, data) = (time(now), Data::of_down(down));
        match pipe {
            Pipe::Carrier(carrier) if self.kinds.get(&carrier) == Some(&Kind::Duplex) => {
                self.with(|_, session, _| call(session, "packet", (now, number(carrier), data)));
            }
            Pipe::Carrier(carrier) => self.call("line", (now, number(carrier), data.line())),
            Pipe::Request(request) => self.call("answer", (now, number(request), data.line())),
        }
    }
}

impl ClientMachine for Session {
    fn handle(&mut self, now: Duration, input: Input<Note>) {
        let at = time(now);
        match input {
            Input::Answered(request) => self.call("answered", (number(request),)),
            Input::Attach(carrier, kind, patience) => {
                self.kinds.insert(carrier, kind);
                let kind = match kind {
                    Kind::Duplex => "duplex",
                    Kind::Poll => "poll",
                    Kind::Stream => "stream",
                };
                self.call("attach", (at, number(carrier), kind, time(patience)));
            }
            Input::Close(code) => self.call("close", (at, code.as_str())),
            Input::Consumed(bytes) => self.call("consumed", (number(bytes),)),
            Input::Failed(request, code) => self.call("failed", (at, number(request), name(code))),
            Input::Lost(carrier, code) => self.call("lost", (at, number(carrier), name(code))),
            Input::Packet(pipe, down) => self.packet(now, pipe, &down),
            Input::Rest(pause) => self.with(|_, session, _| session.set("rest", time(pause))),
            Input::Timeout => self.call("timeout", (at,)),
        }
    }

    /// The bound of the queue is kept by whoever emits, as in the npm client.
    fn emit(&mut self, note: Note) -> bool {
        if matches!(self.state(), State::Closing | State::Ended) || self.bytes() + note.size > self.queue {
            return false;
        }
        self.with(|ctx, session, _| {
            let message = Object::new(ctx.clone())?;
            message.set("namespace", "/")?;
            message.set("data", Data::of_note(&note))?;
            message.set("size", number(note.size as u64))?;
            message.set("credited", note.credited)?;
            message.set("id", Value::new_null(ctx.clone()))?;
            call(session, "push", (message,))
        });
        true
    }

    fn volatile(&mut self, note: Note) {
        self.with(|_, session, _| call(session, "pushVolatile", (Data::of_note(&note),)));
    }

    fn poll_output(&mut self, now: Duration) -> Option<Output<Note, Note>> {
        self.with(|_, session, machine| {
            let next: Function<'_> = session.get("next")?;
            let output: Option<Object<'_>> = next.call((This(session.clone()), time(now)))?;
            output.map(|output| told(&output, &machine)).transpose()
        })
    }

    fn next_timeout(&self) -> Option<Duration> {
        self.with(|_, session, _| {
            let next: Function<'_> = session.get("nextTimeout")?;
            let at: Option<f64> = next.call((This(session.clone()),))?;
            Ok(at.map(|at| Duration::from_micros((at * 1_000.0).round() as u64)))
        })
    }

    fn state(&self) -> State {
        match self.field::<String>(&["state"]).as_str() {
            "closing" => State::Closing,
            "ended" => State::Ended,
            "open" => State::Open,
            "opening" => State::Opening,
            "suspended" => State::Suspended,
            other => panic!("no state: {other}"),
        }
    }

    fn id(&self) -> Option<String> {
        Some(self.field::<String>(&["id"])).filter(|id| !id.is_empty())
    }

    fn bytes(&self) -> usize {
        self.field::<f64>(&["send", "bytes"]) as usize
    }

    fn unconfirmed(&self) -> u64 {
        self.field::<f64>(&["send", "log", "length"]) as u64
    }
}

/// What is to be done, in the words of the Rust machine.
fn told<'js>(output: &Object<'js>, machine: &Object<'js>) -> rquickjs::Result<Output<Note, Note>> {
    let carrier = || integer(output, "carrier");
    let text = |name: &str| output.get::<_, String>(name);
    let kind = text("type")?;
    Ok(match kind.as_str() {
        "deliver" => return delivered(output, machine),
        "drop" => Output::Drop(carrier()?),
        "ended" => Output::Ended {
            code: code(&text("code")?).expect("a session ends with a code"),
            reason: Some(text("reason")?).filter(|reason| !reason.is_empty()),
            retry: Some(integer(output, "retry")?).filter(|retry| *retry > 0),
            unconfirmed: integer(&output.get("unconfirmed")?, "length")?,
        },
        "farewell" => match data::body(&text("body")?) {
            (Head::Post(post), mut batch) => match batch.pop() {
                Some(Up::Close(close)) if batch.is_empty() => Output::Farewell(Box::new(post), close),
                last => panic!("no farewell: {batch:?} {last:?}"),
            },
            (head, _) => panic!("no farewell: {head:?}"),
        },
        "lost" => Output::Lost {
            carrier: carrier()?,
            code: code(&text("code")?),
            welcomed: output.get("welcomed")?,
        },
        "moved" => Output::Moved(carrier()?),
        "opened" => Output::Opened { carrier: carrier()?, resumed: output.get("resumed")? },
        "request" => return requested(&output.get("request")?),
        "stream" => Output::Stream(carrier()?, text("ticket")?),
        "suspended" => Output::Suspended,
        "write" => written(carrier()?, &taken(output.get("data")?, machine)?),
        other => panic!("no output of these schedules: {other}"),
    })
}

fn requested(request: &Object<'_>) -> rquickjs::Result<Output<Note, Note>> {
    let (head, batch) = data::body(&request.get::<_, String>("body")?);
    Ok(Output::Request {
        request: integer(request, "id")?,
        carrier: integer(request, "carrier")?,
        purpose: match request.get::<_, String>("kind")?.as_str() {
            "attach" => Purpose::Attach,
            "poll" => Purpose::Poll,
            "post" => Purpose::Post,
            other => panic!("no purpose: {other}"),
        },
        head: Box::new(head),
        batch,
    })
}

fn written(carrier: Carrier, data: &Data) -> Output<Note, Note> {
    match data {
        Data::Text(text) if text.starts_with('A') => match data::head(text) {
            Head::Attach(attach) => Output::WriteAttach(carrier, Box::new(attach)),
            Head::Post(post) => panic!("a post on a WebSocket: {post:?}"),
        },
        data => Output::Write(carrier, data.up()),
    }
}

/// Encoded once more, it must be what was sent.
fn delivered<'js>(output: &Object<'js>, machine: &Object<'js>) -> rquickjs::Result<Output<Note, Note>> {
    let packet: Object<'_> = output.get("packet")?;
    let part = |name| packet.get::<_, Value<'_>>(name);
    let encode: Function<'_> = machine.get("encode")?;
    let data: Value<'_> = encode.call((part("type")?, part("namespace")?, part("id")?, part("body")?))?;
    let note = taken(data, machine)?.note();
    let credited = if note.credited { note.size as u64 } else { 0 };
    assert_eq!(integer(output, "size")?, credited, "the size of {note:?}");
    Ok(if note.volatile { Output::Volatile(note) } else { Output::Deliver(note) })
}

fn call<'js>(session: &Object<'js>, method: &str, arguments: impl IntoArgs<'js>) -> rquickjs::Result<()> {
    let function: Function<'_> = session.get(method)?;
    let mut all = Args::new(session.ctx().clone(), arguments.num_args());
    all.this(session.clone())?;
    arguments.into_args(&mut all)?;
    function.call_arg(all)
}

impl<'js> IntoJs<'js> for Data {
    fn into_js(self, ctx: &Ctx<'js>) -> rquickjs::Result<Value<'js>> {
        match self {
            Self::Binary(bytes) => TypedArray::new(ctx.clone(), bytes)?.into_js(ctx),
            Self::Text(text) => text.into_js(ctx),
        }
    }
}

/// Bytes come as base64, in which the machine writes them on text transports.
fn taken<'js>(data: Value<'js>, machine: &Object<'js>) -> rquickjs::Result<Data> {
    let line: String = machine.get::<_, Function<'_>>("toLine")?.call((data,))?;
    Ok(Data::of_line(&line))
}

fn integer(object: &Object<'_>, name: &str) -> rquickjs::Result<u64> {
    Ok(object.get::<_, f64>(name)? as u64)
}

/// All of them are far below 2^53.
fn number(number: u64) -> f64 {
    number as f64
}

fn time(time: Duration) -> f64 {
    time.as_micros() as f64 / 1_000.0
}

fn name(code: Option<Code>) -> &'static str {
    code.map_or("", Code::as_str)
}

/// It has words of its own for ends that nobody told.
fn code(name: &str) -> Option<Code> {
    name.parse().ok()
}
