//! What can be set on the accept loop.

use std::time::Duration;

use super::network::Networks;

/// What [`serve_with`](super::serve_with) allows its connections.
///
/// ```
/// let mut config = everwire::ServeConfig::default();
/// config.connections_per_address = Some(50);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServeConfig {
    /// Connections at a time, WebSockets included. Beyond, none is accepted until one ends: they wait in the system's queue,
    /// and the log says so. What the limit of open files leaves beside 64 for everything else; 10,000 where there is no such limit.
    pub connections: usize,
    /// Connections at a time from one address, or from one network of IPv6 (/64); beyond, 429. Off: behind one address may be a whole
    /// school. What comes through [`trusted_proxies`](Self::trusted_proxies) is counted by request, WebSockets for as long as they live.
    pub connections_per_address: Option<usize>,
    /// Proxies whose `X-Forwarded-For` or `Forwarded` says where a request comes from: the last address there that is not itself one
    /// of these. From anybody else both are ignored. None.
    ///
    /// A proxy should set one of the two and take the other away; where a request has both and they differ, it counts as the proxy's own.
    pub trusted_proxies: Networks,
    /// How long an answer may wait for its reader without one byte being taken. 30 s; then its connection is closed, in HTTP/2
    /// its stream.
    pub write: Duration,
    /// Speak TLS. With it, browsers speak HTTP/2.
    #[cfg(feature = "tls")]
    pub tls: Option<super::Tls>,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self {
            connections: open_files().map_or(10_000, |files| files.saturating_sub(RESERVED).max(MIN)),
            connections_per_address: None,
            trusted_proxies: Networks::default(),
            write: Duration::from_secs(30),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }
}

/// Open files that are left to everything but connections.
const RESERVED: usize = 64;

/// A server with fewer could not do anything.
const MIN: usize = 16;

/// How many files this process may have open, if that is limited.
fn open_files() -> Option<usize> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        getrlimit(Resource::Nofile).current.and_then(|files| usize::try_from(files).ok())
    }
    #[cfg(not(unix))]
    None
}
