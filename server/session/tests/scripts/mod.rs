//! Session scripts: what goes into a machine, step by step, and what must come out.

pub(crate) mod client;
pub(crate) mod server;

use std::time::Duration;

use everwire_session::Message;
use everwire_session::packet::{Kind, Packet};
use everwire_session::server::Up;
use everwire_session::wire::Close;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// One file holds several of these.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    pub(crate) section: String,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) config: Value,
    pub(crate) steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    at: u64,
    r#in: Map<String, Value>,
    out: Vec<Value>,
}

/// Something that a script can drive.
pub(crate) trait Player {
    fn take(&mut self, now: Duration, name: &str, input: &Value);
    fn outputs(&mut self, now: Duration) -> Vec<Value>;
}

/// What came out at each step, if that is not what the script says.
pub(crate) fn play(script: &Script, player: &mut dyn Player) -> Option<Vec<Vec<Value>>> {
    let mut all = Vec::new();
    for step in &script.steps {
        let now = Duration::from_millis(step.at);
        for (name, input) in &step.r#in {
            player.take(now, name, input);
        }
        all.push(player.outputs(now).into_iter().map(plain).collect::<Vec<_>>());
    }
    let wanted = script.steps.iter().map(|step| step.out.iter().cloned().map(plain).collect::<Vec<_>>());
    (!wanted.eq(all.iter().cloned())).then_some(all)
}

/// Packets with an object as body are compared by that, not by how it is written.
fn plain(value: Value) -> Value {
    match value {
        Value::String(text) if text.len() > 1 && "APWzr".contains(&text[..1]) => {
            serde_json::from_str(&text[1..])
                .map_or(Value::String(text.clone()), |body: Value| json!([text[..1], body]))
        }
        Value::Array(values) => values.into_iter().map(plain).collect(),
        Value::Object(values) => values.into_iter().map(|(key, value)| (key, plain(value))).collect(),
        other => other,
    }
}

/// A message as its text.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) text: String,
    kind: Kind,
}

impl Text {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), kind: parse(text).kind }
    }

    pub(crate) fn is_volatile(&self) -> bool {
        self.kind == Kind::Volatile
    }
}

impl Message for Text {
    fn size(&self) -> usize {
        self.text.len()
    }

    fn is_credited(&self) -> bool {
        self.kind.is_credited()
    }

    fn is_connect(&self) -> bool {
        self.kind == Kind::Connect
    }
}

pub(crate) fn parse(text: &str) -> Packet<'_> {
    Packet::parse(text).unwrap_or_else(|malformed| panic!("{text}: {malformed}"))
}

pub(crate) fn read<T: DeserializeOwned>(body: &str) -> T {
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{body}: {error}"))
}

pub(crate) fn line(letter: char, body: &impl serde::Serialize) -> String {
    format!("{letter}{}", serde_json::to_string(body).unwrap())
}

/// A packet behind the head of a body, or on a WebSocket.
pub(crate) fn up(text: &str) -> Up<Text> {
    let packet = parse(text);
    match packet.kind {
        Kind::Close => Up::Close(read::<Close>(packet.body)),
        Kind::Counts => {
            let (received, consumed) = packet.counts().unwrap();
            Up::Counts(received, consumed)
        }
        Kind::Volatile => Up::Volatile(Text::new(text)),
        _ => Up::Message(Text::new(text)),
    }
}

pub(crate) fn up_line(up: &Up<Text>) -> String {
    match up {
        Up::Close(close) => line('z', close),
        Up::Counts(received, consumed) => format!("n{received},{consumed}"),
        Up::Message(text) | Up::Volatile(text) => text.text.clone(),
    }
}

pub(crate) fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_else(|| panic!("{key} of {value}"))
}

pub(crate) fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} of {value}"))
}
