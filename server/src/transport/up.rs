//! What the HTTP transports share on the way up: read a body, hand it to its session.

use std::sync::Arc;

use bytes::Bytes;
use everwire_session::code::Code;
use everwire_session::server::{How, Shape};
use everwire_session::wire::{Attach, Post, Secret};
use http_body::Body as HttpBody;

use super::http::answer::Refusal;
use super::http::body::{Kind, Limits, collect};
use super::service::{Call, request_info};
use crate::config::Transport;
use crate::dialect::native::{self, Batch, Body, Head, MAX_HEAD};
use crate::engine::Engine;
use crate::engine::exchange::{Caller, Exchange};
use crate::engine::live::Job;

/// Bytes for line ends and what else is not counted.
const ROOM: usize = 64 << 10;

/// Reads a body of text and takes it apart.
pub(crate) async fn read<B>(call: Call<B>, kind: Kind) -> Result<(Call<()>, Bytes), Refusal>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
{
    let Call { engine, parts, body } = call;
    // Base64 is a third longer than what it carries, a form three times if every byte is escaped.
    let text = engine.config.max_payload / 3 * 4 + MAX_HEAD + ROOM;
    let bytes = if kind == Kind::Form { text * 3 } else { text };
    let limits = Limits { bytes, time: engine.config.body, room: &engine.bodies };
    let bytes = collect(&parts.headers, body, kind, limits).await?;
    Ok((Call { engine, parts, body: () }, bytes))
}

/// Parses a body that begins with `A` or `P`.
pub(crate) fn parse(engine: &Engine, bytes: &Bytes) -> Result<(Head, Batch), Refusal> {
    if native::weight(bytes) > engine.config.max_payload {
        return Err(Code::TooLarge.into());
    }
    let Body { head, batch } = native::body(bytes, engine.config.packets_per_body)?;
    Ok((head, batch))
}

/// Hands an attach to its session, new or not.
pub(crate) fn attach(
    call: &Call<()>,
    head: &Attach,
    batch: Batch,
    transport: Transport,
    shape: Shape,
    exchange: Arc<Exchange>,
) -> Result<Caller, Refusal> {
    let job = match batch {
        Ok(batch) => Job::Attach { exchange: exchange.clone(), transport, shape, head: head.clone(), batch },
        // Nothing of a malformed body is applied, so a malformed open makes no session.
        Err(bad) if head.key.is_some() => return Err(bad.code.into()),
        Err(bad) => {
            let proof = head.session.as_deref().zip(head.token.clone());
            return bad_line(&call.engine, proof, exchange, &bad);
        }
    };
    let live = call.engine.attach(head, || request_info(&call.parts), job).map_err(|(code, _)| code)?;
    Ok(Caller::new(exchange, live))
}

/// Hands a post or a poll to its session.
pub(crate) fn post(
    engine: &Engine,
    head: Post,
    batch: Batch,
    how: How,
    exchange: Arc<Exchange>,
) -> Result<Caller, Refusal> {
    let batch = match batch {
        Ok(batch) => batch,
        Err(bad) => return bad_line(engine, Some((&head.session, head.token)), exchange, &bad),
    };
    let live = engine.find(&head.session).ok_or(Code::UnknownSession)?;
    live.submit(Job::Post { exchange: exchange.clone(), head, batch, how });
    Ok(Caller::new(exchange, live))
}

fn bad_line(
    engine: &Engine,
    proof: Option<(&str, Secret)>,
    exchange: Arc<Exchange>,
    bad: &native::BadLine,
) -> Result<Caller, Refusal> {
    let (id, token) = proof.ok_or(Code::UnknownSession)?;
    let live = engine.find(id).ok_or(Code::UnknownSession)?;
    live.submit(Job::Malformed {
        exchange: exchange.clone(),
        token,
        code: bad.code,
        first: bad.first,
        before: bad.before,
    });
    Ok(Caller::new(exchange, live))
}
