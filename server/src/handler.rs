//! Handlers: async functions whose arguments are extractors and whose return value can be the answer.

use std::any::TypeId;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use crate::error::{EmitError, Refusal};
use crate::extract::{Context, Data, FromEvent, Rejection};
use everwire_session::payload::{IntoArgs, Payload};

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What a handler is, its types forgotten.
pub(crate) trait Function<R>: Send + Sync {
    fn call(&self, event: &Context) -> BoxFuture<R>;

    /// Two of one kind that capture nothing are the same.
    fn kind(&self) -> TypeId;
}

impl<R, F: Fn(&Context) -> BoxFuture<R> + Send + Sync + 'static> Function<R> for F {
    fn call(&self, event: &Context) -> BoxFuture<R> {
        self(event)
    }

    fn kind(&self) -> TypeId {
        TypeId::of::<F>()
    }
}

/// A handler whose types are forgotten.
pub(crate) enum Erased<R: 'static> {
    /// One that captures nothing. It takes no memory, and there is nothing to count: most handlers are such, and each socket has its own.
    Bare(&'static dyn Function<R>),
    Shared(Arc<dyn Function<R>>),
}

impl<R> Erased<R> {
    fn new<F: Fn(&Context) -> BoxFuture<R> + Send + Sync + 'static>(function: F) -> Self {
        if size_of::<F>() == 0 && !std::mem::needs_drop::<F>() {
            // What has no size is not allocated.
            Self::Bare(Box::leak(Box::new(function)))
        } else {
            Self::Shared(Arc::new(function))
        }
    }

    pub(crate) fn call(&self, event: &Context) -> BoxFuture<R> {
        match self {
            Self::Bare(function) => function.call(event),
            Self::Shared(function) => function.call(event),
        }
    }
}

impl<R> PartialEq for Erased<R> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bare(one), Self::Bare(other)) => one.kind() == other.kind(),
            (Self::Shared(one), Self::Shared(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl<R> Clone for Erased<R> {
    fn clone(&self) -> Self {
        match self {
            Self::Bare(function) => Self::Bare(*function),
            Self::Shared(function) => Self::Shared(function.clone()),
        }
    }
}

/// An async function or closure of up to eight extractors.
///
/// Nothing but `Fn(extractors…) -> impl Future` implements it. The future must be `Send`.
///
/// ```
/// use everwire::{Data, Everwire, Socket};
///
/// async fn shout(socket: Socket, Data(text): Data<String>) -> String {
///     socket.broadcast().emit("shouted", &text).await;
///     text.to_uppercase()
/// }
///
/// let wire = Everwire::new();
/// wire.on_connect(|socket: Socket| async move {
///     socket.on("shout", shout);
///     socket.on("double", |Data(number): Data<i64>| async move { number * 2 });
/// });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler",
    label = "not a handler",
    note = "a handler is an async function or closure; each of its arguments (eight at most) is an extractor: `Socket`, `Data<T>`, \
            `Payload`, `Ack`, `State<T>`, `Namespace`, `Handshake`, `EventName`, `Disconnect`",
    note = "annotate the arguments of a closure: `|socket: Socket, Data(text): Data<String>| async move {{ … }}`"
)]
pub trait Handler<A>: Send + Sync + 'static {
    /// What it returns when called.
    type Future: Future + Send + 'static;

    /// Takes the arguments out of an event and calls it.
    ///
    /// # Errors
    /// When an extractor refuses the event.
    fn call(&self, event: &Context) -> Result<Self::Future, Rejection>;
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

            fn call(&self, event: &Context) -> Result<U, Rejection> {
                let _ = event;
                Ok(self($($arg::from_event(event)?),*))
            }
        }
    )*};
}

handlers! {
    () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E G) (A B C D E G H) (A B C D E G H I)
}

/// Forgets the types of a handler of events.
pub(crate) fn erase<A, H>(handler: H) -> Erased<Answer>
where
    A: 'static,
    H: Handler<A>,
    <H::Future as Future>::Output: IntoAck,
{
    Erased::new(move |event: &Context| match handler.call(event) {
        Ok(future) => Box::pin(async move { future.await.into_ack() }) as BoxFuture<Answer>,
        Err(rejection) => Box::pin(std::future::ready(rejection.into())),
    })
}

/// Forgets the types of a middleware.
pub(crate) fn erase_middleware<A, H>(handler: H) -> Erased<Result<(), Refusal>>
where
    A: 'static,
    H: Handler<A>,
    <H::Future as Future>::Output: IntoAdmission,
{
    Erased::new(move |event: &Context| match handler.call(event) {
        Ok(future) => Box::pin(async move { future.await.into_admission() }) as BoxFuture<_>,
        Err(rejection) => Box::pin(std::future::ready(Err(Refusal::new(rejection.message)))),
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
    NoHandler,
    Values(Payload),
}

impl Answer {
    pub(crate) const DONE: Self = Self(Outcome::Done);

    pub(crate) fn failed(error: impl Display) -> Self {
        Self(Outcome::Failed { code: "handler_error", message: error.to_string() })
    }

    /// The values of an ack.
    ///
    /// ```
    /// use everwire::{Answer, IntoAck};
    /// struct Pair(i64, i64);
    /// impl IntoAck for Pair {
    ///     fn into_ack(self) -> Answer {
    ///         Answer::values((self.0, self.1))
    ///     }
    /// }
    /// ```
    pub fn values(args: impl IntoArgs) -> Self {
        match args.into_payload() {
            Ok(payload) => Self(Outcome::Values(payload)),
            Err(error) => Self::failed(EmitError::from(error)),
        }
    }
}

impl From<Rejection> for Answer {
    fn from(rejection: Rejection) -> Self {
        Self(Outcome::Failed { code: rejection.code, message: rejection.message })
    }
}

/// What a handler may return: its answer, if the client asked for one.
///
/// - `()` answers without values, unless the handler took the [`Ack`](crate::Ack) to answer itself;
/// - numbers, strings, lists, maps, tuples (all the values), [`Payload`]: the values of the ack. Any other type that serializes is wrapped: `Data(value)`;
/// - `Err(error)` of a `Result` whose error can be displayed: the client gets the error `handler_error` with that message, asked or not.
///
/// ```
/// # use everwire::{Data, Everwire, Socket};
/// # let wire = Everwire::new();
/// #[derive(serde::Serialize)]
/// struct Seat {
///     row: u32,
/// }
/// # wire.on_connect(|socket: Socket| async move {
/// socket.on("seat", |Data(row): Data<u32>| async move {
///     if row > 40 { Err("there is no such row") } else { Ok(Data(Seat { row })) }
/// });
/// # });
/// ```
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
        Answer::DONE
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
    {} bool; {} char; {} i8; {} i16; {} i32; {} i64; {} i128; {} isize;
    {} u8; {} u16; {} u32; {} u64; {} u128; {} usize; {} f32; {} f64;
    {} &'static str; {} String; {} Cow<'static, str>; {} Bytes; {} Payload;
    {} serde_json::Value; {} Box<serde_json::value::RawValue>;
    {T: Serialize} Option<T>; {T: Serialize} Vec<T>; {T: Serialize} Box<[T]>;
    {K: Serialize, V: Serialize} BTreeMap<K, V>; {K: Serialize, V: Serialize, S} HashMap<K, V, S>;
    {A: Serialize} (A,); {A: Serialize, B: Serialize} (A, B); {A: Serialize, B: Serialize, C: Serialize} (A, B, C);
    {A: Serialize, B: Serialize, C: Serialize, D: Serialize} (A, B, C, D);
}

/// What a middleware may return: `()` lets pass, `Err` of a `Result` refuses. Anything that can be displayed is a [`Refusal`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned by a middleware",
    note = "return `()`, or `Result<(), E>` with an `E` that can be displayed or is a `Refusal`"
)]
pub trait IntoAdmission {
    /// Says whether to pass.
    ///
    /// # Errors
    /// The reason why not.
    fn into_admission(self) -> Result<(), Refusal>;
}

impl IntoAdmission for () {
    fn into_admission(self) -> Result<(), Refusal> {
        Ok(())
    }
}

impl<E: Into<Refusal>> IntoAdmission for Result<(), E> {
    fn into_admission(self) -> Result<(), Refusal> {
        self.map_err(Into::into)
    }
}
