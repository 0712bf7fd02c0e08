//! A WebSocket that never makes its owner wait.

use std::collections::VecDeque;
use std::task::{Context, Poll};

use everwire_session::client::Down;
use everwire_session::code::Code;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::packets::{Incoming, read_binary, read_text};
use crate::site::{FAREWELL, MAX_ANSWER};

/// A volatile event does not wait behind more bytes than this.
const CONGESTED: usize = 65_536;

pub(crate) struct Duplex {
    socket: WebSocketStream<TcpStream>,
    /// What the socket has not taken yet. Bounded by the session's queue and the server's credit.
    queue: VecDeque<Message>,
    queued: usize,
    /// Something was taken and not flushed.
    dirty: bool,
}

impl Duplex {
    pub(crate) async fn open(url: String, stream: TcpStream) -> Option<Self> {
        let config = WebSocketConfig::default()
            // It is held as long as the connection: many clients in one process count.
            .read_buffer_size(4096)
            .max_message_size(Some(MAX_ANSWER))
            .max_frame_size(Some(MAX_ANSWER));
        let (socket, _) = client_async_with_config(url, stream, Some(config)).await.ok()?;
        Some(Self { socket, queue: VecDeque::new(), queued: 0, dirty: false })
    }

    pub(crate) fn send(&mut self, message: Message) {
        self.queued += message.len();
        self.queue.push_back(message);
    }

    pub(crate) fn is_congested(&self) -> bool {
        self.queued > CONGESTED
    }

    /// Writes what can be written, and reads one packet. An error is the end, with a code if the server gave one.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Down<Incoming>, Option<Code>>> {
        if self.poll_send(cx).is_err() {
            return Poll::Ready(Err(None));
        }
        loop {
            match std::task::ready!(self.socket.poll_next_unpin(cx)) {
                Some(Ok(Message::Text(text))) => return Poll::Ready(Ok(read_text(&text.into()))),
                Some(Ok(Message::Binary(bytes))) => return Poll::Ready(Ok(read_binary(&bytes))),
                Some(Ok(Message::Close(frame))) => {
                    return Poll::Ready(Err(frame.and_then(|frame| frame.reason.parse().ok())));
                }
                Some(Ok(Message::Frame(_) | Message::Ping(_) | Message::Pong(_))) => {}
                Some(Err(_)) | None => return Poll::Ready(Err(None)),
            }
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        while !self.queue.is_empty() && self.socket.poll_ready_unpin(cx)?.is_ready() {
            if let Some(message) = self.queue.pop_front() {
                self.queued -= message.len();
                self.socket.start_send_unpin(message)?;
                self.dirty = true;
            }
        }
        if self.dirty && self.socket.poll_flush_unpin(cx)?.is_ready() {
            self.dirty = false;
        }
        Ok(())
    }

    /// Writes what is left, and closes.
    pub(crate) async fn farewell(mut self) {
        let words = async {
            for message in std::mem::take(&mut self.queue) {
                self.socket.feed(message).await?;
            }
            self.socket.close(None).await?;
            while let Some(message) = self.socket.next().await {
                message?;
            }
            Ok::<_, Error>(())
        };
        // Whoever does not answer is not waited for.
        let _ = tokio::time::timeout(FAREWELL, words).await;
    }
}
