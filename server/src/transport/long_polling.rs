//! `long_polling` (protocol.md, section 12.2): attach and polls are POSTs that may carry packets up.

use bytes::Bytes;
use everwire_session::code::Code;
use everwire_session::server::{How, Shape};
use http_body::Body as HttpBody;

use super::http::answer::Refusal;
use super::http::body::Kind;
use super::service::Call;
use super::up;
use crate::config::Transport;
use crate::dialect::native::Head;
use crate::engine::exchange::{Caller, Exchange};

pub(crate) async fn post<B>(call: Call<B>) -> Result<Caller, Refusal>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
{
    let (call, bytes) = up::read(call, Kind::Text).await?;
    let exchange = Exchange::new(call.engine.pipe(), false);
    match up::parse(&call.engine, &bytes)? {
        (Head::Attach(head), batch) => {
            up::attach(&call, &head, batch, Transport::LongPolling, Shape::Poll, exchange)
        }
        (Head::Post(head), batch) if head.poll.and(head.attach).is_some() => {
            up::post(&call.engine, head, batch, How::Readable, exchange)
        }
        (Head::Post(_), _) => Err(Code::BadPacket.into()),
    }
}
