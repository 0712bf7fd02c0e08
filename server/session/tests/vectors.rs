//! The vectors that every implementation replays: `conformance/` at the root of the repository.

#![expect(clippy::unwrap_used, reason = "a script that cannot be read fails the test")]

mod scripts;

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use everwire_session::packet::{self, Kind, MAIN, Malformed, Packet};
use serde::Deserialize;

use scripts::client::Client;
use scripts::server::Server;
use scripts::{Player, Script, play};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    section: String,
    name: String,
    text: Option<String>,
    base64: Option<String>,
    valid: bool,
    /// Who has to refuse it, if not both sides.
    by: Option<String>,
    code: Option<String>,
    packet: Option<Expected>,
    attachments: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    kind: String,
    namespace: Option<String>,
    id: Option<u64>,
    body: Option<String>,
}

const KINDS: [(&str, Kind); 16] = [
    ("ack", Kind::Ack),
    ("attach", Kind::Attach),
    ("close", Kind::Close),
    ("connect", Kind::Connect),
    ("counts", Kind::Counts),
    ("denied", Kind::Denied),
    ("error", Kind::Error),
    ("event", Kind::Event),
    ("heartbeat", Kind::Heartbeat),
    ("left", Kind::Left),
    ("opened", Kind::Opened),
    ("post", Kind::Post),
    ("query", Kind::Query),
    ("refusal", Kind::Refusal),
    ("volatile", Kind::Volatile),
    ("welcome", Kind::Welcome),
];

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance").join(folder);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn check(vector: &Vector) -> Result<(), String> {
    let bytes = vector.base64.as_ref().map(|base64| STANDARD.decode(base64).unwrap());
    let parsed = match (&vector.text, &bytes) {
        (Some(text), None) => Packet::parse(text).map(|packet| (packet, Vec::new())),
        (None, Some(bytes)) => packet::split_binary(bytes).and_then(|(head, attachments)| {
            Packet::parse_head(head, attachments.len()).map(|packet| (packet, attachments))
        }),
        _ => return Err("a text or base64, one of them".to_owned()),
    };
    match parsed {
        Ok((packet, attachments)) if vector.valid => is_expected(&packet, &attachments, vector),
        Ok((packet, _)) => Err(format!("taken as {packet:?}")),
        Err(_) if vector.by.as_ref().is_some_and(|by| by != "server") => Err("refused by whom?".to_owned()),
        Err(malformed) if vector.valid => Err(malformed.to_string()),
        Err(malformed) => has_code(malformed, vector.code.as_deref()),
    }
}

fn has_code(malformed: Malformed, code: Option<&str>) -> Result<(), String> {
    match code {
        Some(code) if code != malformed.code().as_str() => Err(format!("refused with {}", malformed.code())),
        _ => Ok(()),
    }
}

/// Space around a body is not kept.
fn without_space(text: &str, packet: &Packet<'_>) -> String {
    let text = text.trim_end_matches([' ', '\t']);
    let head = text.strip_suffix(packet.body).unwrap_or(text);
    let head = if packet.kind == Kind::Connect { head } else { head.trim_end_matches([' ', '\t']) };
    format!("{head}{}", packet.body)
}

fn is_expected(packet: &Packet<'_>, attachments: &[&[u8]], vector: &Vector) -> Result<(), String> {
    let expected = vector.packet.as_ref().ok_or("what is it?")?;
    let (_, kind) = KINDS.iter().find(|(name, _)| *name == expected.kind).ok_or("an unknown kind")?;
    let named = (*kind, expected.namespace.as_deref().unwrap_or(MAIN), expected.id);
    if (packet.kind, packet.namespace, packet.id) != named {
        return Err(format!("read as {packet:?}"));
    }
    if packet.body != expected.body.as_deref().unwrap_or_default() {
        return Err(format!("the body is {}", packet.body));
    }
    let wanted: Vec<_> =
        vector.attachments.iter().flatten().map(|one| STANDARD.decode(one).unwrap()).collect();
    if attachments != wanted {
        return Err("other attachments".to_owned());
    }
    if let Some(text) = &vector.text
        && packet.to_string() != without_space(text, packet)
    {
        return Err(format!("written as {packet}"));
    }
    Ok(())
}

#[test]
fn packets() {
    let mut count = 0;
    for file in files("packets") {
        let vectors: Vec<Vector> = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        for vector in &vectors {
            if let Err(what) = check(vector) {
                panic!("{}: {} {}: {what}", file.display(), vector.section, vector.name);
            }
            count += 1;
        }
    }
    assert!(count >= 120, "only {count}");
}

#[test]
fn sessions() {
    let (mut clients, mut servers) = (0, 0);
    let mut wrong = Vec::new();
    for file in files("sessions") {
        let scripts: Vec<Script> = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        for script in &scripts {
            let mut player: Box<dyn Player> = match script.role.as_str() {
                "client" => Box::new(Client::new(&script.config)),
                _ => Box::new(Server::new(&script.config)),
            };
            if let Some(out) = play(script, player.as_mut()) {
                let out = serde_json::to_string(&out).unwrap();
                wrong.push(format!("{} {} {}: {out}", file.display(), script.section, script.name));
            }
            *(if script.role == "client" { &mut clients } else { &mut servers }) += 1;
        }
    }
    assert!(wrong.is_empty(), "the machine says otherwise:\n{}", wrong.join("\n"));
    assert!(clients >= 15 && servers >= 15, "only {clients} and {servers}");
}
