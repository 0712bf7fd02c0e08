//! The body of an answer on its way to hyper.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;

use super::BoxError;
use super::seats::Ticket;
use super::streams;

/// The most that goes to HTTP/2 at once: what hyper has given to h2 can wait there for a reader although the answer counts as given.
const PORTION: usize = 16 << 10;

/// A service's body, or a refusal.
pub(super) struct Answer {
    body: Pin<Box<dyn Body<Data = Bytes, Error = BoxError> + Send>>,
    /// In HTTP/2: what is left of the last piece.
    rest: Option<Bytes>,
    /// Whom the request is counted for, until it is answered.
    _guest: Option<Arc<Ticket>>,
}

impl Answer {
    pub(super) fn new<B>(body: B, portions: bool, guest: Option<Arc<Ticket>>) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let body = Box::pin(body.map_err(Into::into));
        Self { body, rest: portions.then(Bytes::new), _guest: guest }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Self { body, rest: Some(rest), .. } = &mut *self else {
            return self.body.as_mut().poll_frame(cx);
        };
        if rest.is_empty() {
            match ready!(streams::note(body.as_mut().poll_frame(cx))) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => *rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        let portion = rest.split_to(rest.len().min(PORTION));
        streams::note(Poll::Ready(Some(Ok(Frame::data(portion)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.as_ref().is_none_or(Bytes::is_empty) && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // Before the first piece; later nobody asks.
        self.body.size_hint()
    }
}
