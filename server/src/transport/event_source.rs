//! `event_source` (protocol.md, section 12.3): a POST opens, the stream is asked for with a ticket.

use bytes::Bytes;
use everwire_session::code::Code;
use everwire_session::server::Shape;
use http::{Response, StatusCode};
use http_body::Body as HttpBody;

use super::answers::{Body, Wrap, streamed};
use super::http::answer::{self, Refusal};
use super::http::body::Kind;
use super::service::{Call, query};
use super::up;
use crate::config::Transport;
use crate::dialect::native::Head;
use crate::engine::Engine;
use crate::engine::exchange::{Caller, Exchange};
use crate::engine::live::Job;

pub(crate) async fn open<B>(call: Call<B>) -> Result<Caller, Refusal>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
{
    open_ticketed(call, Transport::EventSource).await
}

/// The POST that opens a stream which will be asked for by URL.
pub(crate) async fn open_ticketed<B>(call: Call<B>, transport: Transport) -> Result<Caller, Refusal>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
{
    let (call, bytes) = up::read(call, Kind::Text).await?;
    let (Head::Attach(head), batch) = up::parse(&call.engine, &bytes)? else {
        return Err(Code::BadPacket.into());
    };
    let exchange = Exchange::new(call.engine.pipe(), true);
    up::attach(&call, &head, batch, transport, Shape::Ticketed, exchange)
}

/// The stream. 204 stops engines that would ask again with a spent ticket for ever.
pub(crate) fn stream(call: &Call<()>) -> Response<Body> {
    match query(&call.parts, "ticket").and_then(|ticket| redeem(&call.engine, &ticket)) {
        Some(caller) => streamed("text/event-stream", Body::stream(caller, Wrap::Events, Bytes::new())),
        None => {
            call.engine.hub.refused(Code::Stale);
            let mut response = answer::answer(StatusCode::NO_CONTENT, "text/event-stream", Bytes::new());
            response.headers_mut().remove(http::header::CONTENT_TYPE);
            response.map(Body::full)
        }
    }
}

/// Trades a ticket for the stream of its carrier.
pub(crate) fn redeem(engine: &Engine, ticket: &str) -> Option<Caller> {
    let ticket = engine.redeem(ticket)?;
    let exchange = Exchange::new(engine.pipe(), false);
    ticket.live.submit(Job::Stream { exchange: exchange.clone(), attach: ticket.attach });
    Some(Caller::new(exchange, ticket.live))
}
