//! Handlers: async functions whose arguments are extractors and whose return value is the answer, as on the server.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use everwire_session::payload::{IntoArgs, Payload};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::socket::Socket;

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A handler whose types are forgotten.
pub(crate) type Erased = Arc<dyn Fn(&Event) -> BoxFuture<Answer> + Send + Sync>;

/// An event that is being handled: what extractors take from.
#[derive(Clone)]
pub struct Event {
    pub(crate) socket: Socket,
    pub(crate) name: Arc<str>,
    pub(crate) args: Payload,
}

impl Event {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its arguments.
    pub fn args(&self) -> &Payload {
        &self.args
    }
}

/// What a handler can take as an argument: [`Socket`], [`Data`], [`Payload`], [`EventName`], [`Event`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be taken by a handler",
    note = "take the arguments of an event as `Data<T>`, where `T` is `serde::de::DeserializeOwned`"
)]
pub trait FromEvent: Sized {
    /// Takes it.
    ///
    /// # Errors
    /// Says why it cannot be taken: the server gets the error `bad_data`.
    fn from_event(event: &Event) -> Result<Self, String>;
}

/// The arguments of an event: a tuple takes all of them, anything else the first. As a return value: the values of the ack,
/// by the rule of [`IntoArgs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data<T>(pub T);

/// The name of the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventName(pub Arc<str>);

impl<T: DeserializeOwned> FromEvent for Data<T> {
    fn from_event(event: &Event) -> Result<Self, String> {
        event.args.read().map(Self).map_err(|error| error.to_string())
    }
}

impl FromEvent for Event {
    fn from_event(event: &Event) -> Result<Self, String> {
        Ok(event.clone())
    }
}

impl FromEvent for EventName {
    fn from_event(event: &Event) -> Result<Self, String> {
        Ok(Self(event.name.clone()))
    }
}

impl FromEvent for Payload {
    fn from_event(event: &Event) -> Result<Self, String> {
        Ok(event.args.clone())
    }
}

impl FromEvent for Socket {
    fn from_event(event: &Event) -> Result<Self, String> {
        Ok(event.socket.clone())
    }
}

/// An async function or closure of up to four extractors.
///
/// ```no_run
/// use everwire_client::{Data, Socket, connect};
///
/// let socket = connect("http://127.0.0.1:3000/everwire")
///     .on("double", |Data(number): Data<i64>| async move { number * 2 })
///     .on("greet", |socket: Socket, Data((name, _)): Data<(String, u8)>| async move {
///         socket.emit("greeted", name)
///     })
///     .open();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler",
    label = "not a handler",
    note = "a handler is an async function or closure; each of its arguments (four at most) is an extractor: `Socket`, `Data<T>`, \
            `Payload`, `EventName`, `Event`",
    note = "annotate the arguments of a closure: `|socket: Socket, Data(text): Data<String>| async move {{ … }}`"
)]
pub trait Handler<A>: Send + Sync + 'static {
    /// What it returns when called.
    type Future: Future + Send + 'static;

    /// Takes the arguments out of an event and calls it.
    ///
    /// # Errors
    /// When an extractor refuses the event.
    fn call(&self, event: &Event) -> Result<Self::Future, String>;
}

macro_rules! handlers {
    ($(($($arg:ident)*))*) => {$(
        impl<F, U, $($arg),*> Handler<($($arg,)*)> for F
        where
            F: Fn($($arg),*) -> U + Send + Sync + 'static,
            U: Future + Send + 'static,
            $($arg: FromEvent,)*
        {
            type Future = U;

            fn call(&self, event: &Event) -> Result<U, String> {
                let _ = event;
                Ok(self($($arg::from_event(event)?),*))
            }
        }
    )*};
}

handlers! { () (A) (A B) (A B C) (A B C D) }

/// Forgets the types of a handler.
pub(crate) fn erase<A, H>(handler: H) -> Erased
where
    A: 'static,
    H: Handler<A>,
    <H::Future as Future>::Output: IntoAck,
{
    Arc::new(move |event| match handler.call(event) {
        Ok(future) => Box::pin(async move { future.await.into_ack() }),
        Err(message) => Box::pin(std::future::ready(Answer(Outcome::Failed { code: "bad_data", message }))),
    })
}

/// What a handler answers.
#[derive(Debug)]
pub struct Answer(pub(crate) Outcome);

#[derive(Debug)]
pub(crate) enum Outcome {
    /// It has run, and says no more than that.
    Done,
    Failed {
        code: &'static str,
        message: String,
    },
    Values(Payload),
}

impl Answer {
    /// The values of an ack, by the rule of [`IntoArgs`].
    pub fn values(args: impl IntoArgs) -> Self {
        args.into_payload().map_or_else(Self::failed, |payload| Self(Outcome::Values(payload)))
    }

    fn failed(error: impl Display) -> Self {
        Self(Outcome::Failed { code: "handler_error", message: error.to_string() })
    }
}

/// What a handler may return: its answer, if the server asked for one.
///
/// - `()` answers without values;
/// - numbers, strings, lists, maps, tuples (all the values), [`Payload`]: the values of the ack. Any other type that serializes is wrapped: `Data(value)`;
/// - `Err(error)` of a `Result` whose error can be displayed: the server gets the error `handler_error` with that message, asked or not.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the answer of a handler",
    label = "not an answer",
    note = "wrap a value of your own type, which must be `serde::Serialize`, as `Data(value)`",
    note = "the error of a `Result` must be `std::fmt::Display`"
)]
pub trait IntoAck {
    /// Makes the answer.
    fn into_ack(self) -> Answer;
}

impl IntoAck for () {
    fn into_ack(self) -> Answer {
        Answer(Outcome::Done)
    }
}

impl IntoAck for Answer {
    fn into_ack(self) -> Answer {
        self
    }
}

impl<T: IntoAck, E: Display> IntoAck for Result<T, E> {
    fn into_ack(self) -> Answer {
        self.map_or_else(Answer::failed, IntoAck::into_ack)
    }
}

impl<T: Serialize> IntoAck for Data<T> {
    fn into_ack(self) -> Answer {
        Answer::values(self.0)
    }
}

macro_rules! values {
    ($({$($generics:tt)*} $type:ty;)*) => {$(
        impl<$($generics)*> IntoAck for $type {
            fn into_ack(self) -> Answer {
                Answer::values(self)
            }
        }
    )*};
}

values! {
    {} bool; {} i8; {} i16; {} i32; {} i64; {} isize;
    {} u8; {} u16; {} u32; {} u64; {} usize; {} f32; {} f64;
    {} &'static str; {} String; {} Cow<'static, str>; {} Bytes; {} Payload; {} serde_json::Value;
    {T: Serialize} Option<T>; {T: Serialize} Vec<T>;
    {K: Serialize, V: Serialize} BTreeMap<K, V>; {K: Serialize, V: Serialize, S} HashMap<K, V, S>;
    {A: Serialize} (A,); {A: Serialize, B: Serialize} (A, B); {A: Serialize, B: Serialize, C: Serialize} (A, B, C);
}
