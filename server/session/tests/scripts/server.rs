//! Drives the server's machine.

use std::time::Duration;

use everwire_session::packet::Kind;
use everwire_session::server::{Config, How, Input, Output, Session, Shape};
use everwire_session::wire::Secret;
use serde_json::{Value, json};

use super::{Player, Text, line, number, parse, read, string, up};

pub(crate) struct Server(Session<Text, Text>);

impl Server {
    pub(crate) fn new(config: &Value) -> Self {
        let settings = Config {
            ping: millis(config, "ping"),
            timeout: millis(config, "timeout"),
            grace: millis(config, "grace"),
            window: number(config, "window"),
            max: number(config, "max"),
            ..Config::default()
        };
        let (key, token) = (Secret::new(string(config, "key")), Secret::new(string(config, "token")));
        let (id, queue) = (string(config, "session").to_owned(), number(config, "queue") as usize);
        Self(Session::new(settings, id, key, token, Duration::ZERO, queue))
    }
}

fn millis(config: &Value, key: &str) -> Duration {
    Duration::from_millis(number(config, key))
}

fn lines(value: &Value) -> Vec<&str> {
    value["body"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect()
}

impl Player for Server {
    fn take(&mut self, now: Duration, name: &str, value: &Value) {
        let pipe = || number(value, "pipe");
        let input = match name {
            "emit" => {
                self.0.emit(now, Text::new(value.as_str().unwrap()));
                return;
            }
            "volatile" => {
                let text = Text::new(value.as_str().unwrap());
                return self.0.machine.volatile(&mut self.0.send, now, [text]);
            }
            "attach" => {
                let body = lines(value);
                let shape = match string(value, "shape") {
                    "duplex" => Shape::Duplex,
                    "poll" => Shape::Poll,
                    "stream" => Shape::Stream,
                    _ => Shape::Ticketed,
                };
                Input::Attach {
                    pipe: pipe(),
                    shape,
                    head: read(parse(body[0]).body),
                    batch: body[1..].iter().map(|line| up(line)).collect(),
                    fresh: Secret::new(string(value, "fresh")),
                }
            }
            "post" => {
                let body = lines(value);
                assert_eq!(parse(body[0]).kind, Kind::Post);
                let batch = body[1..].iter().map(|line| up(line)).collect();
                Input::Post { pipe: pipe(), head: read(parse(body[0]).body), batch, how: How::Readable }
            }
            "packet" => Input::Packet { pipe: pipe(), up: up(string(value, "data")) },
            "gone" => Input::Gone { pipe: pipe() },
            "stream" => Input::Stream { pipe: pipe(), attach: number(value, "attach") },
            "malformed" => Input::Malformed {
                pipe: pipe(),
                code: string(value, "code").parse().unwrap(),
                first: value["first"].as_u64(),
                before: value["before"].as_u64().unwrap_or(0),
            },
            "consumed" => Input::Consumed(value.as_u64().unwrap()),
            "close" => {
                let code = value.as_str().unwrap().parse().unwrap();
                Input::Close { code, reason: None, retry: None }
            }
            "kill" => Input::Kill { code: value.as_str().unwrap().parse().unwrap() },
            "timeout" => Input::Timeout,
            other => panic!("no such input: {other}"),
        };
        self.0.handle(now, input);
    }

    fn outputs(&mut self, now: Duration) -> Vec<Value> {
        std::iter::from_fn(|| self.0.poll_output(now)).map(told).collect()
    }
}

fn told(output: Output<Text, Text>) -> Value {
    let write = |pipe: u64, data: String| json!({ "write": { "pipe": pipe, "data": data } });
    match output {
        Output::Attached { pipe, resumed } => json!({ "attached": { "pipe": pipe, "resumed": resumed } }),
        Output::Close(pipe, close) => write(pipe, line('z', &close)),
        Output::Counts(pipe, received, consumed) => write(pipe, format!("n{received},{consumed}")),
        Output::Deliver(text) => json!({ "deliver": text.text }),
        Output::End(pipe) => json!({ "end": { "pipe": pipe } }),
        Output::Ended { code, unconfirmed, .. } => {
            json!({ "ended": { "code": code.as_str(), "unconfirmed": unconfirmed } })
        }
        Output::Heartbeat(pipe) => write(pipe, "h".to_owned()),
        Output::Message(pipe, text) => write(pipe, text.text),
        Output::Refuse(pipe, code, None) => json!({ "refuse": { "pipe": pipe, "code": code.as_str() } }),
        Output::Refuse(pipe, code, Some(expected)) => {
            json!({ "refuse": { "pipe": pipe, "code": code.as_str(), "expected": expected } })
        }
        Output::Suspended => json!({ "suspended": true }),
        Output::Volatile(text) => {
            assert!(text.is_volatile());
            json!({ "deliver": text.text })
        }
        Output::Welcome(pipe, welcome) => write(pipe, line('W', &welcome)),
    }
}
