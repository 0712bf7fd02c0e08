//! What the fuzz targets of `fuzz/` run: each takes any bytes, must not panic, and checks what must hold of what comes out. Only in builds for
//! fuzzing, and in tests, which replay the corpus.

mod client;
mod server;

use crate::code::Code;
use crate::packet::{MAX_NUMBER, Packet, join_binary, split_binary};
use crate::send::Message;

pub use client::client_session;
pub use server::server_session;

/// Packets in text form, and in binary form.
pub fn packet(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(packet) = Packet::parse(text)
    {
        let written = packet.to_string();
        assert_eq!(Packet::parse(&written).map(|packet| packet.to_string()), Ok(written));
        let _ = packet.counts();
    }
    if let Ok((head, attachments)) = split_binary(data) {
        assert_eq!(join_binary(head, &attachments), data);
        let _ = Packet::parse_head(head, attachments.len());
    }
}

/// Decisions, taken out of the bytes one after the other.
struct Script<'a>(&'a [u8]);

impl Script<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn byte(&mut self) -> u8 {
        self.next().unwrap_or_default()
    }

    /// Mostly small, now and then at an edge of what `wire` lets through.
    fn known(&mut self) -> u64 {
        const EDGES: [u64; 6] = [1_000, 65_536, 1 << 32, 1 << 52, MAX_NUMBER - 1, MAX_NUMBER];
        let byte = self.byte();
        EDGES.get(usize::from(byte.wrapping_sub(250))).copied().unwrap_or(u64::from(byte))
    }

    fn optional(&mut self) -> Option<u64> {
        (self.byte() & 1 == 1).then(|| self.known())
    }

    fn code(&mut self) -> Code {
        Code::ALL[usize::from(self.byte()) % Code::ALL.len()]
    }

    fn note(&mut self) -> Note {
        let byte = self.byte();
        Note { size: usize::from(byte) + 1, credited: byte & 1 == 0, connect: byte & 6 == 6 }
    }
}

/// A message of which only matters what the machines look at.
#[derive(Clone, Debug)]
struct Note {
    size: usize,
    credited: bool,
    connect: bool,
}

impl Message for Note {
    fn size(&self) -> usize {
        self.size
    }

    fn is_credited(&self) -> bool {
        self.credited
    }

    fn is_connect(&self) -> bool {
        self.connect
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    #[test]
    fn the_corpus_is_replayed() {
        for (name, target) in [
            ("packet", super::packet as fn(&[u8])),
            ("client_session", super::client_session),
            ("server_session", super::server_session),
        ] {
            let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
            let files: Vec<_> = fs::read_dir(&corpus).unwrap().collect();
            assert!(files.len() > 10, "{name}");
            files.into_iter().for_each(|file| target(&fs::read(file.unwrap().path()).unwrap()));
        }
    }
}
