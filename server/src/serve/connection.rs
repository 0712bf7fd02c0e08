//! One connection, from its first byte to its last.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1::{self, UpgradeableConnection};
use hyper::server::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::counts::{Why, count};
use super::guard::Guard;
use super::pace::Pace;
use super::refuse::{self, Checked};
use super::seats::{Connection, Seat};
use super::streams::Streams;
use super::takeover::{Carry, Takeover};
use super::turn::{InTurns, Turn};
use super::{BoxError, MAX_HEAD, MAX_HEADERS, Rules, Stage};

/// The most that is read and thrown away after the last answer.
const MAX_LINGER: u64 = 16 * 1024 * 1024;

/// Requests at a time on a connection of HTTP/2, streams and WebSockets included. All tabs of a browser share one.
const STREAMS: u32 = 128;
/// Streams that a client may reset before we have even looked at them, and that we may reset for its errors; one more ends the connection.
const RESETS: usize = 20;
const ERRORS: usize = 64;
/// What of one body, and of all bodies of a connection, may wait to be read by us.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;
/// What of one answer h2 takes before its reader does.
const SEND_BUFFER: usize = 64 << 10;
/// How often a connection is asked whether it is still there, and how long it may think about that.
const PING: Duration = Duration::from_secs(20);
const PONG: Duration = Duration::from_secs(10);

/// How HTTP/2 begins; nothing that HTTP/1.1 allows begins with three of these bytes.
const PREFACE: &[u8; 3] = b"PRI";

/// A connection that was accepted.
pub(super) struct Accepted<S> {
    pub(super) rules: Arc<Rules>,
    pub(super) service: S,
    pub(super) peer: SocketAddr,
    pub(super) seat: Arc<Connection>,
    pub(super) stage: watch::Receiver<Stage>,
}

type Hyper<I, S> = UpgradeableConnection<TokioIo<Guard<I>>, Checked<S>>;

/// What hyper has left of a connection of HTTP/1.1.
enum Left<I> {
    /// Its end, and what is to be said at it.
    End(Guard<I>, Option<Response<Bytes>>),
    Nothing,
    Stream(Carry<Guard<I>>),
}

impl<S, B> Accepted<S>
where
    S: tower::Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError> + Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    pub(super) async fn serve(mut self, stream: TcpStream) {
        // Small frames must not wait for the acknowledgement of the one before.
        if stream.set_nodelay(true).is_err() {
            return; // it is closed already
        }
        // What only some connections need is in a box: the rest is what each of them takes for as long as it lives.
        #[cfg(feature = "tls")]
        if self.rules.tls.is_some() {
            return Box::pin(self.tls(stream)).await;
        }
        let is_http2 = Box::pin(self.first_bytes(&stream)).await;
        let stream = Pace::new(stream, self.rules.write);
        match is_http2 {
            Some(true) => Box::pin(self.http2(stream)).await,
            Some(false) => self.http1(stream).await,
            None => {}
        }
    }

    #[cfg(feature = "tls")]
    async fn tls(self, stream: TcpStream) {
        let Some((tls, handshakes)) = &self.rules.tls else { return };
        let stream = Pace::new(stream, self.rules.write);
        let mut stage = self.stage.clone();
        let shaken = tokio::select! {
            shaken = handshakes.shake(tls.acceptor(), stream, self.rules.limits.head) => shaken,
            _ = stage.wait_for(|now| *now != Stage::Serving) => return,
        };
        // Who cannot even shake hands is not worth a word in the log.
        let Ok(stream) = shaken else { return count(Why::Handshake) };
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            return Box::pin(self.http2(stream)).await;
        }
        Box::pin(self.http1(stream)).await;
    }

    /// Waits for the first bytes. Are they those of HTTP/2? `None`: they do not come.
    async fn first_bytes(&mut self, stream: &TcpStream) -> Option<bool> {
        let (limit, stage) = (self.rules.limits.head, &mut self.stage);
        tokio::select! {
            preface = tokio::time::timeout(limit, is_http2(stream)) => preface.ok()?.ok(),
            _ = stage.wait_for(|now| *now != Stage::Serving) => None,
        }
    }

    /// Says why at once, and closes.
    pub(super) async fn turn_away(self, mut stream: TcpStream) {
        let mut stage = self.stage;
        let limits = self.rules.limits;
        let farewell = async {
            let _ = tokio::time::timeout(limits.linger, end(&mut stream, Some(refuse::too_many()))).await;
            discard(stream, limits.linger).await;
        };
        tokio::select! {
            () = farewell => {}
            _ = stage.wait_for(|now| *now != Stage::Serving) => {}
        }
    }

    fn checked(&self, takeover: Option<Takeover>) -> Checked<S> {
        Checked {
            rules: self.rules.clone(),
            service: self.service.clone(),
            peer: self.peer,
            seat: Seat::new(self.seat.clone()),
            takeover,
        }
    }

    /// hyper's part of a connection of HTTP/1.1: requests, until the socket is somebody else's.
    fn hyper<I>(&self, guard: Guard<I>, takeover: Takeover) -> Hyper<I, S>
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.rules.limits.head)
            .max_headers(MAX_HEADERS)
            .max_header_size(MAX_HEAD)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(guard), self.checked(Some(takeover)))
            .with_upgrades()
    }

    pub(super) async fn http1<I>(mut self, stream: I)
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let takeover = Takeover::default();
        let mut guard = Guard::new(stream, takeover.clone());
        loop {
            // In a box, which is given back while a stream goes on without it.
            let http = Box::new(self.hyper(guard, takeover.clone()));
            match self.requests(http, &takeover).await {
                Left::Nothing => return,
                Left::End(guard, refusal) => return Box::pin(self.farewell(guard, refusal)).await,
                Left::Stream(carry) => match self.stream(carry).await {
                    Some((next, true)) => guard = next,
                    Some((guard, false)) => return Box::pin(self.farewell(guard, None)).await,
                    None => return,
                },
            }
        }
    }

    /// Lets hyper answer requests.
    async fn requests<I>(&mut self, mut http: Box<Hyper<I, S>>, takeover: &Takeover) -> Left<I>
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let served = loop {
            tokio::select! {
                served = poll_fn(|cx| match std::pin::Pin::new(&mut *http).poll(cx) {
                    Poll::Ready(result) => Poll::Ready(Err(result)),
                    Poll::Pending => takeover.take().map_or(Poll::Pending, |rest| Poll::Ready(Ok(rest))),
                }) => break served,
                Ok(now) = next_stage(&mut self.stage) => match now {
                    Stage::Serving => {}
                    Stage::Draining => std::pin::Pin::new(&mut *http).graceful_shutdown(),
                    Stage::Over => return Left::Nothing,
                },
            }
        };
        let Some(parts) = http.into_parts() else {
            return Left::Nothing; // upgraded
        };
        let mut guard = parts.io.into_inner();
        match served {
            Ok(rest) => Left::Stream(Carry::new(guard, rest, !parts.read_buf.is_empty())),
            Err(result) => {
                match &result {
                    Err(error) if error.is_parse_too_large() => count(Why::Head),
                    // Else it is ours to answer, or was not meant for us.
                    Err(error) if error.is_parse() => count(Why::BadRequest),
                    _ => {}
                }
                let timed_out = result.is_err_and(|error| error.is_timeout()) && !parts.read_buf.is_empty();
                let refusal =
                    guard.stop_looking().map(refuse::bad_request).or(timed_out.then(refuse::timeout));
                Left::End(guard, refusal)
            }
        }
    }

    /// Writes a stream to its end. Gives the connection back, and whether another request may follow, unless the client is gone or its time is over.
    async fn stream<I>(&mut self, mut carry: Carry<Guard<I>>) -> Option<(Guard<I>, bool)>
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let may_follow = loop {
            tokio::select! {
                biased;
                written = poll_fn(|cx| carry.poll(cx)) => break written.ok()?,
                Ok(now) = next_stage(&mut self.stage) => if now == Stage::Over {
                    return None;
                },
            }
        };
        Some((carry.stream, may_follow && *self.stage.borrow() == Stage::Serving))
    }

    /// Ends a connection of HTTP/1.1.
    async fn farewell<I>(mut self, mut guard: Guard<I>, refusal: Option<Response<Bytes>>)
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        tokio::select! {
            _ = end(&mut guard, refusal) => {}
            _ = self.stage.wait_for(|now| *now == Stage::Over) => return,
        }
        tokio::select! {
            () = discard(guard, self.rules.limits.linger) => {}
            _ = self.stage.wait_for(|now| *now != Stage::Serving) => {}
        }
    }

    async fn http2<I>(mut self, stream: I)
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let limits = self.rules.limits;
        let (streams, mut open) = Streams::new(self.rules.write);
        let turn = Turn::default();
        let mut http = http2::Builder::new(streams)
            .timer(TokioTimer::new())
            .enable_connect_protocol()
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(MAX_HEAD as u32)
            .max_pending_accept_reset_streams(RESETS)
            .max_local_error_reset_streams(ERRORS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(SEND_BUFFER)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PONG)
            .serve_connection(TokioIo::new(InTurns { stream, turn: turn.clone() }), self.checked(None));
        let stage = &mut self.stage;
        let (mut patience, mut told) = (limits.head, false);
        loop {
            tokio::select! {
                _ = poll_fn(|cx| {
                    turn.begin();
                    std::pin::Pin::new(&mut http).poll(cx)
                }) => return,
                () = idle(&mut open, patience) => {
                    // Who does not end it then is cut off.
                    if told {
                        return;
                    }
                    (patience, told) = (limits.linger, true);
                    std::pin::Pin::new(&mut http).graceful_shutdown();
                }
                Ok(now) = next_stage(stage) => match now {
                    Stage::Serving => {}
                    Stage::Draining => {
                        (patience, told) = (limits.linger, true);
                        std::pin::Pin::new(&mut http).graceful_shutdown();
                    }
                    Stage::Over => return,
                },
            }
        }
    }
}

/// Looks at the first bytes without taking them. Who sends them one by one is taken for HTTP/1.1, and finds out.
async fn is_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0; PREFACE.len()];
    stream.peek(&mut first).await?;
    Ok(first == *PREFACE)
}

/// Waits until no stream has been open for so long.
async fn idle(open: &mut watch::Receiver<usize>, patience: Duration) {
    loop {
        let _ = open.wait_for(|open| *open == 0).await;
        tokio::select! {
            () = tokio::time::sleep(patience) => return,
            Ok(_) = open.wait_for(|open| *open > 0) => {}
        }
    }
}

async fn next_stage(stage: &mut watch::Receiver<Stage>) -> Result<Stage, watch::error::RecvError> {
    stage.changed().await?;
    Ok(*stage.borrow_and_update())
}

/// Gives the last answer, if hyper left that to us, and says that nothing follows.
async fn end<I>(stream: &mut I, refusal: Option<Response<Bytes>>) -> io::Result<()>
where
    I: AsyncWrite + Unpin,
{
    if let Some(refusal) = refusal {
        stream.write_all(&refuse::to_bytes(&refusal)).await?;
    }
    stream.shutdown().await
}

/// Reads what the client still sends, so that the last answer arrives.
async fn discard<I>(stream: I, linger: Duration)
where
    I: AsyncRead + Unpin,
{
    let mut rest = stream.take(MAX_LINGER);
    let all = async { tokio::io::copy(&mut rest, &mut tokio::io::sink()).await };
    let _ = tokio::time::timeout(linger, all).await;
}
