//! What sockets, handlers and the driver of a session share.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use everwire_session::Message;
use everwire_session::payload::Payload;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot, watch};

use crate::choice::Transport;
use crate::error::{AckError, EmitError};
use crate::packets::Outgoing;
use crate::registry::Registry;

/// Bytes that may be emitted and not confirmed.
pub(crate) const MAX_QUEUED: usize = 4 << 20;

/// What comes back for an event that was sent with an id.
pub(crate) type Reply = Result<Payload, AckError>;

/// What sockets and handlers ask of the driver.
pub(crate) enum Command {
    /// A handler has answered an event of this session.
    Answer {
        session: u64,
        message: Outgoing,
    },
    Close,
    /// A handler has finished with so many credited bytes of this session.
    Consumed {
        session: u64,
        bytes: u64,
    },
    Emit {
        message: Outgoing,
        ack: Option<(u64, oneshot::Sender<Reply>)>,
    },
    /// Nobody waits for this ack any more.
    Forget(u64),
    Volatile(Outgoing),
}

/// What a socket can tell about itself.
#[derive(Default)]
pub(crate) struct View {
    pub(crate) connected: bool,
    /// The user has closed it.
    pub(crate) closing: bool,
    pub(crate) id: Option<String>,
    pub(crate) transport: Option<Transport>,
}

pub(crate) struct Shared {
    pub(crate) namespace: String,
    pub(crate) registry: Registry,
    pub(crate) view: Mutex<View>,
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    pub(crate) over: watch::Sender<bool>,
    /// Bytes in the channel of commands, and unconfirmed.
    queued: AtomicUsize,
    /// Bytes of volatile events that wait for their handlers.
    pub(crate) volatile: AtomicUsize,
    /// The largest message that the server takes, and how many acks may be pending.
    max: AtomicUsize,
    max_acks: AtomicUsize,
    acks: AtomicUsize,
    last_id: AtomicU64,
}

impl Shared {
    pub(crate) fn new(
        namespace: String,
        registry: Registry,
        commands: mpsc::UnboundedSender<Command>,
    ) -> Self {
        Self {
            namespace,
            registry,
            view: Mutex::default(),
            commands,
            over: watch::Sender::new(false),
            queued: AtomicUsize::new(0),
            volatile: AtomicUsize::new(0),
            // Defaults of a server, until it has told its own limits.
            max: AtomicUsize::new(1_000_000),
            max_acks: AtomicUsize::new(1_000),
            acks: AtomicUsize::new(0),
            last_id: AtomicU64::new(0),
        }
    }

    /// What the server's welcome says.
    pub(crate) fn set_limits(&self, max: u64, acks: u64) {
        let size = |number| usize::try_from(number).unwrap_or(usize::MAX);
        self.max.store(size(max), Ordering::Relaxed);
        self.max_acks.store(size(acks), Ordering::Relaxed);
    }

    pub(crate) fn may_send(&self, message: &Outgoing) -> Result<(), EmitError> {
        if message.size() > self.max.load(Ordering::Relaxed) {
            return Err(EmitError::TooLarge);
        }
        if self.view.lock().closing { Err(EmitError::Closed) } else { Ok(()) }
    }

    pub(crate) fn emit(
        &self,
        message: Outgoing,
        ack: Option<(u64, oneshot::Sender<Reply>)>,
    ) -> Result<(), EmitError> {
        self.may_send(&message)?;
        let size = message.size();
        if self.queued.fetch_add(size, Ordering::Relaxed) + size > MAX_QUEUED {
            self.freed(size);
            return Err(EmitError::Full);
        }
        self.commands.send(Command::Emit { message, ack }).map_err(|_| EmitError::Closed)
    }

    /// Bytes are queued that no call was asked for.
    pub(crate) fn queued(&self, bytes: usize) {
        self.queued.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes were confirmed, or their session has ended.
    pub(crate) fn freed(&self, bytes: usize) {
        self.queued.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Takes one of the acks that may be pending, with an id.
    pub(crate) fn take_ack(&self) -> Result<u64, EmitError> {
        if self.acks.fetch_add(1, Ordering::Relaxed) >= self.max_acks.load(Ordering::Relaxed) {
            self.give_acks(1);
            return Err(EmitError::PendingAcks);
        }
        Ok(self.last_id.fetch_add(1, Ordering::Relaxed) + 1)
    }

    pub(crate) fn give_acks(&self, count: usize) {
        self.acks.fetch_sub(count, Ordering::Relaxed);
    }

    /// The session has ended. Was it connected?
    pub(crate) fn disconnected(&self) -> bool {
        let mut view = self.view.lock();
        (view.id, view.transport) = (None, None);
        std::mem::take(&mut view.connected)
    }
}
