//! Both decoders of packets on the same inputs: those of the fuzz corpus and of the conformance vectors, and what becomes of them when bytes are changed.
//!
//! `EVERWIRE_DECODED` says how many are tried, `EVERWIRE_SEED` begins with another.

#[path = "../../../server/session/tests/sim/dice.rs"]
#[allow(dead_code, reason = "the simulation's, of which some is not wanted here")]
mod dice;
#[path = "machine/script.rs"]
mod script;

use std::env;
use std::fs;
use std::path::Path;

use dice::Dice;
use everwire_session::packet::{Kind, Packet, split_binary};
use rquickjs::{Function, TypedArray};

#[test]
fn both_read_the_same() {
    script::load(&script::bundle("decode.ts"));
    let corpus = corpus();
    let variable = |name| env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let first = variable("EVERWIRE_SEED").unwrap_or(0);
    let mut accepted = 0;
    for seed in first..first + variable("EVERWIRE_DECODED").unwrap_or(20_000) {
        let input = changed(&corpus, seed);
        accepted += u64::from(compare(&input, seed));
    }
    // Else the changes leave nothing to compare.
    assert!(accepted > 0);
    println!("{accepted} read by both");
}

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/packet");
    let folder = fs::read_dir(folder).expect("there is a corpus");
    let mut files: Vec<_> = folder.map(|file| file.expect("it can be listed").path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).expect("it can be read")).collect()
}

/// One of the corpus with some bytes changed, put in, taken out, or taken from another one.
fn changed(corpus: &[Vec<u8>], seed: u64) -> Vec<u8> {
    const TELLING: &[u8] = b"\"\\{}[],:/\0 \n0189-.eEuUdDbB\x7f\xc3\xff";
    let mut dice = Dice::new(seed);
    let pick = |dice: &mut Dice| corpus[dice.roll() as usize % corpus.len()].clone();
    let mut input = pick(&mut dice);
    for _ in 0..dice.between(0, 3) {
        let at = dice.between(0, input.len() as u64) as usize;
        match dice.between(0, 4) {
            0 => input.insert(at, dice.pick(TELLING)),
            1 if at < input.len() => drop(input.remove(at)),
            2 if at < input.len() => input[at] = dice.pick(TELLING),
            3 if at < input.len() => input[at] ^= 1 << dice.between(0, 7),
            _ => {
                let other = pick(&mut dice);
                input.extend_from_slice(&other[other.len().min(at)..]);
            }
        }
    }
    input
}

/// `true`: both take it, in one form at least.
fn compare(input: &[u8], seed: u64) -> bool {
    let text = std::str::from_utf8(input).ok().map(|text| {
        let (ours, theirs) =
            (in_rust(Packet::parse(text).as_ref().ok(), true), in_typescript(Form::Text(text)));
        agreed(ours.as_ref(), theirs.as_ref(), input, seed)
    });
    let read = split_binary(input).and_then(|(head, rest)| Packet::parse_head(head, rest.len()));
    let (ours, theirs) = (in_rust(read.as_ref().ok(), false), in_typescript(Form::Binary(input)));
    let binary = agreed(ours.as_ref(), theirs.as_ref(), input, seed);
    text == Some(true) || binary
}

/// What Rust takes, the npm client reads the same way. What Rust refuses a client may take: only the server checks all of it.
fn agreed(ours: Option<&String>, theirs: Option<&String>, input: &[u8], seed: u64) -> bool {
    let same = ours.is_none() || ours == theirs;
    assert!(same, "seed {seed}: {:?} is {ours:?} and {theirs:?}", String::from_utf8_lossy(input));
    ours.is_some()
}

fn in_rust(read: Option<&Packet<'_>>, text: bool) -> Option<String> {
    let packet = read?;
    let body = match packet.kind {
        Kind::Counts => {
            let (received, consumed) = packet.counts().ok()?;
            format!("[{received},{consumed}]")
        }
        _ if text => script::with(|_, machine| {
            machine.get::<_, Function<'_>>("rewritten")?.call::<_, String>((packet.body,))
        }),
        _ => "null".into(),
    };
    let id = packet.id.map_or("null".into(), |id| id.to_string());
    let namespace = serde_json::Value::from(packet.namespace);
    Some(format!("[\"{}\",{namespace},{id},{body}]", packet.kind.letter()))
}

#[derive(Clone, Copy)]
enum Form<'a> {
    Binary(&'a [u8]),
    Text(&'a str),
}

fn in_typescript(form: Form<'_>) -> Option<String> {
    let read = script::with(|ctx, machine| {
        let decoded: Function<'_> = machine.get("decoded")?;
        match form {
            Form::Binary(bytes) => decoded.call::<_, String>((TypedArray::new(ctx.clone(), bytes)?,)),
            Form::Text(text) => decoded.call((text,)),
        }
    });
    Some(read).filter(|read| read.starts_with('['))
}
