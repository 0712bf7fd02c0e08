//! What the doctor's page talks to: echoes, and numbers that come and go in order.

use std::sync::{Mutex, PoisonError};

use everwire::{Data, EmitError, Everwire, Payload, Socket};
use serde::Serialize;

/// The most numbers that a page may ask for.
const MOST: u32 = 1_000;

/// How the numbers of one socket came.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Report {
    received: u32,
    /// Those that were not the one before plus one.
    misplaced: u32,
}

/// Sets up the doctor's namespace.
pub(crate) fn install(wire: &Everwire) {
    wire.of("/doctor").on_connect(|socket: Socket| async move {
        socket.set_data(Mutex::new(Report::default()));
        socket.on("echo", |args: Payload| async move { args });
        socket.on("up", up);
        socket.on("report", |socket: Socket| async move { Data(socket.data().map(|report| read(&report))) });
        socket.on("down", down);
    });
}

async fn up(socket: Socket, Data(number): Data<u32>) {
    if let Some(report) = socket.data::<Mutex<Report>>() {
        let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
        report.misplaced += u32::from(number != report.received);
        report.received += 1;
    }
}

/// Sends the numbers below `count`, as fast as the client takes them; the answer comes behind the last.
async fn down(socket: Socket, Data(count): Data<u32>) -> Result<u32, EmitError> {
    let count = count.min(MOST);
    for number in 0..count {
        socket.emit("number", number).await?;
    }
    Ok(count)
}

fn read(report: &Mutex<Report>) -> Report {
    *report.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use everwire::testing::TestClient;
    use serde_json::{Value, json};

    use super::*;

    async fn patient() -> TestClient {
        let wire = Everwire::new();
        install(&wire);
        TestClient::connect(&wire, "/doctor", ()).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn numbers_are_counted_and_misplaced_ones_seen() {
        let mut client = patient().await;
        for number in [0, 1, 2] {
            client.emit("up", number);
        }
        let report = client.emit_with_ack::<Value>("report", ()).await.unwrap();
        assert_eq!(report, json!({"received": 3, "misplaced": 0}));
        client.emit("up", 7);
        let report = client.emit_with_ack::<Value>("report", ()).await.unwrap();
        assert_eq!(report, json!({"received": 4, "misplaced": 1}));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_asked_for_comes_before_the_answer_and_is_bounded() {
        let mut client = patient().await;
        assert_eq!(client.emit_with_ack::<u32>("down", 1_000_000).await, Ok(MOST));
    }
}
