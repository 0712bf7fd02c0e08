//! What one run is to do.

use std::net::SocketAddr;
use std::time::Duration;

#[derive(Clone, Copy, PartialEq)]
pub enum Scenario {
    /// Each connection keeps `window` messages of 64 bytes on their way, and gets each back.
    Echo,
    /// One connection publishes 128 bytes of JSON to all: `rate` times a second, or if that is 0, so that `window` publications are
    /// on their way.
    FanOut,
    /// Sessions are opened, and then say only what their heartbeat asks for, `seconds` long.
    Idle,
    /// Joins, leaves and broadcasts while there are `rooms` other rooms.
    Rooms,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Protocol {
    /// No protocol above WebSocket's frames.
    Bare,
    Native,
    SocketIo,
    SockJs,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Transport {
    EventSource,
    Polling,
    Streaming,
    WebSocket,
}

pub struct Plan {
    pub address: SocketAddr,
    /// The server's process.
    pub pid: u32,
    pub scenario: Scenario,
    pub protocol: Protocol,
    pub transport: Transport,
    pub connections: usize,
    pub window: usize,
    pub rate: f64,
    pub rooms: usize,
    /// The same load before anything is measured.
    pub warm: Duration,
    pub measured: Duration,
}

impl Plan {
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Self {
        let address = arguments.next().expect("an address").parse().expect("an address");
        let pid = arguments.next().expect("a process").parse().expect("a process");
        let mut plan = Self {
            address,
            pid,
            scenario: Scenario::Echo,
            protocol: Protocol::Native,
            transport: Transport::WebSocket,
            connections: 100,
            window: 16,
            rate: 0.0,
            rooms: 1,
            warm: Duration::from_millis(500),
            measured: Duration::from_secs(3),
        };
        for argument in arguments {
            let (name, value) = argument.split_once('=').expect("name=value");
            plan.set(name, value);
        }
        let streams = matches!(plan.transport, Transport::EventSource | Transport::Streaming);
        assert!(!(streams && plan.protocol == Protocol::SocketIo), "Socket.IO has no streams");
        plan
    }

    fn set(&mut self, name: &str, value: &str) {
        let number = || value.parse::<f64>().expect("a number");
        match (name, value) {
            ("scenario", "echo") => self.scenario = Scenario::Echo,
            ("scenario", "fan-out") => self.scenario = Scenario::FanOut,
            ("scenario", "idle") => self.scenario = Scenario::Idle,
            ("scenario", "rooms") => self.scenario = Scenario::Rooms,
            ("dialect", "bare") => self.protocol = Protocol::Bare,
            ("dialect", "native") => self.protocol = Protocol::Native,
            ("dialect", "socket_io") => self.protocol = Protocol::SocketIo,
            ("dialect", "sock_js") => self.protocol = Protocol::SockJs,
            ("transport", "event_source") => self.transport = Transport::EventSource,
            ("transport", "polling") => self.transport = Transport::Polling,
            ("transport", "streaming") => self.transport = Transport::Streaming,
            ("transport", "websocket") => self.transport = Transport::WebSocket,
            ("connections", _) => self.connections = number() as usize,
            ("window", _) => self.window = number() as usize,
            ("rate", _) => self.rate = number(),
            ("rooms", _) => self.rooms = number() as usize,
            ("warm", _) => self.warm = Duration::from_secs_f64(number()),
            ("seconds", _) => self.measured = Duration::from_secs_f64(number()),
            _ => panic!("nothing is called {name}={value}"),
        }
    }
}
