//! Everwire: a session between a client and a server that survives every change of transport, and an
//! event emitter on both sides. This crate is the server SDK.
#![forbid(unsafe_code)]

/// What the document shows compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/authentication.md")]
struct Authentication;

/// The application in the document compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/migrate-from-socket.io.md")]
struct MigrateFromSocketIo;

/// The same.
#[cfg(doctest)]
#[doc = include_str!("../../docs/migrate-from-sockjs.md")]
struct MigrateFromSockJs;

/// The same.
#[cfg(doctest)]
#[doc = include_str!("../../docs/limits.md")]
struct Limits;

mod config;
mod counters;
mod dialect;
mod engine;
mod rate;
mod serve;
mod stats;
mod transport;

pub use config::{Config, InvalidConfig, Overflow, Transport};
pub use rate::Rate;
pub use stats::Stats;
pub use transport::answers::Body;
pub use transport::engine_io::{EngineIoService, SocketIoService};
pub use transport::service::EverwireService;
pub use transport::sock_js::SockJsService;

pub use serve::{InvalidNetwork, Networks, ServeConfig, serve, serve_with};
#[cfg(feature = "tls")]
pub use serve::{Tls, TlsError};
pub use transport::http::origin::{InvalidOrigin, OriginPattern, OriginPolicy};

mod ack;
mod adapter;
mod chunk;
mod client;
mod emit;
mod emitter;
mod error;
pub mod extract;
#[cfg(any(fuzzing, test))]
pub mod fuzz;
mod handler;
mod handshake;
mod hooks;
mod hub;
mod incoming;
mod link;
#[cfg(any(measuring, test))]
pub mod measure;
mod memory;
mod namespace;
mod outgoing;
mod outlet;
mod queue;
mod registry;
mod server;
mod socket;
mod term;
pub mod testing;
mod worker;

pub use ack::{Ack, AckFuture};
pub use emit::Emit;
pub use emitter::{Answers, Broadcast, Delivery};
pub use error::{AckError, Disconnect, EmitError, Refusal, RoomError};
pub use everwire_session::code::Code;
pub use everwire_session::payload::{FromArgs, IntoArgs, Payload};
pub use extract::{Data, EventName, State};
pub use handler::{Answer, Handler, IntoAck, IntoAdmission};
pub use handshake::Handshake;
pub use hooks::Hooks;
pub use namespace::{Names, Namespace, Namespaces};
pub use server::Everwire;
pub use socket::{Latest, Socket, Volatile};
