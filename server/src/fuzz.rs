//! What the fuzz targets of `fuzz/` run: each takes any bytes, must not panic, and checks what must hold of what comes out. Only in builds for
//! fuzzing, and in tests, which replay the corpus.

mod dialects;
mod frames;
mod heads;
mod texts;

use everwire_session::packet::{Kind, MAX_ATTACHMENTS};
use everwire_session::payload::Payload;
use serde_json::Value;

use crate::dialect::GUESTS;
use crate::incoming::Incoming;
use crate::outgoing::Outgoing;
use crate::worker::event_name;

pub use dialects::{bodies, engine_io, sock_js, socket_io};
pub use frames::ws_frame;
pub use heads::heads;
pub use texts::texts;

/// What a server does with a message: reads it, and says it to others in every speech.
fn used(incoming: &Incoming) {
    assert!(incoming.attachments.len() <= MAX_ATTACHMENTS);
    let Some(out) = said_again(incoming) else { return };
    for speech in GUESTS {
        for part in speech.say(&out) {
            speech.frame(&part, &mut Vec::new());
        }
    }
}

/// The same as a message down.
fn said_again(incoming: &Incoming) -> Option<Outgoing<'_>> {
    let attachments = || incoming.attachments.clone();
    match incoming.kind {
        Kind::Event | Kind::Volatile => {
            let (name, behind) = event_name(&incoming.body)?;
            let payload = Payload::of_array(incoming.body.clone(), behind, attachments());
            let _ = payload.read::<Value>();
            let name = std::str::from_utf8(&name).expect("a packet is UTF-8");
            let out = Outgoing::event(incoming.namespace(), incoming.id, name, payload);
            Some(out.into_owned())
        }
        Kind::Ack => Some(Outgoing::ack(
            incoming.namespace(),
            incoming.id?,
            Payload::of_array(incoming.body.clone(), 0, attachments()),
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    #[test]
    fn the_corpus_is_replayed() {
        for (name, target) in [
            ("bodies", super::bodies as fn(&[u8])),
            ("engine_io", super::engine_io),
            ("heads", super::heads),
            ("sock_js", super::sock_js),
            ("socket_io", super::socket_io),
            ("texts", super::texts),
            ("ws_frame", super::ws_frame),
        ] {
            let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(name);
            let files: Vec<_> = fs::read_dir(&corpus).unwrap().collect();
            assert!(files.len() > 10, "{name}");
            files.into_iter().for_each(|file| target(&fs::read(file.unwrap().path()).unwrap()));
        }
    }
}
