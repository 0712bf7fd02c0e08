//! Drives the client's machine.

use std::time::Duration;

use everwire_session::client::{Config, Down, Head, Input, Kind, Output, Pipe, Purpose, Session};
use everwire_session::code::Code;
use everwire_session::packet::{self, Packet};
use everwire_session::wire::{Refusal, Secret};
use serde_json::{Value, json};

use super::{Player, Text, line, number, parse, read, string, up_line};

pub(crate) struct Client(Session<Text, Text>);

impl Client {
    pub(crate) fn new(config: &Value) -> Self {
        let settings = Config { window: number(config, "window"), ..Config::default() };
        Self(Session::new(settings, Secret::new(string(config, "key"))))
    }
}

fn code(text: &str) -> Option<Code> {
    text.parse().ok()
}

fn down(text: &str) -> Down<Text> {
    let packet = match Packet::parse(text) {
        Ok(packet) => packet,
        Err(malformed) => return Down::Malformed(malformed.code()),
    };
    match packet.kind {
        packet::Kind::Close => Down::Close(read(packet.body)),
        packet::Kind::Counts => {
            let (received, consumed) = packet.counts().unwrap();
            Down::Counts(received, consumed)
        }
        packet::Kind::Heartbeat => Down::Heartbeat,
        packet::Kind::Refusal => Down::Refusal(code(&read::<Refusal>(packet.body).error).unwrap()),
        packet::Kind::Volatile => Down::Volatile(Text::new(text)),
        packet::Kind::Welcome => Down::Welcome(Box::new(read(packet.body))),
        packet::Kind::Attach | packet::Kind::Post => Down::Malformed(Code::BadPacket),
        _ => Down::Message(Text::new(text)),
    }
}

fn head_line(head: &Head) -> String {
    match head {
        Head::Attach(attach) => line('A', attach),
        Head::Post(post) => line('P', post),
    }
}

impl Player for Client {
    fn take(&mut self, now: Duration, name: &str, value: &Value) {
        let carrier = || number(value, "carrier");
        let request = || number(value, "request");
        let input = match name {
            "emit" => {
                let text = value.as_str().unwrap();
                parse(text);
                self.0.emit(Text::new(text)).unwrap();
                return;
            }
            "volatile" => return self.0.volatile(Text::new(value.as_str().unwrap())),
            "attach" => {
                let kind = match string(value, "kind") {
                    "duplex" => Kind::Duplex,
                    "poll" => Kind::Poll,
                    _ => Kind::Stream,
                };
                Input::Attach(carrier(), kind, Duration::from_millis(number(value, "patience")))
            }
            "packet" | "line" => Input::Packet(Pipe::Carrier(carrier()), down(string(value, "data"))),
            "answer" => Input::Packet(Pipe::Request(request()), down(string(value, "line"))),
            "answered" => Input::Answered(request()),
            "failed" => Input::Failed(request(), code(string(value, "code"))),
            "lost" => Input::Lost(carrier(), code(string(value, "code"))),
            "consumed" => Input::Consumed(value.as_u64().unwrap()),
            "close" => Input::Close(code(value.as_str().unwrap()).unwrap()),
            "rest" => Input::Rest(Duration::from_millis(value.as_u64().unwrap())),
            "timeout" => Input::Timeout,
            other => panic!("no such input: {other}"),
        };
        self.0.handle(now, input);
    }

    fn outputs(&mut self, now: Duration) -> Vec<Value> {
        std::iter::from_fn(|| self.0.poll_output(now)).map(|output| told(&output)).collect()
    }
}

fn told(output: &Output<Text, Text>) -> Value {
    let name = |code: &Option<Code>| code.map_or("", Code::as_str);
    match output {
        Output::Deliver(text) | Output::Volatile(text) => json!({ "deliver": text.text }),
        Output::Drop(carrier) => json!({ "drop": { "carrier": carrier } }),
        Output::Ended { code, reason, retry, unconfirmed } => json!({ "ended": {
            "code": code.as_str(), "reason": reason.as_deref().unwrap_or(""), "retry": retry.unwrap_or(0), "unconfirmed": unconfirmed,
        } }),
        Output::Farewell(post, close) => json!({ "farewell": [line('P', post), line('z', close)] }),
        Output::Lost { carrier, code, welcomed } => {
            json!({ "lost": { "carrier": carrier, "code": name(code), "welcomed": welcomed } })
        }
        Output::Moved(carrier) => json!({ "moved": { "carrier": carrier } }),
        Output::Opened { carrier, resumed } => {
            json!({ "opened": { "carrier": carrier, "resumed": resumed } })
        }
        Output::Request { request, carrier, purpose, head, batch } => {
            let kind = match purpose {
                Purpose::Attach => "attach",
                Purpose::Poll => "poll",
                Purpose::Post => "post",
            };
            let body: Vec<_> = std::iter::once(head_line(head)).chain(batch.iter().map(up_line)).collect();
            json!({ "request": { "request": request, "carrier": carrier, "kind": kind, "body": body } })
        }
        Output::Stream(carrier, ticket) => json!({ "stream": { "carrier": carrier, "ticket": ticket } }),
        Output::Suspended => json!({ "suspended": true }),
        Output::Write(carrier, up) => json!({ "write": { "carrier": carrier, "data": up_line(up) } }),
        Output::WriteAttach(carrier, head) => {
            json!({ "write": { "carrier": carrier, "data": line('A', head) } })
        }
    }
}
