//! Hooks for metrics.

use std::sync::{Arc, Mutex};

use everwire::{Code, Everwire, Hooks};

use crate::client;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl Hooks for Log {
    fn closed(&self, _session: &str, cause: Code, unconfirmed: u64) {
        self.add(format!("closed {cause} {unconfirmed}"));
    }

    fn opened(&self, session: &str) {
        self.add(format!("opened {}", session.starts_with("test-")));
    }
}

#[tokio::test(start_paused = true)]
async fn they_see_sessions_begin_and_end() {
    let log = Log::default();
    let wire = Everwire::new().with_hooks(log.clone());
    wire.of("/b");
    let main = client(&wire).await;
    let other = main.namespace("/b", ()).await.unwrap();
    other.disconnect().await;
    main.disconnect().await;
    assert_eq!(*log.0.lock().unwrap(), ["opened true", "closed client_disconnect 0"]);
}
