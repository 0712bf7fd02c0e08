//! The server, in a process of its own.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::PATIENCE;

/// It is killed when this is dropped.
pub(super) struct Testbed {
    child: Child,
    pub(super) port: u16,
}

/// A part of `/stats`.
#[derive(Debug, Deserialize)]
pub(super) struct Stats {
    pub(super) sessions: usize,
    pub(super) pending_acks: usize,
    pub(super) open_requests: usize,
    pub(super) queued_bytes: usize,
    pub(super) replay_bytes: usize,
}

impl Testbed {
    pub(super) async fn start(binary: &Path, port: u16, flags: &[&str]) -> Result<Self, String> {
        let mut child = Command::new(binary)
            .args(["--port", &port.to_string()])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("no {}: {error}", binary.display()))?;
        let out = child.stdout.take().ok_or("the testbed has no output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).await.map_err(|error| error.to_string())?;
        let port = line.trim().rsplit(':').next().and_then(|port| port.parse().ok());
        Ok(Self { child, port: port.ok_or(format!("the testbed said {line:?}"))? })
    }

    /// Its memory in KiB.
    pub(super) fn memory(&self) -> Result<u64, String> {
        let id = self.child.id().ok_or("the testbed has ended")?;
        let status =
            std::fs::read_to_string(format!("/proc/{id}/status")).map_err(|error| error.to_string())?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        line.trim().trim_end_matches(" kB").parse().map_err(|_| format!("VmRSS is {line}"))
    }

    /// Sends a signal, and waits for the end.
    pub(super) async fn signal(&mut self, name: &str) -> Result<(), String> {
        let id = self.child.id().ok_or("the testbed has ended")?;
        let kill = Command::new("kill").args([format!("-{name}"), id.to_string()]).status().await;
        kill.map_err(|error| error.to_string())?;
        self.child.wait().await.map_err(|error| error.to_string())?;
        Ok(())
    }

    pub(super) async fn until(&self, what: &str, is_so: impl Fn(&Stats) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let stats = self.stats().await?;
            if is_so(&stats) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(format!("not within {} s: {what}; {stats:?}", PATIENCE.as_secs()));
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    pub(super) async fn stats(&self) -> Result<Stats, String> {
        let told = async {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
            stream.write_all(b"GET /stats HTTP/1.1\r\nHost: testbed\r\nConnection: close\r\n\r\n").await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            std::io::Result::Ok(answer)
        };
        let answer = told.await.map_err(|error| format!("no /stats: {error}"))?;
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str(body).map_err(|error| format!("/stats said {body:?}: {error}"))
    }
}
