//! `streaming` (protocol.md, section 12.4): the answer to the attach stays open.

use bytes::Bytes;
use everwire_session::code::Code;
use everwire_session::server::Shape;
use http::Response;
use http_body::Body as HttpBody;

use super::answers::{Body, TEXT, Wrap, begun, streamed};
use super::http::answer::Refusal;
use super::http::body::Kind;
use super::service::Call;
use super::up;
use crate::config::Transport;
use crate::dialect::native::Head;
use crate::engine::exchange::Exchange;

/// The most padding that a client may ask for.
const MAX_PAD: u64 = 4096;

pub(crate) async fn post<B>(call: Call<B>) -> Result<Response<Body>, Refusal>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
{
    let (call, bytes) = up::read(call, Kind::Text).await?;
    let (Head::Attach(head), batch) = up::parse(&call.engine, &bytes)? else {
        return Err(Code::BadPacket.into());
    };
    let pad = padding(head.pad.unwrap_or(0));
    let exchange = Exchange::new(call.engine.pipe(), false);
    let caller = up::attach(&call, &head, batch, Transport::Streaming, Shape::Stream, exchange)?;
    begun(&caller).await?;
    Ok(streamed(TEXT, Body::stream(caller, Wrap::Lines, pad)))
}

/// A line of spaces.
fn padding(bytes: u64) -> Bytes {
    match bytes.min(MAX_PAD) as usize {
        0 => Bytes::new(),
        bytes => (" ".repeat(bytes) + "\n").into(),
    }
}
