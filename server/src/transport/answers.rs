//! Response bodies: whole answers, and streams that a session's driver fills.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use everwire_session::code::Code;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body::{Frame, SizeHint};

use super::http::answer::{self, Refusal};
use super::service::OpenRequest;
use super::sock_js::Framing;
use crate::dialect::native::Control;
use crate::dialect::sock_js::frames;
use crate::engine::exchange::{Caller, Lines, Refused};
use crate::serve::takeover::Streamed;

/// Packets as they are: lines.
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// Bytes after which a driver that waits for its reader is told that there is room again.
const ROOM: usize = 32 << 10;

/// What is around the lines of a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wrap {
    /// Events of an EventSource.
    Events,
    /// Lines.
    Lines,
    /// Script blocks in a page.
    Scripts,
}

impl Wrap {
    fn wrap(self, lines: impl Iterator<Item = Bytes>) -> Bytes {
        let mut out = BytesMut::new();
        for line in lines {
            match self {
                Self::Events => {
                    out.extend_from_slice(b"data: ");
                    out.extend_from_slice(&line);
                    out.extend_from_slice(b"\n");
                }
                Self::Lines => out.extend_from_slice(&line),
                Self::Scripts => {
                    out.extend_from_slice(b"<script>m(");
                    out.extend_from_slice(script_string(&line).as_bytes());
                    out.extend_from_slice(b")</script>\n");
                }
            }
        }
        out.freeze()
    }

    /// What stands behind the last line.
    fn end(self) -> Bytes {
        match self {
            Self::Events | Self::Lines => Bytes::new(),
            Self::Scripts => Bytes::from_static(b"<script>e()</script>\n"),
        }
    }
}

/// A JSON string that is safe inside a script element, whatever the text: nothing in it can end the script or begin a comment.
pub(crate) fn script_string(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let json = serde_json::to_string(&text).unwrap_or_else(|_| "\"\"".into());
    let mut out = String::with_capacity(json.len() + 16);
    for letter in json.chars() {
        match letter {
            '<' | '>' | '&' | '\'' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", letter as u32);
            }
            letter => out.push(letter),
        }
    }
    out
}

/// The body of any answer of [`EverwireService`](crate::EverwireService).
pub struct Body {
    content: Content,
    /// Counts the request until this is dropped.
    _open: Option<OpenRequest>,
}

enum Content {
    Full(Bytes),
    /// Of SockJS: chunk by chunk.
    Framed {
        caller: Caller,
        framing: Framing,
        chunks: VecDeque<Bytes>,
    },
    Stream {
        caller: Caller,
        wrap: Wrap,
        first: Bytes,
        ended: bool,
    },
}

impl Body {
    pub(crate) fn full(bytes: Bytes) -> Self {
        Self { content: Content::Full(bytes), _open: None }
    }

    /// A stream that begins with `first`: padding, or a page.
    pub(crate) fn stream(caller: Caller, wrap: Wrap, first: Bytes) -> Self {
        Self { content: Content::Stream { caller, wrap, first, ended: false }, _open: None }
    }

    /// A stream of SockJS's frames, each a chunk of its own.
    pub(crate) fn framed(caller: Caller, framing: Framing, first: Bytes) -> Self {
        Self { content: Content::Framed { caller, framing, chunks: [first].into() }, _open: None }
    }

    pub(crate) fn counted(self, open: OpenRequest) -> Self {
        Self { _open: Some(open), ..self }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.content {
            Content::Full(_) => "Body(full)",
            Content::Framed { .. } | Content::Stream { .. } => "Body(stream)",
        })
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let data = match &mut self.content {
            Content::Full(bytes) => std::mem::take(bytes),
            Content::Framed { caller, framing, chunks } => {
                if chunks.is_empty() {
                    match ready!(caller.exchange.poll_lines(cx)) {
                        Lines::Some(lines) => {
                            chunks.extend(frames(lines).iter().map(|frame| framing.frame(frame)));
                            caller.wake();
                        }
                        Lines::End(_) => return Poll::Ready(None),
                    }
                }
                chunks.pop_front().unwrap_or_default()
            }
            Content::Stream { ended: true, .. } => Bytes::new(),
            Content::Stream { first, .. } if !first.is_empty() => std::mem::take(first),
            Content::Stream { caller, wrap, ended, .. } => match caller.exchange.poll_lines(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Lines::Some(lines)) => {
                    let data = wrap.wrap(lines.into_iter());
                    if data.len() >= ROOM {
                        caller.wake();
                    }
                    data
                }
                Poll::Ready(Lines::End(refused)) => {
                    *ended = true;
                    let last = refused.map(|(code, expected)| Control::refusal(code, expected).line());
                    let mut data = BytesMut::from(&wrap.wrap(last.into_iter())[..]);
                    data.extend_from_slice(&wrap.end());
                    data.freeze()
                }
            },
        };
        Poll::Ready((!data.is_empty()).then(|| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Full(bytes) => bytes.is_empty(),
            Content::Framed { .. } => false,
            Content::Stream { ended, .. } => *ended,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Framed { .. } | Content::Stream { .. } => SizeHint::default(),
        }
    }
}

/// Waits until a driver has given the whole answer.
pub(crate) async fn whole(caller: Caller) -> Result<Bytes, Refusal> {
    let lines = poll_fn(|cx| caller.exchange.poll_whole(cx)).await.map_err(refusal)?;
    Ok(Wrap::Lines.wrap(lines.into_iter()))
}

/// What a request has come to, when nothing of it is needed any more.
pub(crate) enum Reply {
    Ready(Box<Response<Body>>),
    /// Its answer is text, and hangs until a driver has given the whole.
    Text(Caller),
}

impl Reply {
    pub(crate) async fn response(self) -> Result<Response<Body>, Refusal> {
        match self {
            Self::Ready(response) => Ok(*response),
            Self::Text(caller) => {
                Ok(answer::answer(StatusCode::OK, TEXT, whole(caller).await?).map(Body::full))
            }
        }
    }
}

impl From<Caller> for Reply {
    fn from(caller: Caller) -> Self {
        Self::Text(caller)
    }
}

impl From<Response<Body>> for Reply {
    fn from(response: Response<Body>) -> Self {
        Self::Ready(Box::new(response))
    }
}

/// Waits until a stream begins: what is refused before that is refused with a status.
pub(crate) async fn begun(caller: &Caller) -> Result<(), Refusal> {
    poll_fn(|cx| caller.exchange.poll_begun(cx)).await.map_err(refusal)
}

/// The head of a stream.
pub(crate) fn streamed(content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = answer::answer(StatusCode::OK, content_type, Bytes::new()).map(|_| body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
        .headers_mut()
        .insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response.extensions_mut().insert(Streamed);
    response
}

pub(crate) fn refusal((code, expected): Refused) -> Refusal {
    match expected {
        Some(expected) => Refusal::gap(expected),
        None => Refusal::new(code),
    }
}

/// A refusal as a line, where a page cannot read a status.
pub(crate) fn refusal_line(code: Code) -> Bytes {
    Control::refusal(code, None).line()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_can_leave_a_script() {
        let text = "</script><!--<script>\u{2028}'&\"\\\n]]>";
        let string = script_string(text.as_bytes());
        assert!(!string.contains(['<', '>', '&', '\'', '\u{2028}', '\n']), "{string}");
        assert_eq!(serde_json::from_str::<String>(&string).unwrap(), text);
    }
}
