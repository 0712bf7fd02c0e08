//! The way up of a WebSocket: frames to the machine and to the application.

use std::ops::ControlFlow;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use everwire_session::packet::Kind;
use everwire_session::server::{Input, Pipe, Up};

use super::Driver;
use crate::chunk::Chunk;
use crate::dialect::native;
use crate::engine::{hold, socket};
use crate::incoming::Incoming;
use crate::transport::ws_frame::{self, Frame, Opcode};

/// Bytes on their way to the network above which pings are not answered.
const PONGS_HIGH: usize = 64 << 10;

/// Reads in one turn.
const READS: usize = 16;

impl Driver {
    /// Reads what there is, at most so often that others are not kept waiting. `true`: there may be more.
    pub(super) fn read_all(&mut self, cx: &mut Context<'_>) -> bool {
        (0..READS).all(|_| self.is_within_its_part() && self.read(cx))
    }

    /// Between two reads: a turn may bring a megabyte.
    fn is_within_its_part(&mut self) -> bool {
        let inbound = self.inbound();
        let fits = inbound <= hold::FREE || self.live.lock().weigh(inbound);
        if !fits {
            self.kill_as_full();
        }
        fits
    }

    /// Reads the WebSocket once. `true`: there may be more.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        let Some((pipe, mut reader)) = self.socket.take() else { return false };
        let waker = cx.waker();
        self.reading = Some(pipe);
        for early in std::mem::take(&mut reader.early_frames) {
            if self.parting.is_none()
                && let ControlFlow::Break(farewell) =
                    self.frame(waker, pipe, &early.frame(), &mut Chunk::default())
            {
                self.reading = None;
                self.socket = Some((pipe, reader));
                self.lose_socket(pipe, farewell);
                return true;
            }
        }
        let polled = reader.poll_read(cx, |decoder, bytes| {
            let mut chunk = Chunk::of(bytes.len());
            let mut frames = decoder.read(bytes);
            loop {
                match frames.next() {
                    Ok(None) => return None,
                    Ok(Some(frame)) => match self.frame(waker, pipe, &frame, &mut chunk) {
                        ControlFlow::Continue(()) if self.parting.is_none() => {}
                        ControlFlow::Continue(()) => return None,
                        ControlFlow::Break(farewell) => return farewell,
                    },
                    Err(error) => {
                        self.engine.hub.refused(error.code());
                        return Some(ws_frame::close_frame(error.close_code(), error.reason()));
                    }
                }
            }
        });
        self.reading = None;
        if let Some((writer, farewell)) = self.parting.take().map(|parting| *parting) {
            socket::finish(Some(reader), writer, farewell);
            return true;
        }
        match polled {
            Poll::Pending => {
                self.socket = Some((pipe, reader));
                false
            }
            Poll::Ready(Ok(Some(None))) => {
                self.socket = Some((pipe, reader));
                true
            }
            Poll::Ready(Ok(Some(farewell))) => {
                self.socket = Some((pipe, reader));
                self.lose_socket(pipe, farewell);
                true
            }
            Poll::Ready(Ok(None) | Err(_)) => {
                self.lose_socket(pipe, None);
                true
            }
        }
    }

    /// The WebSocket is no carrier any more.
    pub(super) fn lose_socket(&mut self, pipe: Pipe, farewell: Option<Bytes>) {
        let live = self.live.clone();
        let mut shared = live.lock();
        self.drop_socket(&mut shared, pipe, farewell);
        drop(shared);
        self.input(Input::Gone { pipe });
    }

    /// Takes one frame. A break ends the reading, with a close frame that is still to be said.
    fn frame(
        &mut self,
        waker: &Waker,
        pipe: Pipe,
        frame: &Frame<'_>,
        chunk: &mut Chunk,
    ) -> ControlFlow<Option<Bytes>> {
        if self.meter.is_some() && !self.meter(1, frame.size()) {
            return ControlFlow::Continue(());
        }
        let incoming = match frame {
            Frame::Text(text) => Incoming::copied_to(text, chunk),
            Frame::Binary(bytes) => Incoming::binary(&Bytes::copy_from_slice(bytes)),
            Frame::Ping(payload) => {
                // Who sends pings and reads nothing gets no more pongs.
                if let Some(writer) = &mut self.live.lock().writer
                    && writer.queued() < PONGS_HIGH
                {
                    writer.push(ws_frame::frame(Opcode::Pong, &[payload]));
                }
                return ControlFlow::Continue(());
            }
            Frame::Pong(_) => return ControlFlow::Continue(()),
            Frame::Close { code, .. } => {
                return ControlFlow::Break(Some(ws_frame::close_frame(code.unwrap_or(1000), "")));
            }
        };
        let incoming = match incoming {
            // The common case goes straight on.
            Ok(event) if event.kind == Kind::Event => {
                self.message(waker, pipe, event);
                return ControlFlow::Continue(());
            }
            other => other.and_then(native::up),
        };
        match incoming {
            Ok(Up::Message(message)) => self.message(waker, pipe, message),
            Ok(up) => {
                self.input(Input::Packet { pipe, up });
                // Before the messages behind it.
                self.tell();
            }
            Err(malformed) => {
                self.input(Input::Malformed { pipe, code: malformed.code(), first: None, before: 0 });
            }
        }
        ControlFlow::Continue(())
    }

    /// Takes a counted message.
    fn message(&mut self, waker: &Waker, pipe: Pipe, message: Incoming) {
        match self.machine.accept(self.round, pipe, &message) {
            Ok(true) => {
                self.traffic.up += message.size as u64;
                self.client.handle(&mut Context::from_waker(waker), message);
            }
            Ok(false) => {}
            Err(code) => self.step(|machine, send, now| machine.fault(send, now, code)),
        }
    }
}
