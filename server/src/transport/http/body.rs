//! Reading the body of a request: bounded in bytes and in time, and only of the kinds that need no
//! preflight.

use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use everwire_session::code::Code;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::sync::{Semaphore, SemaphorePermit};

/// What kind of body a URL takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Whatever it says it is: the dialect looks at that.
    Any,
    /// `application/x-www-form-urlencoded`, which only jsonp's way up uses.
    Form,
    /// `text/plain`, or no type at all: XDomainRequest and beacons send none.
    Text,
}

/// How much, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits<'a> {
    /// The most bytes a body may have.
    pub(crate) bytes: usize,
    /// The longest it may take to come, from its first byte to its last.
    pub(crate) time: Duration,
    /// Room for the large ones of all requests.
    pub(crate) room: &'a Room,
}

/// Bytes for bodies that are still coming. A large one takes what it may become before it is read on, and waits for that if it must: what is not
/// read waits at its client.
#[derive(Debug)]
pub(crate) struct Room {
    free: Semaphore,
    total: usize,
}

/// A body up to this is not large.
const SMALL: usize = 32 << 10;

impl Room {
    pub(crate) fn new(total: usize) -> Self {
        let total = total.clamp(1, u32::MAX as usize >> 3);
        Self { free: Semaphore::new(total), total }
    }

    async fn take(&self, bytes: usize) -> Option<SemaphorePermit<'_>> {
        self.free.acquire_many(bytes.min(self.total) as u32).await.ok()
    }
}

/// Collects a body.
///
/// # Errors
/// `encoding`, `content_type` and, if the length is announced, `too_large`, before anything is read;
/// `too_large` at the first byte beyond the limit; `timeout`; `bad_request` when the body breaks off or is
/// malformed.
pub(crate) async fn collect<B>(
    headers: &HeaderMap,
    body: B,
    kind: Kind,
    limits: Limits<'_>,
) -> Result<Bytes, Code>
where
    B: Body<Data = Bytes>,
{
    check_encoding(headers)?;
    check_type(headers, kind)?;
    if body.size_hint().lower() > limits.bytes as u64 {
        return Err(Code::TooLarge);
    }
    tokio::time::timeout(limits.time, read(body, limits)).await.map_err(|_| Code::Timeout)?
}

async fn read<B>(body: B, limits: Limits<'_>) -> Result<Bytes, Code>
where
    B: Body<Data = Bytes>,
{
    let limit = limits.bytes;
    let whole = body.size_hint().upper().map_or(limit, |bytes| limit.min(bytes as usize));
    let mut room = None;
    let mut body = pin!(body);
    // Most bodies come in one piece, which then needs no copy.
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    // An error of the body's own need not be `Send`, so it does not outlive this line.
    while let Some(frame) = body.frame().await.map(|frame| frame.map_err(|_| Code::BadRequest)) {
        let Ok(piece) = frame?.into_data() else {
            continue; // trailers say nothing to us
        };
        if piece.len() > limit - first.len() - all.len() {
            return Err(Code::TooLarge);
        }
        if room.is_none() && piece.len() + first.len() + all.len() > SMALL {
            room = limits.room.take(whole).await;
            // As much as was asked for: growing would take up to three times that.
            all.reserve(whole.saturating_sub(all.len()));
        }
        if first.is_empty() && all.is_empty() {
            first = piece;
        } else {
            all.extend_from_slice(&std::mem::take(&mut first));
            all.extend_from_slice(&piece);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// A compressed body could be a bomb, and none of our clients sends one.
fn check_encoding(headers: &HeaderMap) -> Result<(), Code> {
    let is_plain = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(CONTENT_ENCODING).iter().all(is_plain) { Ok(()) } else { Err(Code::Encoding) }
}

fn check_type(headers: &HeaderMap, kind: Kind) -> Result<(), Code> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let ok = match (types.next(), types.next(), kind) {
        (_, _, Kind::Any) => true,
        (None, _, kind) => kind == Kind::Text,
        (Some(value), None, Kind::Text) => is_type(value.as_bytes(), b"text/plain"),
        (Some(value), None, Kind::Form) => is_type(value.as_bytes(), b"application/x-www-form-urlencoded"),
        (Some(_), Some(_), _) => false,
    };
    if ok { Ok(()) } else { Err(Code::ContentType) }
}

/// Compares without the parameters, such as `; charset=UTF-8`, which browsers add.
fn is_type(value: &[u8], expected: &[u8]) -> bool {
    let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
    value[..end].trim_ascii().eq_ignore_ascii_case(expected)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use futures_util::stream::{self, StreamExt};
    use http_body::{Frame, SizeHint};
    use http_body_util::{Full, StreamBody};

    use super::*;

    fn limits(room: &Room) -> Limits<'_> {
        Limits { bytes: 10, time: Duration::from_secs(20), room }
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn chunked(pieces: &[&'static str]) -> impl Body<Data = Bytes, Error = Infallible> + use<> {
        let frames: Vec<_> =
            pieces.iter().map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes())))).collect();
        StreamBody::new(stream::iter(frames))
    }

    async fn text(body: impl Body<Data = Bytes>) -> Result<Bytes, Code> {
        collect(&HeaderMap::new(), body, Kind::Text, limits(&Room::new(100))).await
    }

    #[tokio::test]
    async fn a_body_up_to_the_limit_is_collected() {
        assert_eq!(text(Full::from("0123456789")).await.unwrap(), "0123456789");
        assert_eq!(text(chunked(&["0123", "", "45", "6789"])).await.unwrap(), "0123456789");
        assert_eq!(text(chunked(&["", "0123456789", ""])).await.unwrap(), "0123456789");
        assert_eq!(text(chunked(&[])).await.unwrap(), "");
    }

    #[tokio::test]
    async fn an_announced_length_above_the_limit_is_refused_unread() {
        assert_eq!(text(Announced(11)).await, Err(Code::TooLarge));
    }

    #[tokio::test]
    async fn a_chunked_body_is_refused_at_the_limit() {
        assert_eq!(text(chunked(&["01234567", "89a"])).await, Err(Code::TooLarge));
        assert_eq!(text(chunked(&["0", "1", "23456789a"])).await, Err(Code::TooLarge));
        let endless = StreamBody::new(
            stream::repeat("0123").map(|piece| Ok::<_, Infallible>(Frame::data(piece.into()))),
        );
        assert_eq!(text(endless).await, Err(Code::TooLarge));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_end_in_time_is_refused() {
        let drip = stream::unfold((), |()| async {
            tokio::time::advance(Duration::from_secs(5)).await;
            Some((Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"x"))), ()))
        });
        assert_eq!(text(StreamBody::new(drip)).await, Err(Code::Timeout));
        let silent = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
        assert_eq!(text(silent).await, Err(Code::Timeout));
    }

    #[tokio::test(start_paused = true)]
    async fn large_bodies_share_a_room_and_small_ones_need_none() {
        let room = Room::new(2 * SMALL);
        let limits = Limits { bytes: 2 * SMALL, time: Duration::from_secs(20), room: &room };
        let headers = HeaderMap::new();
        let body = |bytes: usize| Full::from(vec![b'x'; bytes]);
        let stalled = stream::iter([Ok::<_, Infallible>(Frame::data(Bytes::from(vec![b'x'; SMALL + 1])))])
            .chain(stream::pending());
        let stalled = collect(&headers, StreamBody::new(stalled), Kind::Text, limits);
        let other = async {
            // It has been there for half its time.
            tokio::time::sleep(Duration::from_secs(10)).await;
            let small = collect(&headers, body(SMALL), Kind::Text, limits).await;
            let mut large = pin!(collect(&headers, body(SMALL + 1), Kind::Text, limits));
            let waits = tokio::time::timeout(Duration::from_secs(9), &mut large).await.is_err();
            (small.map(|bytes| bytes.len()), waits, large.await.map(|bytes| bytes.len()))
        };
        let (stalled, (small, waits, large)) = tokio::join!(stalled, other);
        assert_eq!(stalled, Err(Code::Timeout));
        assert_eq!((small, waits, large), (Ok(SMALL), true, Ok(SMALL + 1)));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_refused() {
        let broken = stream::iter([Ok(Frame::data(Bytes::from_static(b"x"))), Err("cut")]);
        assert_eq!(text(StreamBody::new(broken)).await, Err(Code::BadRequest));
    }

    #[tokio::test]
    async fn only_types_that_need_no_preflight_are_taken() {
        let table: &[(&[(&str, &str)], Kind, Result<(), Code>)] = &[
            (&[], Kind::Text, Ok(())),
            (&[("content-type", "text/plain")], Kind::Text, Ok(())),
            (&[("content-type", "Text/Plain; charset=UTF-8")], Kind::Text, Ok(())),
            (&[("content-type", "text/plain ;x")], Kind::Text, Ok(())),
            (&[("content-type", "text/plainer")], Kind::Text, Err(Code::ContentType)),
            (&[("content-type", "text/plain, text/plain")], Kind::Text, Err(Code::ContentType)),
            (&[("content-type", "")], Kind::Text, Err(Code::ContentType)),
            (&[("content-type", "application/json")], Kind::Text, Err(Code::ContentType)),
            (&[("content-type", "application/octet-stream")], Kind::Text, Err(Code::ContentType)),
            (&[("content-type", "multipart/form-data; boundary=x")], Kind::Text, Err(Code::ContentType)),
            (&[("content-type", "application/x-www-form-urlencoded")], Kind::Text, Err(Code::ContentType)),
            (
                &[("content-type", "text/plain"), ("content-type", "text/plain")],
                Kind::Text,
                Err(Code::ContentType),
            ),
            (&[("content-type", "application/x-www-form-urlencoded; charset=utf-8")], Kind::Form, Ok(())),
            (&[("content-type", "text/plain")], Kind::Form, Err(Code::ContentType)),
            (&[], Kind::Form, Err(Code::ContentType)),
            (&[("content-encoding", "gzip")], Kind::Text, Err(Code::Encoding)),
            (&[("content-encoding", "identity")], Kind::Text, Ok(())),
            (
                &[("content-encoding", "identity"), ("content-encoding", "br")],
                Kind::Text,
                Err(Code::Encoding),
            ),
            (&[("content-encoding", "")], Kind::Text, Err(Code::Encoding)),
        ];
        for (pairs, kind, expected) in table {
            let result = collect(&headers(pairs), Full::from("x"), *kind, limits(&Room::new(100))).await;
            assert_eq!(result.map(|_| ()), *expected, "{pairs:?} {kind:?}");
        }
    }

    /// A body that has a length, and must not be read.
    struct Announced(u64);

    impl Body for Announced {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            panic!("was read")
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.0)
        }
    }
}
