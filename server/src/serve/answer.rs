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
use super::takeover::{Rest, Takeover};

/// The most that goes to HTTP/2 at once: what hyper has given to h2 can wait there for a reader although the answer counts as given.
const PORTION: usize = 16 << 10;

/// A service's body, or a refusal.
pub(super) struct Answer {
    /// `None`: its connection has it.
    source: Option<Source>,
    way: Way,
}

/// Where an answer comes from.
pub(super) struct Source {
    pub(super) body: Pin<Box<dyn Body<Data = Bytes, Error = BoxError> + Send>>,
    /// Whom the request is counted for, until it is answered.
    _guest: Option<Arc<Ticket>>,
}

/// How it goes out.
pub(super) enum Way {
    /// As it comes.
    Whole,
    /// In HTTP/2: in portions. What is left of the last piece.
    Portions(Bytes),
    /// Its connection may take it over when hyper has had the first piece. Does no request follow?
    Stream { takeover: Takeover, is_last: bool, begun: bool },
}

impl Answer {
    pub(super) fn new<B>(body: B, way: Way, guest: Option<Arc<Ticket>>) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let body = Box::pin(body.map_err(Into::into));
        Self { source: Some(Source { body, _guest: guest }), way }
    }
}

impl Way {
    pub(super) fn of_version(is_http2: bool) -> Self {
        if is_http2 { Self::Portions(Bytes::new()) } else { Self::Whole }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Self { source, way } = &mut *self;
        let Some(Source { body, .. }) = source else { return Poll::Pending };
        match way {
            Way::Whole => body.as_mut().poll_frame(cx),
            Way::Portions(rest) => {
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
            Way::Stream { begun, .. } if !*begun => {
                let first = ready!(body.as_mut().poll_frame(cx));
                *begun = true;
                Poll::Ready(first)
            }
            Way::Stream { takeover, is_last, .. } => {
                if let Some(source) = source.take() {
                    takeover.leave(Rest { source, is_last: *is_last });
                }
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let is_given = !matches!(&self.way, Way::Portions(rest) if !rest.is_empty());
        is_given && self.source.as_ref().is_some_and(|source| source.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        // Before the first piece; later nobody asks.
        self.source.as_ref().map_or_else(SizeHint::default, |source| source.body.size_hint())
    }
}
