//! The task of a session in memory: what the engine does for one with a transport.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use everwire_session::code::Code;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Sleep;

use super::memory::{Memory, TRANSPORT};
use crate::client::Client;
use crate::incoming::Incoming;
use crate::outlet::Outlet;

pub(super) enum Command {
    /// Answer when nothing runs any more.
    Idle(oneshot::Sender<()>),
    Receive(Incoming),
    /// The session gets a carrier again.
    Resume,
    /// Answer when everything has run as far as it goes without waiting.
    Settle(oneshot::Sender<()>),
    /// The session loses its carrier.
    Suspend,
}

pub(super) struct Driver {
    pub(super) client: Client,
    pub(super) outlet: Arc<Memory>,
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    pub(super) idle: Vec<oneshot::Sender<()>>,
    pub(super) connected: bool,
    /// For when nothing else wakes it.
    pub(super) timer: Pin<Box<Sleep>>,
}

impl Driver {
    /// Ready when the session is over and its last handler has run.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.outlet.watch(cx);
        let mut settled = Vec::new();
        loop {
            match self.commands.poll_recv(cx) {
                Poll::Ready(Some(Command::Receive(incoming))) => self.client.receive(incoming),
                Poll::Ready(Some(Command::Resume)) => {
                    self.outlet.set_suspended(false);
                    self.client.resumed(TRANSPORT);
                }
                Poll::Ready(Some(Command::Suspend)) => {
                    self.outlet.set_suspended(true);
                    self.client.suspended();
                }
                Poll::Ready(Some(Command::Idle(sender))) => self.idle.push(sender),
                Poll::Ready(Some(Command::Settle(sender))) => settled.push(sender),
                Poll::Ready(None) => {
                    self.outlet.close(Code::GraceOver, None);
                    break;
                }
                Poll::Pending => break,
            }
        }
        self.client.poll(cx);
        self.set_timer(cx);
        self.connected |= self.client.namespaces() > 0;
        if self.connected && self.client.namespaces() == 0 && self.client.is_idle() {
            self.outlet.close(Code::ClientDisconnect, None);
        }
        if let Some((code, reason)) = self.outlet.closed() {
            self.client.end(code, reason.as_deref(), 0);
            self.client.poll(cx);
        }
        let idle = self.client.is_idle();
        if idle {
            settled.append(&mut self.idle);
        }
        for sender in settled {
            // Who asked may have stopped waiting.
            let _ = sender.send(());
        }
        if idle && self.outlet.closed().is_some() {
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// Wakes at the client's next time-out, as a session's driver is woken.
    fn set_timer(&mut self, cx: &mut Context<'_>) {
        while let Some(due) = self.client.next_timeout() {
            self.timer.as_mut().reset(due);
            if self.timer.as_mut().poll(cx).is_pending() {
                break;
            }
            self.client.poll(cx);
        }
    }
}
