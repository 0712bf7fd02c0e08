//! The way up of a foreign client's WebSocket.

use std::ops::ControlFlow;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use everwire_session::code::Code;
use everwire_session::server::Pipe;

use super::{Guest, Probed};
use crate::chunk::Chunk;
use crate::dialect::Part;
use crate::engine::hold;
use crate::engine::socket::{self, Reader};
use crate::transport::ws_frame::{self, Frame, Opcode};

/// Bytes on their way to the network above which pings are not answered.
const PONGS_HIGH: usize = 64 << 10;

/// Reads in one turn.
const READS: usize = 16;

impl Guest {
    /// Reads what there is, at most so often that others are not kept waiting. `true`: there may be more.
    pub(super) fn read_all(&mut self, cx: &mut Context<'_>) -> bool {
        // The current one, and one that asks to take over.
        let pipes = [0, 1].map(|at| self.readers.get(at).map(|(pipe, _)| *pipe));
        let mut more = false;
        for pipe in pipes.into_iter().flatten() {
            more |= (0..READS).all(|_| !self.is_full() && self.is_within_its_part() && self.read(cx, pipe));
        }
        more
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

    /// Reads a WebSocket once. `true`: there may be more.
    fn read(&mut self, cx: &mut Context<'_>, pipe: Pipe) -> bool {
        let Some(at) = self.readers.iter().position(|(other, _)| *other == pipe) else { return false };
        let (_, mut reader) = self.readers.swap_remove(at);
        let waker = cx.waker();
        self.reading = Some(pipe);
        let polled = reader.poll_read(cx, |decoder, bytes| {
            let mut chunk = Chunk::of(bytes.len());
            let mut frames = decoder.read(bytes);
            loop {
                match frames.next() {
                    Ok(None) => return None,
                    Ok(Some(frame)) => match self.frame(waker, pipe, &frame, &mut chunk) {
                        ControlFlow::Continue(()) if self.parting.is_none() => {}
                        ControlFlow::Continue(()) => return None,
                        ControlFlow::Break(farewell) => return Some(farewell),
                    },
                    Err(error) => {
                        self.engine.hub.refused(error.code());
                        return Some(ws_frame::close_frame(error.close_code(), error.reason()));
                    }
                }
            }
        });
        self.reading = None;
        if let Some((writer, farewell)) = self.parting.take() {
            socket::finish_politely(Some(reader), writer, farewell);
            return false;
        }
        match polled {
            Poll::Pending => {
                self.readers.push((pipe, reader));
                false
            }
            Poll::Ready(Ok(Some(None))) => {
                self.readers.push((pipe, reader));
                true
            }
            Poll::Ready(Ok(Some(Some(farewell)))) => {
                self.part(cx, pipe, reader, farewell);
                false
            }
            Poll::Ready(Ok(None) | Err(_)) => {
                self.gone(pipe);
                false
            }
        }
    }

    /// Says goodbye to a WebSocket that closes, or that breaks the rules; what came before that is still handled, and answered.
    fn part(&mut self, cx: &mut Context<'_>, pipe: Pipe, reader: Box<Reader>, farewell: Bytes) {
        self.handle(cx);
        let probe = self.probe.take_if(|probe| probe.writer.pipe == pipe).map(|probe| probe.writer);
        let current = self.live.lock().take_writer(|writer| writer.pipe == pipe);
        let was_current = current.is_some();
        if let Some(writer) = probe.or(current) {
            socket::finish(Some(reader), writer, farewell);
        }
        if was_current {
            self.end(Code::ClientDisconnect, None, None);
        }
    }

    /// Takes one frame. A break ends the reading, with a close frame that is still to be said.
    fn frame(
        &mut self,
        waker: &Waker,
        pipe: Pipe,
        frame: &Frame<'_>,
        chunk: &mut Chunk,
    ) -> ControlFlow<Bytes> {
        let part = match frame {
            Frame::Text(text) if self.event(waker, text, chunk) => return ControlFlow::Continue(()),
            Frame::Text(text) => Part::Text(Bytes::copy_from_slice(text.as_bytes())),
            Frame::Binary(bytes) => Part::Binary(Bytes::copy_from_slice(bytes)),
            Frame::Ping(payload) => {
                self.pong(pipe, payload);
                return ControlFlow::Continue(());
            }
            Frame::Pong(_) => return ControlFlow::Continue(()),
            Frame::Close { code, .. } => {
                return ControlFlow::Break(ws_frame::close_frame(code.unwrap_or(1000), ""));
            }
        };
        if self.probe.as_ref().is_none_or(|probe| probe.writer.pipe != pipe) {
            self.take(part);
            return ControlFlow::Continue(());
        }
        match self.tongue.probed(&part) {
            Probed::Answer { answer, noop, pause } => {
                if let Some(probe) = &mut self.probe {
                    let mut frame = Vec::new();
                    self.live.speech().frame(&answer, &mut frame);
                    probe.writer.push(frame.into());
                    probe.noop = Some((noop.clone(), pause));
                }
                self.release(&noop);
            }
            Probed::Upgrade { noop } => self.upgrade(&noop),
            Probed::Nonsense => return ControlFlow::Break(ws_frame::close_frame(1000, "")),
        }
        ControlFlow::Continue(())
    }

    /// Handles an event at once, if that is what has come, nothing else is under way, and what comes is not counted. `false`: it has not been taken.
    fn event(&mut self, waker: &Waker, text: &str, chunk: &mut Chunk) -> bool {
        if self.probe.is_some() || self.moving.is_some() || self.ended.is_some() || self.meter.is_some() {
            return false;
        }
        let Some(event) = self.tongue.event(self.round, text, chunk) else { return false };
        self.unhandled += event.credit();
        self.client.handle(&mut Context::from_waker(waker), event);
        true
    }

    /// Who sends pings and reads nothing gets no more pongs.
    fn pong(&mut self, pipe: Pipe, payload: &[u8]) {
        let mut shared = self.live.lock();
        let writers = shared.writer.iter_mut().chain(self.probe.as_mut().map(|probe| &mut probe.writer));
        if let Some(writer) = { writers }.find(|writer| writer.pipe == pipe && writer.queued() < PONGS_HIGH) {
            writer.push(ws_frame::frame(Opcode::Pong, &[payload]));
        }
    }
}
