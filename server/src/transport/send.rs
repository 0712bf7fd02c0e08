//! The way up of the transports whose way down is a stream (protocol.md, section 4.4): `POST send`.

use bytes::Bytes;
use everwire_session::code::Code;
use everwire_session::server::How;
use http_body::Body as HttpBody;

use super::http::answer::Refusal;
use super::http::body::Kind;
use super::service::Call;
use super::up;
use crate::dialect::native::Head;
use crate::engine::exchange::{Caller, Exchange};

pub(crate) async fn post<B>(call: Call<B>) -> Result<Caller, Refusal>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
{
    let (call, bytes) = up::read(call, Kind::Text).await?;
    let (Head::Post(head), batch) = up::parse(&call.engine, &bytes)? else {
        return Err(Code::BadPacket.into());
    };
    if head.poll.is_some() {
        return Err(Code::BadPacket.into());
    }
    let exchange = Exchange::new(call.engine.pipe(), false);
    up::post(&call.engine, head, batch, How::Readable, exchange)
}
