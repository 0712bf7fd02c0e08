//! Clients in processes of their own: the npm client in node, and in Chromium. They tell in lines of JSON.

use std::process::Stdio;
use std::sync::Arc;

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};

use super::ledger::Ledger;
use super::told::{Report, Told};

const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// They end by themselves when their input does, and clean up.
#[derive(Default)]
pub(super) struct Children(Vec<(Child, ChildStdin)>);

impl Children {
    pub(super) fn start(
        &mut self,
        program: &'static str,
        clients: &[Told],
        ports: &[u16],
        pause_ms: u64,
        ledger: &Arc<Ledger>,
    ) -> Result<(), String> {
        let setting = json!({"clients": clients, "ports": ports, "pause": pause_ms}).to_string();
        let mut child = Command::new("node")
            .arg(format!("{HERE}/clients/{program}.mjs"))
            .arg(setting)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("no node: {error}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("node has no pipes".into());
        };
        let ledger = ledger.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                match serde_json::from_str::<Report>(&line) {
                    Ok(report) => ledger.report(report),
                    Err(error) => ledger.violated(program, &format!("said {line}: {error}"), &[]),
                }
            }
            ledger.violated(program, "the process has ended", &[]);
        });
        self.0.push((child, input));
        Ok(())
    }

    /// Tells all of them. `quit` is the last word.
    pub(super) async fn say(&mut self, what: &str) {
        for (child, input) in &mut self.0 {
            // One that has ended is noticed by what it does not tell.
            let _ = input.write_all(format!("{what}\n").as_bytes()).await;
            if what == "quit" {
                let _ = tokio::time::timeout(std::time::Duration::from_secs(20), child.wait()).await;
            }
        }
    }
}

/// The npm client as the package's build left it.
pub(super) fn client_script() -> String {
    std::fs::read_to_string(format!("{HERE}/../../client-js/dist/everwire.js")).unwrap_or_default()
}
