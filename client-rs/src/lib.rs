//! The client of Everwire for Rust programs: a session that survives every loss of its connection, and an event emitter.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use everwire_client::{Data, Disconnect, Socket, connect};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let socket = connect("http://127.0.0.1:3000/everwire")
//!     .on("connect", |socket: Socket| async move {
//!         println!("connected over {:?}", socket.transport());
//!     })
//!     .on("said", |Data(text): Data<String>| async move { println!("somebody said {text}") })
//!     .on("disconnect", |Data(end): Data<Disconnect>| async move {
//!         println!("over: {}, {} events lost", end.code, end.unconfirmed);
//!     })
//!     .open()?;
//!
//! socket.emit("say", "hello")?; // may be called before there is a connection
//! let sum: i64 = socket.emit_with_ack("add", (1, 2)).timeout(Duration::from_secs(2)).await?;
//! println!("1 + 2 = {sum}");
//!
//! socket.close();
//! socket.closed().await;
//! # Ok(())
//! # }
//! ```
//!
//! The session runs over WebSocket, or long-polling where nothing else gets through. What is emitted arrives once and in order, over any number of
//! lost connections, or the local event `disconnect` tells how many events the server has not confirmed. These local events are handled as those of the
//! server are, and their names cannot be emitted:
//!
//! | event | data | when |
//! | --- | --- | --- |
//! | `connect` | [`Connect`] | once per session |
//! | `connect_error` | [`ConnectError`] | refused by the server (it is not tried again), or not reachable (it is) |
//! | `suspended`, `resumed` | none | the connection is lost; it is back, and nothing was lost |
//! | `transport` | [`Transport`] | the transport has changed |
//! | `disconnect` | [`Disconnect`] | the session or the namespace has ended; never for a lost connection alone. One that was never connected tells it only if events are lost |
//! | `error` | [`Failure`] | the server could not handle an event that asked for no answer |
//!
//! Each socket has a session of its own, with one namespace. There is no TLS yet: put a proxy beside the program if the way is open.
#![forbid(unsafe_code)]

mod ack;
mod choice;
mod client;
mod connect;
mod dispatch;
mod driver;
mod duplex;
mod error;
mod events;
mod handler;
mod link;
mod packets;
mod registry;
mod shared;
mod site;
mod socket;

pub use ack::AckFuture;
pub use choice::{Reconnection, Transport};
pub use connect::{Builder, connect};
pub use error::{AckError, EmitError, OpenError};
pub use events::{Connect, ConnectError, Disconnect, Failure};
pub use everwire_session::payload::{IntoArgs, Payload};
pub use handler::{Answer, Data, Event, EventName, FromEvent, Handler, IntoAck};
pub use registry::HandlerId;
pub use socket::{Socket, Volatile};
