//! What others want of a driver: its inbox.

use everwire_session::code::Code;
use everwire_session::server::{Input, Pipe, Shape, Up};
use everwire_session::wire::Secret;

use super::Driver;
use crate::config::Transport;
use crate::engine::ids;
use crate::engine::live::Job;
use crate::engine::socket::WebSocket;
use crate::incoming::Incoming;

/// An attach, until the machine has accepted or refused it.
pub(super) struct Attaching {
    pub(super) pipe: Pipe,
    pub(super) transport: Transport,
    pub(super) socket: Option<Box<WebSocket>>,
}

impl Driver {
    pub(super) fn jobs(&mut self) {
        for job in self.live.take_jobs() {
            match job {
                Job::Attach { exchange, transport, shape, head, batch } => {
                    let pipe = exchange.pipe;
                    self.exchanges.push(exchange);
                    self.attaching = Some(Attaching { pipe, transport, socket: None });
                    let (number, brought) = (head.attach, self.weight(&batch));
                    self.attach(Input::Attach {
                        pipe,
                        shape,
                        head,
                        batch,
                        fresh: Secret::new(ids::random()),
                    });
                    if self.machine.attach_number() == number {
                        self.charge(brought);
                    }
                }
                Job::Close { code, reason, retry } => {
                    self.live.lock().closed = true;
                    self.input(Input::Close { code, reason, retry });
                }
                Job::Forget => self.step(|machine, _, _| machine.forget()),
                Job::Gone(pipe) => {
                    self.exchanges.retain(|exchange| exchange.pipe != pipe);
                    self.input(Input::Gone { pipe });
                }
                // Of a foreign protocol, whose requests find no native sessions.
                Job::Guest(job) => job.refuse(),
                Job::Kill(code) => self.input(Input::Kill { code }),
                Job::Malformed { exchange, token, code, first, before } => {
                    // Else whoever knows the public id could end the session.
                    if let Err(code) = self.machine.prove(&token) {
                        exchange.refuse((code, None));
                        continue;
                    }
                    let pipe = exchange.pipe;
                    self.exchanges.push(exchange);
                    self.input(Input::Malformed { pipe, code, first, before });
                }
                Job::Post { exchange, head, batch, how } => {
                    let pipe = exchange.pipe;
                    self.exchanges.push(exchange);
                    let brought = self.weight(&batch);
                    let is_theirs = brought.is_some() && self.machine.prove(&head.token).is_ok();
                    self.input(Input::Post { pipe, head, batch, how });
                    if is_theirs {
                        self.charge(brought);
                    }
                }
                Job::Socket { socket, head } => {
                    let pipe = socket.writer.pipe;
                    let transport = Transport::Websocket;
                    self.attaching = Some(Attaching { pipe, transport, socket: Some(socket) });
                    let fresh = Secret::new(ids::random());
                    self.attach(Input::Attach { pipe, shape: Shape::Duplex, head, batch: Vec::new(), fresh });
                }
                Job::Stream { exchange, attach } => {
                    let pipe = exchange.pipe;
                    self.exchanges.push(exchange);
                    self.input(Input::Stream { pipe, attach });
                }
            }
        }
    }

    /// How many packets a body brings, and their bytes, if somebody wants to know.
    fn weight(&self, batch: &[Up<Incoming>]) -> Option<(u64, u64)> {
        self.meter.as_ref()?;
        let size = |up: &Up<Incoming>| match up {
            Up::Message(incoming) | Up::Volatile(incoming) => incoming.size as u64,
            Up::Close(_) | Up::Counts(..) => 0,
        };
        (!batch.is_empty()).then(|| (batch.len() as u64, batch.iter().map(size).sum()))
    }

    /// Ends the session if what has come is too much. The answer to the request that brought it tells so.
    fn charge(&mut self, brought: Option<(u64, u64)>) {
        if let Some((packets, bytes)) = brought {
            self.meter(packets, bytes);
        }
    }

    /// The same for what a WebSocket brings. `false`: it is over.
    pub(super) fn meter(&mut self, packets: u64, bytes: u64) -> bool {
        let now = self.now();
        let Some(meter) = &mut self.meter else { return true };
        let may_come = meter.take(now, packets, bytes);
        if !may_come {
            self.input(Input::Kill { code: Code::Rate });
        }
        may_come
    }

    fn attach(&mut self, input: Input<Incoming>) {
        self.input(input);
        // A WebSocket that was refused has been dealt with by then.
        self.attaching = None;
    }
}
