//! The way down: what the machine says, on whatever carries it.

use std::sync::Arc;

use bytes::Bytes;
use everwire_session::code::Code;
use everwire_session::server::{Output, Pipe};
use everwire_session::wire::Welcome;

use super::Driver;
use super::notes::Note;
use crate::config::Transport;
use crate::dialect::native::Control;
use crate::engine::exchange::Exchange;
use crate::engine::live::Shared;
use crate::engine::socket::{self, WebSocket};
use crate::engine::writer::{Sink, Writer};
use crate::transport::ws_frame;

impl Driver {
    /// Does what the machine says. The application's part is noted for later: the lock is held.
    pub(super) fn outputs(&mut self, shared: &mut Shared) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Attached { pipe, resumed } => self.attached(shared, pipe, resumed),
                Output::Close(pipe, close) => self.control(shared, pipe, Control::close(&close)),
                Output::Counts(pipe, received, consumed) => {
                    self.control(shared, pipe, Control::counts(received, consumed));
                }
                Output::Deliver(incoming) | Output::Volatile(incoming) => {
                    self.notes.push(Note::Deliver(incoming));
                }
                Output::End(pipe) => self.end(shared, pipe),
                Output::Ended { code, reason, unconfirmed } => {
                    shared.closed = true;
                    shared.transport = None;
                    shared.volatile = None;
                    self.notes.push(Note::Ended { code, reason, unconfirmed });
                }
                Output::Heartbeat(pipe) => self.control(shared, pipe, Control::heartbeat()),
                Output::Message(pipe, message) => match &mut shared.writer {
                    Some(writer) if writer.pipe == pipe => writer.message(&message),
                    _ => {
                        if let Some(exchange) = self.exchange(pipe, false) {
                            self.traffic.down += message.size() as u64;
                            message.lines(|line| exchange.push(line));
                        }
                    }
                },
                Output::Refuse(pipe, code, expected) => self.refuse(shared, pipe, code, expected),
                Output::Suspended => {
                    shared.writer = None;
                    shared.transport = None;
                    self.notes.push(Note::Suspended);
                }
                Output::Welcome(pipe, welcome) => self.welcome(shared, pipe, *welcome),
            }
        }
    }

    pub(super) fn exchange(&mut self, pipe: Pipe, take: bool) -> Option<Arc<Exchange>> {
        let at = self.exchanges.iter().position(|exchange| exchange.pipe == pipe)?;
        Some(if take { self.exchanges.swap_remove(at) } else { self.exchanges[at].clone() })
    }

    fn attached(&mut self, shared: &mut Shared, pipe: Pipe, resumed: bool) {
        let Some(attaching) = &mut self.attaching else { return };
        let first = !std::mem::replace(&mut self.opened, true);
        self.notes.push(Note::Attached { resumed, first, transport: attaching.transport });
        shared.transport = Some(attaching.transport);
        shared.writer = None;
        if let Some(socket) = attaching.socket.take() {
            let WebSocket { reader, writer } = *socket;
            self.socket = Some((pipe, reader));
            shared.writer = Some(writer);
        }
    }

    fn welcome(&mut self, shared: &mut Shared, pipe: Pipe, mut welcome: Welcome) {
        if let Some(exchange) = self.exchange(pipe, false) {
            let streams = [Transport::EventSource, Transport::ForeverIframe, Transport::Streaming];
            if welcome.grant.is_some() && shared.transport.is_some_and(|name| streams.contains(&name)) {
                welcome.stream = Some(self.engine.config.stream_bytes as u64);
            }
            if exchange.ticketed {
                let attach = self.machine.attach_number();
                welcome.ticket = Some(self.engine.ticket(&self.live, attach));
            }
            if self.machine.live_pipe() == Some(pipe) {
                shared.writer = Some(Writer::new(pipe, Sink::Exchange(exchange)));
            }
        }
        self.control(shared, pipe, Control::welcome(&welcome));
    }

    fn control(&mut self, shared: &mut Shared, pipe: Pipe, control: Control) {
        match &mut shared.writer {
            Some(writer) if writer.pipe == pipe => writer.control(control),
            _ => {
                if let Some(exchange) = self.exchange(pipe, false) {
                    exchange.push(control.line());
                }
            }
        }
    }

    /// Nothing more goes down this pipe.
    fn end(&mut self, shared: &mut Shared, pipe: Pipe) {
        if let Some(writer) = &mut shared.writer
            && writer.pipe == pipe
        {
            let _ = writer.write_queue();
        }
        if let Some(exchange) = self.exchange(pipe, true) {
            exchange.end();
        }
        let code = self.machine.ended().unwrap_or(Code::ServerDisconnect);
        self.drop_socket(shared, pipe, Some(ws_frame::close_frame(code.websocket(), code.as_str())));
    }

    fn refuse(&mut self, shared: &mut Shared, pipe: Pipe, code: Code, expected: Option<u64>) {
        let exchange = self.exchange(pipe, true);
        let counted = exchange.as_ref().is_some_and(|exchange| exchange.total() == 0);
        self.notes.push(Note::Refused { code, counted });
        if let Some(exchange) = exchange {
            if let Some(writer) = &mut shared.writer
                && writer.pipe == pipe
            {
                let _ = writer.write_queue();
                shared.writer = None;
            }
            return exchange.refuse((code, expected));
        }
        let frame = Control::refusal(code, expected).frame();
        let farewell = ws_frame::close_frame(code.websocket(), code.as_str());
        if let Some(attaching) = &mut self.attaching
            && attaching.pipe == pipe
            && let Some(socket) = attaching.socket.take()
        {
            let WebSocket { reader, mut writer } = *socket;
            writer.push(frame);
            return socket::finish(Some(reader), writer, farewell);
        }
        if let Some(writer) = &mut shared.writer
            && writer.pipe == pipe
        {
            writer.push(frame);
        }
        self.drop_socket(shared, pipe, Some(farewell));
    }

    /// Lets go of the WebSocket `pipe`. With a farewell it is closed properly, in a task of its own that is short.
    pub(super) fn drop_socket(&mut self, shared: &mut Shared, pipe: Pipe, farewell: Option<Bytes>) {
        let reader = self.socket.take_if(|(current, _)| *current == pipe).map(|(_, reader)| reader);
        let writer = shared.writer.take_if(|writer| writer.pipe == pipe);
        match (writer, farewell) {
            // Its reader is in use further up the stack, which goes on with this.
            (Some(writer), Some(farewell)) if self.reading == Some(pipe) => {
                self.parting = Some(Box::new((writer, farewell)));
            }
            (Some(writer), Some(farewell)) => socket::finish(reader, writer, farewell),
            _ => {}
        }
    }
}
