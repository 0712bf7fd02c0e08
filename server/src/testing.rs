//! A client in memory, for tests of handlers: no port, no transport, and time that need not pass.
//!
//! ```
//! use everwire::testing::TestClient;
//! use everwire::{Data, Everwire, Socket};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // In a test of yours: #[tokio::test(start_paused = true)]
//! let wire = Everwire::new();
//! wire.on_connect(|socket: Socket| async move {
//!     socket.on("add", |Data((a, b)): Data<(i64, i64)>| async move { a + b });
//! });
//!
//! let mut client = TestClient::connect(&wire, "/", ()).await.unwrap();
//! assert_eq!(client.emit_with_ack::<i64>("add", (1, 2)).await, Ok(3));
//! client.disconnect().await;
//! # }
//! ```
//!
//! With paused time every time-out of a handler passes as soon as nothing else can happen. Whatever a client waits for fails after a minute, which then passes at once too.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use everwire_session::packet::{Kind, MAIN};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use crate::client::Client;
use crate::error::AckError;
use crate::handshake::RequestInfo;
use crate::incoming::Incoming;
use crate::link::Peer;
use crate::server::Everwire;
use everwire_session::payload::{IntoArgs, Payload};

mod driver;
mod memory;

use driver::{Command, Driver};
use memory::Memory;

/// How long a client waits for anything.
const PATIENCE: Duration = Duration::from_secs(60);

static SESSIONS: AtomicU64 = AtomicU64::new(1);

/// A client of one namespace. Dropping the last one of a session is a client that has vanished: its sockets' end has the code `grace_over`.
///
/// What it receives waits until it is asked for. A client that never asks is a slow consumer, with the limits of a real one.
pub struct TestClient {
    memory: Arc<Memory>,
    commands: mpsc::UnboundedSender<Command>,
    namespace: String,
    id: String,
    acks: u64,
}

/// An event from the server.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TestEvent {
    /// Its name.
    pub name: String,
    /// Its arguments.
    pub args: Payload,
    /// Answer it by [`TestClient::ack`], if the server wants that.
    pub ack: Option<u64>,
}

impl TestEvent {
    /// Reads the arguments: a tuple takes all, anything else the first.
    ///
    /// # Panics
    /// When they are not of this type: the test fails.
    #[track_caller]
    pub fn read<T: DeserializeOwned>(&self) -> T {
        self.args.read().unwrap_or_else(|error| panic!("the arguments of {:?}: {error}", self.name))
    }
}

/// An error that the server reported about an event without ack.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
#[serde(default)]
pub struct TestError {
    /// Such as `bad_data`, `handler_error`, `handler_panic`.
    pub code: String,
    /// The event that it is about.
    pub event: Option<String>,
    /// In words.
    pub message: Option<String>,
}

/// The server refused the connect.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Denied {
    /// The refusal's message.
    pub message: String,
    /// Its data.
    #[serde(default)]
    pub data: Value,
}

/// The server ended the namespace or the session.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestEnd {
    /// Such as `server_disconnect`, `slow_consumer`.
    pub code: String,
    /// What the server said.
    #[serde(default)]
    pub reason: Option<String>,
}

impl TestClient {
    /// Opens a session and connects it to a namespace. Auth is any value; `()` is none.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn connect(wire: &Everwire, namespace: &str, auth: impl Serialize) -> Result<Self, Denied> {
        let memory = Arc::new(Memory::new(format!("test-{}", SESSIONS.fetch_add(1, Ordering::Relaxed))));
        let client = Client::new(wire.hub.clone(), memory.clone(), RequestInfo::default(), Peer::Native);
        let (commands, receiver) = mpsc::unbounded_channel();
        let mut driver = Driver {
            client,
            outlet: memory.clone(),
            commands: receiver,
            idle: Vec::new(),
            connected: false,
            timer: Box::pin(tokio::time::sleep(Duration::ZERO)),
        };
        tokio::spawn(async move { poll_fn(|cx| driver.poll(cx)).await });
        Self::join(memory, commands, namespace, auth).await
    }

    /// Connects the same session to another namespace.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn namespace(&self, namespace: &str, auth: impl Serialize) -> Result<Self, Denied> {
        Self::join(self.memory.clone(), self.commands.clone(), namespace, auth).await
    }

    /// A handle to another namespace of the session that does not connect to it: for events that a client sends ahead of the answer, or to
    /// where it is not connected.
    pub fn early(&self, namespace: &str) -> Self {
        let (memory, commands) = (self.memory.clone(), self.commands.clone());
        Self { memory, commands, namespace: namespace.into(), id: String::new(), acks: 1 << 32 }
    }

    async fn join(
        memory: Arc<Memory>,
        commands: mpsc::UnboundedSender<Command>,
        namespace: &str,
        auth: impl Serialize,
    ) -> Result<Self, Denied> {
        let mut client = Self { memory, commands, namespace: namespace.into(), id: String::new(), acks: 0 };
        client.id = client.authenticate(auth).await?;
        Ok(client)
    }

    /// Sends an auth, and gives the socket's id.
    async fn authenticate(&self, auth: impl Serialize) -> Result<String, Denied> {
        let auth = serde_json::to_string(&auth).expect("auth can be written as JSON");
        self.send("c", None, if auth == "null" { "" } else { &auth });
        let answer = self
            .read(|message| match message.kind {
                Kind::Opened => {
                    Some(Ok(object::<Value>(message)["id"].as_str().unwrap_or_default().to_owned()))
                }
                Kind::Denied => Some(Err(object::<Denied>(message))),
                _ => None,
            })
            .await;
        answer.unwrap_or_else(|| Err(Denied { message: "no answer".into(), data: Value::Null }))
    }

    /// Gives fresh auth for its namespace, as a client does that was [asked](Self::asked).
    ///
    /// # Errors
    /// When the server refuses: then the socket has left.
    pub async fn renew(&mut self, auth: impl Serialize) -> Result<(), Denied> {
        self.authenticate(auth).await.map(|id| self.id = id)
    }

    /// Waits until the server asks for fresh auth: within which time it wants it. None as for [`next_event`](Self::next_event).
    pub async fn asked(&mut self) -> Option<Duration> {
        #[derive(Deserialize)]
        struct Query {
            within: u64,
        }
        self.read(|message| {
            (message.kind == Kind::Query).then(|| Duration::from_millis(object::<Query>(message).within))
        })
        .await
    }

    /// The socket's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Sends an event.
    ///
    /// # Panics
    /// When the arguments cannot be written as JSON.
    pub fn emit(&self, event: &str, args: impl IntoArgs) {
        self.emit_packet("e", None, event, args);
    }

    /// Sends a volatile event.
    ///
    /// # Panics
    /// When the arguments cannot be written as JSON.
    pub fn emit_volatile(&self, event: &str, args: impl IntoArgs) {
        self.emit_packet("v", None, event, args);
    }

    /// Sends an event and waits for its answer.
    ///
    /// # Errors
    /// What the server answered instead, [`AckError::SessionEnded`], or [`AckError::Timeout`] after a minute.
    ///
    /// # Panics
    /// When the arguments cannot be written as JSON.
    pub async fn emit_with_ack<T: DeserializeOwned>(
        &mut self,
        event: &str,
        args: impl IntoArgs,
    ) -> Result<T, AckError> {
        self.acks += 1;
        let id = self.acks;
        self.emit_packet("e", Some(id), event, args);
        let answer = self
            .read(|message| match message.kind {
                _ if message.id != Some(id) => None,
                Kind::Ack => {
                    Some(Ok(Payload::of_array(message.body.clone(), 0, message.attachments.clone())))
                }
                Kind::Error => {
                    let TestError { code, message, .. } = object(message);
                    Some(Err(AckError::Remote { code, message: message.unwrap_or_default() }))
                }
                _ => None,
            })
            .await;
        let lost = if self.memory.closed().is_some() { AckError::SessionEnded } else { AckError::Timeout };
        answer.unwrap_or(Err(lost))?.read().map_err(|error| AckError::Data(error.to_string()))
    }

    /// Answers an event of the server.
    ///
    /// # Panics
    /// When the values cannot be written as JSON, or the event wants no answer.
    pub fn ack(&self, event: &TestEvent, values: impl IntoArgs) {
        let id = event.ack.expect("the event wants an answer");
        let payload = values.into_payload().expect("values can be written as JSON");
        self.send_payload("a", Some(id), "[", &payload);
    }

    /// Reports an event of the server as failed: the answer if it wants one, else its socket's local event `error`.
    pub fn fail(&self, event: &TestEvent, code: &str, message: &str) {
        let body = serde_json::json!({"code": code, "event": event.name, "message": message});
        self.send("x", event.ack, &body.to_string());
    }

    /// Loses the session's carrier: nothing volatile arrives until it is [resumed](Self::resume).
    pub fn suspend(&self) {
        let _ = self.commands.send(Command::Suspend);
    }

    /// Gets a carrier again.
    pub fn resume(&self) {
        let _ = self.commands.send(Command::Resume);
    }

    /// The next event; none if the namespace has ended, or nothing came for a minute.
    pub async fn next_event(&mut self) -> Option<TestEvent> {
        self.read(|message| match message.kind {
            Kind::Event | Kind::Volatile => Some(event(message)),
            _ => None,
        })
        .await
    }

    /// The next error about an event without ack; none as for [`next_event`](Self::next_event).
    pub async fn next_error(&mut self) -> Option<TestError> {
        self.read(|message| (message.kind == Kind::Error && message.id.is_none()).then(|| object(message)))
            .await
    }

    /// How the server ended the namespace or the session; none if it did not within a minute.
    pub async fn end(&mut self) -> Option<TestEnd> {
        let left = self.read(|message| (message.kind == Kind::Left).then(|| object(message))).await;
        left.or_else(|| {
            self.memory.closed().map(|(code, reason)| TestEnd { code: code.as_str().into(), reason })
        })
    }

    /// Waits until the server has done what it can do now with all that this session sent: handlers have ended or wait for something.
    pub async fn settle(&self) {
        self.ask(Command::Settle).await;
    }

    /// Leaves the namespace, and the session with the last one. Ends when the handlers of the end have run.
    pub async fn disconnect(self) {
        self.send("l", None, r#"{"code":"client_disconnect"}"#);
        self.ask(Command::Idle).await;
    }

    /// The session may be over: then there is nothing to wait for.
    async fn ask(&self, command: fn(oneshot::Sender<()>) -> Command) {
        let (sender, receiver) = oneshot::channel();
        if self.commands.send(command(sender)).is_ok() {
            let _ = receiver.await;
        }
    }

    fn emit_packet(&self, letter: &str, id: Option<u64>, event: &str, args: impl IntoArgs) {
        let payload = args.into_payload().expect("the arguments can be written as JSON");
        let name = serde_json::to_string(event).expect("a string can be written as JSON");
        let comma = if payload.is_empty() { "" } else { "," };
        self.send_payload(letter, id, &format!("[{name}{comma}"), &payload);
    }

    fn send_payload(&self, letter: &str, id: Option<u64>, start: &str, payload: &Payload) {
        let text = std::str::from_utf8(payload.text()).expect("JSON is UTF-8");
        let head = format!("{}{start}{text}]", self.head(letter, id));
        let incoming = if payload.attachments().is_empty() {
            Incoming::text(&Bytes::from(head))
        } else {
            let bytes = everwire_session::packet::join_binary(&head, payload.attachments());
            Incoming::binary(&bytes.into())
        };
        self.receive(incoming.expect("what a client writes is a packet"));
    }

    fn send(&self, letter: &str, id: Option<u64>, body: &str) {
        let text = Bytes::from(self.head(letter, id) + body);
        self.receive(Incoming::text(&text).expect("what a client writes is a packet"));
    }

    fn head(&self, letter: &str, id: Option<u64>) -> String {
        let id = id.map(|id| id.to_string()).unwrap_or_default();
        if self.namespace == MAIN {
            format!("{letter}{id}")
        } else {
            format!("{letter}{},{id}", self.namespace)
        }
    }

    /// After the end of the session it goes nowhere.
    fn receive(&self, incoming: Incoming) {
        let _ = self.commands.send(Command::Receive(incoming));
    }

    async fn read<T>(&self, mut pick: impl FnMut(&Incoming) -> Option<T>) -> Option<T> {
        let read = poll_fn(|cx| self.memory.poll_read(cx, &self.namespace, &mut pick));
        tokio::time::timeout(PATIENCE, read).await.unwrap_or_default()
    }
}

fn event(message: &Incoming) -> TestEvent {
    let (name, behind) = crate::worker::event_name(&message.body).expect("an event has a name");
    let args = Payload::of_array(message.body.clone(), behind, message.attachments.clone());
    TestEvent { name: String::from_utf8_lossy(&name).into_owned(), args, ack: message.id }
}

fn object<T: DeserializeOwned>(message: &Incoming) -> T {
    serde_json::from_slice(&message.body).expect("the server writes such an object")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ack, Socket};

    #[tokio::test(start_paused = true)]
    async fn an_event_is_answered_once_however_many_acks_are_taken() {
        let wire = Everwire::new();
        wire.on_connect(|socket: Socket| async move {
            socket.on("twice", |first: Ack, second: Ack| async move {
                first.send(1).unwrap();
                second.send(2).unwrap();
                3
            });
        });
        let mut client = TestClient::connect(&wire, "/", ()).await.unwrap();
        assert_eq!(client.emit_with_ack::<i64>("twice", ()).await, Ok(1));
        assert_eq!(client.read(|message| (message.kind == Kind::Ack).then_some(())).await, None);
    }

    /// The driver of a session waits for handlers only so long.
    #[tokio::test(start_paused = true)]
    async fn the_end_is_handled_even_if_a_handler_never_ends() {
        let (sender, mut ends) = mpsc::unbounded_channel();
        let wire = Everwire::new();
        wire.on_connect(move |socket: Socket| {
            let sender = sender.clone();
            socket.on("hang", std::future::pending::<()>);
            socket.on_disconnect(move |socket: Socket, end: crate::Disconnect| {
                let sender = sender.clone();
                async move {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    sender.send((end.code, socket.rooms())).unwrap();
                }
            });
            async move { socket.join("room") }
        });
        let memory = Arc::new(Memory::new("s".into()));
        let mut client = Client::new(wire.hub.clone(), memory, RequestInfo::default(), Peer::Native);
        client.receive(Incoming::text(&Bytes::from_static(b"c")).unwrap());
        client.receive(Incoming::text(&Bytes::from_static(b"e[\"hang\"]")).unwrap());
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert_eq!(client.poll(&mut cx), 0);
        client.end(crate::Code::SlowConsumer, None, 3);
        client.poll(&mut cx);
        assert!(!client.is_idle());
        drop(client);
        assert_eq!(ends.recv().await.unwrap(), (crate::Code::SlowConsumer, vec!["room".to_owned()]));
        tokio::task::yield_now().await;
        assert_eq!(wire.hub.counts(), crate::hub::HubCounts::default());
    }
}
