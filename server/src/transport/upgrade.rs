//! From an answered handshake to a WebSocket.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::Version;
use http::request::Parts;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::engine::Engine;
use crate::engine::socket::{Reader, Source, WebSocket};
use crate::engine::writer::{Sink, Writer};
use crate::serve::Seat;

/// A connection that is ours as soon as its handshake has been answered.
pub(crate) struct Upgrade {
    pending: OnUpgrade,
    seat: Option<Seat>,
    version: Version,
}

/// A connection taken from hyper.
pub(crate) struct Taken {
    pub(crate) upgraded: Upgraded,
    /// Its place at the server: whoever reads from it keeps it.
    pub(crate) seat: Option<Seat>,
    version: Version,
}

impl Upgrade {
    /// None where the server in front of us cannot do it.
    pub(crate) fn of(parts: &mut Parts) -> Option<Self> {
        let pending = parts.extensions.remove::<OnUpgrade>()?;
        Some(Self { pending, seat: parts.extensions.remove::<Seat>(), version: parts.version })
    }

    /// Waits until the answer has gone out.
    pub(crate) async fn taken(self) -> Option<Taken> {
        let Self { pending, seat, version } = self;
        Some(Taken { upgraded: pending.await.ok()?, seat, version })
    }

    pub(crate) async fn socket(self, engine: &Engine) -> Option<WebSocket> {
        Some(self.taken().await?.socket(engine))
    }
}

impl Taken {
    /// Plain TCP is taken apart, so that publishers can write to it; anything else stays with the driver.
    fn socket(self, engine: &Engine) -> WebSocket {
        let (pipe, max) = (engine.pipe(), engine.config.max_payload);
        let Self { upgraded, seat, version } = self;
        let (stream, early) = match plain(upgraded) {
            Ok(plain) => plain,
            Err(other) if version == Version::HTTP_2 => {
                let (reader, writer) = tokio::io::split(Portions(TokioIo::new(other)));
                let reader = Reader::new(Source::Other(Box::new(reader)), BytesMut::new(), max, seat);
                return WebSocket { reader, writer: Writer::new(pipe, Sink::Driver(Box::new(writer))) };
            }
            Err(other) => {
                let (reader, writer) = tokio::io::split(TokioIo::new(other));
                let reader = Reader::new(Source::Other(Box::new(reader)), BytesMut::new(), max, seat);
                return WebSocket { reader, writer: Writer::new(pipe, Sink::Driver(Box::new(writer))) };
            }
        };
        let (read, write) = stream.into_split();
        let reader = Reader::new(Source::Tcp(read), BytesMut::from(&early[..]), max, seat);
        WebSocket { reader, writer: Writer::new(pipe, Sink::Tcp(write)) }
    }
}

/// Our own accept loop and `axum::serve` both give plain TCP, each in its own wrapping.
fn plain(upgraded: Upgraded) -> Result<(TcpStream, Bytes), Upgraded> {
    let upgraded = match crate::serve::plain_tcp(upgraded) {
        Ok(plain) => return Ok(plain),
        Err(upgraded) => upgraded,
    };
    match hyper_util::server::conn::auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded) {
        Ok(parts) => {
            let stream = parts.io.into_inner();
            let _ = stream.set_nodelay(true);
            Ok((stream, parts.read_buf))
        }
        Err(upgraded) => Err(upgraded),
    }
}

/// A stream of HTTP/2. hyper takes any write whole, however small the reader's window is; so it is given little at a time, but small frames together.
struct Portions<S>(S);

/// The most that is written at once: what fits into one frame of HTTP/2.
const PORTION: usize = 16 << 10;

impl<S: AsyncRead + Unpin> AsyncRead for Portions<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Portions<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, &bytes[..bytes.len().min(PORTION)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut portion =
            Vec::with_capacity(slices.iter().map(|slice| slice.len()).sum::<usize>().min(PORTION));
        for slice in slices {
            let room = PORTION - portion.len();
            portion.extend_from_slice(&slice[..slice.len().min(room)]);
        }
        Pin::new(&mut self.0).poll_write(cx, &portion)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
