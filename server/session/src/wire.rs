//! The objects in the bodies of control packets (protocol.md, sections 4, 9.2 and 10.1).
//!
//! Secrets are kept out of `Debug`.

use std::sync::Arc;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::code::Code;
use crate::mutant::{Mutant, planted};
use crate::packet::MAX_NUMBER;

/// The version that this crate speaks.
pub const VERSION: u64 = 1;

/// A secret or a key: compared in constant time, never shown.
#[derive(Clone)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Wraps what the operating system's randomness gave.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text, to be written to its owner only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The text, for a table that finds its session by it: one for all who keep it.
    pub fn share(&self) -> Arc<str> {
        self.0.clone()
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.0.as_bytes(), other.0.as_bytes());
        a.len() == b.len()
            && std::hint::black_box(a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b))) == 0
            || a.len() == b.len() && planted(Mutant::SecretsByLength)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// `A`: section 4.1.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Attach {
    /// The version of the protocol.
    pub v: u64,
    /// The number of this attach.
    #[serde(deserialize_with = "number")]
    pub attach: u64,
    /// The key of an open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Secret>,
    /// The session to resume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// What proves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// Messages received.
    #[serde(deserialize_with = "number")]
    pub received: u64,
    /// Bytes consumed.
    #[serde(deserialize_with = "number")]
    pub consumed: u64,
    /// The client's receive window.
    #[serde(deserialize_with = "number")]
    pub window: u64,
    /// The number of the first message that follows.
    #[serde(default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// The number of this body.
    #[serde(default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub serial: Option<u64>,
    /// Padding wanted.
    #[serde(default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub pad: Option<u64>,
    /// The ticket that a script will name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
}

/// `P`: section 4.4.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Post {
    /// The session.
    pub session: String,
    /// What proves it.
    pub token: Secret,
    /// Messages received.
    #[serde(deserialize_with = "number")]
    pub received: u64,
    /// Bytes consumed.
    #[serde(deserialize_with = "number")]
    pub consumed: u64,
    /// The number of this body.
    #[serde(default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub serial: Option<u64>,
    /// The number of the first message that follows.
    #[serde(default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// The carrier that is polled.
    #[serde(default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub attach: Option<u64>,
    /// The number of the poll.
    #[serde(default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub poll: Option<u64>,
    /// How long the poll may hang, in milliseconds.
    #[serde(default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub wait: Option<u64>,
}

/// `W`: section 4.3. The short one has only counts.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Welcome {
    /// The number of the first message that follows.
    #[serde(deserialize_with = "number")]
    pub first: u64,
    /// Messages received.
    #[serde(deserialize_with = "number")]
    pub received: u64,
    /// Bytes consumed.
    #[serde(deserialize_with = "number")]
    pub consumed: u64,
    /// What opens the next stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Bytes after which this stream is ended.
    #[serde(default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub stream: Option<u64>,
    /// The rest of the full one.
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Grant>,
}

/// What only the answer to an attach says.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Grant {
    /// The id.
    pub session: String,
    /// The token to use from now on.
    pub token: Secret,
    /// The attach that was accepted.
    #[serde(deserialize_with = "number")]
    pub attach: u64,
    /// Heartbeat interval in milliseconds.
    #[serde(deserialize_with = "number")]
    pub ping: u64,
    /// Heartbeat time-out in milliseconds.
    #[serde(deserialize_with = "number")]
    pub timeout: u64,
    /// Grace time in milliseconds.
    #[serde(deserialize_with = "number")]
    pub grace: u64,
    /// The server's receive window.
    #[serde(deserialize_with = "number")]
    pub window: u64,
    /// The largest message.
    #[serde(deserialize_with = "number")]
    pub max: u64,
    /// Acks that may be pending.
    #[serde(deserialize_with = "number")]
    pub acks: u64,
}

/// `z`: section 9.2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Close {
    /// Why; a string, since later versions may know more codes.
    pub code: String,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many messages the sender has sent in all.
    #[serde(rename = "final", deserialize_with = "number")]
    pub last: u64,
    /// Milliseconds before which the client should not come back.
    #[serde(default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub retry: Option<u64>,
}

/// `r` and the body of an HTTP refusal: section 10.1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Refusal {
    /// The code.
    pub error: String,
    /// In words.
    pub message: String,
    /// What the client does next: [`Code::then`]. Who knows the codes need not read it.
    #[serde(skip_deserializing)]
    pub then: &'static str,
    /// For `gap`: the number of the message that is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<u64>,
}

impl Refusal {
    /// The refusal for a code, with the code's own words.
    pub fn new(code: Code, expected: Option<u64>) -> Self {
        Self {
            error: code.as_str().to_owned(),
            message: code.message().to_owned(),
            then: code.then(),
            expected,
        }
    }
}

/// A number that every implementation can hold. It also leaves room to add such numbers up.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(deserializer)?;
    if number > MAX_NUMBER { Err(Error::custom("a number beyond 2^53-1")) } else { Ok(number) }
}

fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Number(#[serde(deserialize_with = "number")] u64);

    Ok(Option::<Number>::deserialize(deserializer)?.map(|Number(number)| number))
}
