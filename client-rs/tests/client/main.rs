//! The client against a server in the same process, on a real port, over each transport. One file for each behaviour.
#![allow(clippy::unwrap_used, reason = "a test's panic is its report, in its helpers too")]

mod ends;
mod events;
mod proxy;
mod resume;
mod server;

use std::future::Future;
use std::time::Duration;

use everwire_client::{Builder, EventName, Payload, Reconnection, Transport, connect};
use proxy::Proxy;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

/// Long past anything that a test waits for: what does not come by then hangs.
const PATIENCE: Duration = Duration::from_secs(20);

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it hangs")
}

/// Makes a test over each transport of a function that takes one.
macro_rules! over_each_transport {
    ($($name:ident)*) => {
        mod websocket {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(everwire_client::Transport::Websocket).await;
            })*
        }

        mod long_polling {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(everwire_client::Transport::LongPolling).await;
            })*
        }
    };
}
use over_each_transport;

/// A client of what stands behind the proxy, that comes back without long pauses.
fn client(proxy: &Proxy, transport: Transport) -> Builder {
    let mut reconnection = Reconnection::default();
    reconnection.delay = Duration::from_millis(1);
    reconnection.max_delay = Duration::from_millis(20);
    connect(proxy.url()).transports([transport]).reconnection(reconnection)
}

/// Events in the order in which their handlers ran.
struct Heard(mpsc::UnboundedReceiver<(String, Payload)>);

impl Heard {
    /// Listens to these.
    fn to(builder: Builder, events: &[&str]) -> (Builder, Self) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let listen = |builder: Builder, event: &&str| {
            let sender = sender.clone();
            builder.on(event, move |EventName(name): EventName, args: Payload| {
                // The test may have heard enough.
                let _ = sender.send((name.to_string(), args));
                async {}
            })
        };
        (events.iter().fold(builder, listen), Self(receiver))
    }

    /// The next one, which must have this name.
    async fn next<T: DeserializeOwned>(&mut self, name: &str) -> T {
        let (heard, args) = soon(self.0.recv()).await.expect("the client lives");
        assert_eq!(heard, name, "{args:?}");
        args.read().unwrap()
    }
}
