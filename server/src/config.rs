//! What can be set on a server, with its defaults (protocol.md, section 13).

use std::fmt;
use std::time::Duration;

use crate::rate::Rate;
use crate::transport::http::origin::OriginPolicy;

/// The transports that a client may use. All but `jsonp` are on by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names of protocol.md, section 12")]
pub enum Transport {
    EventSource,
    ForeverIframe,
    Jsonp,
    LongPolling,
    Streaming,
    Websocket,
}

impl Transport {
    /// Every transport.
    pub const ALL: [Self; 6] = [
        Self::Websocket,
        Self::Streaming,
        Self::EventSource,
        Self::LongPolling,
        Self::ForeverIframe,
        Self::Jsonp,
    ];

    /// The name that URLs, clients and metrics use.
    pub fn name(self) -> &'static str {
        match self {
            Self::EventSource => "event_source",
            Self::ForeverIframe => "forever_iframe",
            Self::Jsonp => "jsonp",
            Self::LongPolling => "long_polling",
            Self::Streaming => "streaming",
            Self::Websocket => "websocket",
        }
    }
}

/// Times, limits and who may connect.
///
/// ```
/// use std::time::Duration;
/// use everwire::{Config, Everwire};
///
/// let mut config = Config::default();
/// config.ping = Duration::from_secs(20);
/// let wire = Everwire::with_config(config);
/// # let _ = wire;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Heartbeat interval. 10 s: proxies that cut after 30 s of silence are common, and two beats fit in.
    pub ping: Duration,
    /// How long after a heartbeat a silent client loses its carrier. 8 s: longer than a slow mobile network takes, short
    /// enough that nobody waits half a minute.
    pub timeout: Duration,
    /// How long a session without carrier can be resumed. 2 min: a tunnel, a lift, a closed lid.
    pub grace: Duration,
    /// The largest message, and the packets of one HTTP body together, in bytes before base64. 1,000,000, as Socket.IO has it.
    pub max_payload: usize,
    /// Bytes that one session may have emitted and not confirmed. 4 MiB; beyond, see [`Overflow`]. At least `max_payload`: else a message that one client may send would
    /// end the session of each that is to receive it.
    pub queue_bytes: usize,
    /// Bytes that all sessions together may make the server hold: what was emitted and not confirmed, what waits for handlers, messages that are not whole
    /// yet. The first 16 KiB of each are not counted. When half is taken, no session may have more than its equal part of the other half; one that would,
    /// or any that takes more when all is taken, is ended with `full`, and comes back after a pause. A quarter of the memory that the process may use, as its machine
    /// and its control groups (Linux) say; 256 MiB where nobody does. A broadcast counts once, in equal parts for its receivers.
    pub sessions_bytes: usize,
    /// What happens when either is passed by what is emitted.
    pub overflow: Overflow,
    /// Credit that a client gets, in bytes: what it may send ahead of the handlers. At least `max_payload`. 1 MiB.
    pub window: usize,
    /// Acks that may be pending from one side. 1,000.
    pub pending_acks: usize,
    /// Packets in one HTTP body. 10,000: what fills a body of 1 MB with short events.
    pub packets_per_body: usize,
    /// Sessions at a time, those without a connection included. Beyond, none is opened: `full`, 503. 100,000, some 400 MB when they are idle.
    pub sessions: usize,
    /// Sessions at a time that were opened from one address, or from one network of IPv6 (/64); beyond, `rate`, 429. Off: behind one address may be a
    /// whole school. An address is the socket's own, or what [`ServeConfig::trusted_proxies`](crate::ServeConfig::trusted_proxies) say.
    pub sessions_per_address: Option<usize>,
    /// How often one address may open a session; beyond, `rate`, 429. Off.
    pub opens_per_address: Option<Rate>,
    /// How many packets a client may send, volatile ones and control frames included; beyond, its session ends with `rate`. Off: credit slows a client that sends
    /// more than handlers take, and loses nothing, so this is against those that mean harm. Choose far more than an honest client sends, which after a cut sends all at once that has waited.
    pub messages: Option<Rate>,
    /// The same for bytes of packets.
    pub bytes: Option<Rate>,
    /// Bytes of one stream before it is ended and begun anew: a growing text costs its client memory. 4 MiB.
    pub stream_bytes: usize,
    /// How long a session may be without a namespace, and how long a first frame and a middleware that connects may take. 10 s.
    pub handshake: Duration,
    /// Sessions at a time that have never been in a namespace: their clients have not asked for one, or the middleware has not let them in. Beyond, new ones are
    /// refused with `full`. 10,000: some 60 MB, and as many clients as come back within a second after a restart.
    pub unauthenticated: usize,
    /// How long before the end of its auth ([`Socket::expires_in`](crate::Socket::expires_in)) a client is asked for fresh one, at most half of the auth's time; and how long it
    /// has for the answer to [`Socket::reauthenticate`](crate::Socket::reauthenticate). 1 min: time for a lost connection to come back.
    pub renewal: Duration,
    /// How long a request body may take. 20 s.
    pub body: Duration,
    /// Bytes for all request bodies that are still coming and are larger than 32 KiB, at what each may become. Beyond, a large body
    /// is not read on until there is room, within [`body`](Self::body). 64 MiB: 48 of the largest at a time.
    pub bodies_bytes: usize,
    /// Pages of which origins may connect. Same origin.
    pub origins: OriginPolicy,
    /// Whether cross-origin pages may send cookies along. No.
    pub credentials: bool,
    /// Which transports are on. All but `jsonp`, whose scripts any page can include.
    pub transports: Vec<Transport>,
}

impl Config {
    /// Does it make sense?
    ///
    /// # Errors
    /// What does not, in words.
    pub fn check(&self) -> Result<(), InvalidConfig> {
        if self.queue_bytes < self.max_payload {
            return Err(InvalidConfig(format!(
                "queue_bytes ({}) is less than max_payload ({}): a message that the server takes could not be passed on",
                self.queue_bytes, self.max_payload
            )));
        }
        Ok(())
    }
}

/// A [`Config`] that makes no sense, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidConfig(String);

impl fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidConfig {}

impl Default for Config {
    fn default() -> Self {
        Self {
            ping: Duration::from_secs(10),
            timeout: Duration::from_secs(8),
            grace: Duration::from_secs(120),
            max_payload: 1_000_000,
            queue_bytes: 4 << 20,
            sessions_bytes: crate::memory::available() / 4,
            overflow: Overflow::default(),
            window: 1 << 20,
            pending_acks: 1_000,
            packets_per_body: 10_000,
            sessions: 100_000,
            sessions_per_address: None,
            opens_per_address: None,
            messages: None,
            bytes: None,
            stream_bytes: 4 << 20,
            handshake: Duration::from_secs(10),
            unauthenticated: 10_000,
            renewal: Duration::from_secs(60),
            body: Duration::from_secs(20),
            bodies_bytes: 64 << 20,
            origins: OriginPolicy::default(),
            credentials: false,
            transports: Transport::ALL
                .into_iter()
                .filter(|transport| *transport != Transport::Jsonp)
                .collect(),
        }
    }
}

/// What happens when a session's queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The session is closed with `slow_consumer` or `full`. The client is told, and comes back after a pause.
    #[default]
    Disconnect,
    /// The message is not sent, and whoever emitted it is told. A broadcast tells nobody: use this only where a gap does no harm.
    Refuse,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_holds_the_largest_message() {
        let mut config = Config { queue_bytes: 999_999, ..Config::default() };
        let error = config.check().unwrap_err().to_string();
        assert!(error.contains("queue_bytes (999999)") && error.contains("max_payload (1000000)"), "{error}");
        config.max_payload = 999_999;
        assert_eq!(config.check(), Ok(()));
    }

    /// A number as the document writes it.
    fn grouped(number: usize) -> String {
        let digits = number.to_string();
        let groups: Vec<_> =
            digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).unwrap()).collect();
        groups.join(",")
    }

    fn off<T>(limit: Option<&T>) -> String {
        assert!(limit.is_none());
        "off".into()
    }

    /// Does not compile when a field is missing here, and fails when one is missing there, or has another default.
    #[test]
    fn the_table_of_the_document_is_this_one() {
        let Config {
            ping,
            timeout,
            grace,
            max_payload,
            queue_bytes,
            sessions_bytes: _,
            overflow,
            window,
            pending_acks,
            packets_per_body,
            sessions,
            sessions_per_address,
            opens_per_address,
            messages,
            bytes,
            stream_bytes,
            handshake,
            unauthenticated,
            renewal,
            body,
            bodies_bytes,
            // No limits.
            origins: _,
            credentials: _,
            transports: _,
        } = Config::default();
        let seconds = |time: Duration| format!("{} s", time.as_secs());
        let in_bytes = |number| format!("{} bytes", grouped(number));
        let fields = [
            ("max_payload", in_bytes(max_payload)),
            ("window", in_bytes(window)),
            ("queue_bytes", in_bytes(queue_bytes)),
            ("sessions_bytes", "a quarter of the memory".into()),
            ("overflow", format!("`{overflow:?}`")),
            ("pending_acks", grouped(pending_acks)),
            ("packets_per_body", grouped(packets_per_body)),
            ("sessions", grouped(sessions)),
            ("unauthenticated", grouped(unauthenticated)),
            ("sessions_per_address", off(sessions_per_address.as_ref())),
            ("opens_per_address", off(opens_per_address.as_ref())),
            ("messages", off(messages.as_ref())),
            ("bytes", off(bytes.as_ref())),
            ("grace", seconds(grace)),
            ("ping", seconds(ping)),
            ("timeout", seconds(timeout)),
            ("handshake", seconds(handshake)),
            ("renewal", seconds(renewal)),
            ("body", seconds(body)),
            ("bodies_bytes", in_bytes(bodies_bytes)),
            ("stream_bytes", in_bytes(stream_bytes)),
        ];
        let text = include_str!("../../docs/limits.md");
        let (_, table) = text.split_once("## In `Config`").expect("there is such a part");
        let rows = table.split("\n\n").nth(1).expect("it begins with the table").lines().skip(2);
        let rows: Vec<Vec<&str>> = rows.map(|row| row.split('|').map(str::trim).collect()).collect();
        for (row, (field, default)) in rows.iter().zip(&fields) {
            assert_eq!((row[1], row[2]), (&*format!("`{field}`"), &**default));
            assert_eq!(row.len(), 7, "what, answer and counter: {row:?}");
        }
        assert_eq!(rows.len(), fields.len());
    }

    #[test]
    fn each_counter_of_the_document_is_one() {
        use everwire_session::code::Code;
        let text = include_str!("../../docs/limits.md");
        for (group, names) in [
            ("`refused.", Code::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>()),
            ("`ended.", Code::ALL.iter().map(|code| code.as_str()).collect()),
            ("`rejected.", crate::counters::WORDS.to_vec()),
            ("`connections.", crate::serve::counts::NAMES.to_vec()),
        ] {
            let mentioned: Vec<_> =
                text.split(group).skip(1).map(|rest| rest.split('`').next().unwrap()).collect();
            assert!(!mentioned.is_empty());
            for name in mentioned {
                assert!(names.contains(&name), "{group}{name}`");
            }
        }
    }
}
