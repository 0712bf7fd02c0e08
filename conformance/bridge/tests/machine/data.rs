//! Packets as they stand on the wire: a note is an event or an ack that has its place in its arguments, and is as long as it claims.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use everwire_session::client::{Down, Head};
use everwire_session::code::Code;
use everwire_session::packet::{self, Kind, Packet};
use everwire_session::server::Up;
use everwire_session::wire::Refusal;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sim::app::Note;

/// The text form, or the binary form.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Data {
    Binary(Vec<u8>),
    Text(String),
}

/// The smallest note has to name its author and its place.
pub(crate) const LEAST: u64 = 16;

impl Data {
    /// As a line of a body.
    pub(crate) fn line(self) -> String {
        match self {
            Self::Binary(bytes) => format!("b{}", STANDARD.encode(bytes)),
            Self::Text(text) => text,
        }
    }

    pub(crate) fn of_line(line: &str) -> Self {
        match line.strip_prefix('b') {
            Some(encoded) => Self::Binary(STANDARD.decode(encoded).expect("the machine writes base64")),
            None => Self::Text(line.to_owned()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Binary(bytes) => bytes.len(),
            Self::Text(text) => text.len(),
        }
    }

    /// Every third note is binary, if it has room for that; of the others every second has letters of two bytes.
    pub(crate) fn of_note(note: &Note) -> Self {
        let letter = match (note.volatile, note.credited) {
            (true, _) => "v",
            (false, true) => "e",
            (false, false) => "a1",
        };
        let (author, index) = (note.author, note.index);
        let start = format!("{letter}[{author},{index}");
        let head = format!("{start},\"\\u00000\"]");
        if note.index.is_multiple_of(3) && note.size >= head.len() + 8 {
            return Self::Binary(packet::join_binary(&head, &[bytes(note, note.size - head.len() - 8)]));
        }
        Self::Text(match note.size.saturating_sub(start.len() + 1) {
            0 => format!("{start}]"),
            // The id of an event or an ack takes what is too little for another argument.
            1 if note.volatile => format!("{start}]"),
            1 if note.credited => format!("e7[{author},{index}]"),
            1 => format!("a77[{author},{index}]"),
            2 => format!("{start},1]"),
            room => {
                let wide = if note.index.is_multiple_of(2) { (room - 3) / 2 } else { 0 };
                format!("{start},\"{}{}\"]", "é".repeat(wide), "x".repeat(room - 3 - 2 * wide))
            }
        })
    }

    /// The note that this is, byte by byte.
    pub(crate) fn note(&self) -> Note {
        let (head, attachments) = match self {
            Self::Binary(bytes) => {
                let (head, attachments) = packet::split_binary(bytes).expect("the machine writes packets");
                (head, attachments.len())
            }
            Self::Text(text) => (text.as_str(), 0),
        };
        let parsed =
            if attachments > 0 { Packet::parse_head(head, attachments) } else { Packet::parse(head) };
        let parsed = parsed.expect("the machine writes packets");
        let mut arguments = parsed.body.trim_matches(['[', ']']).split(',');
        let mut number =
            || arguments.next().and_then(|text| text.parse().ok()).expect("author and index come first");
        let (author, index) = (number(), number());
        let note = Note {
            author,
            index,
            size: self.len(),
            credited: parsed.kind == Kind::Event,
            connect: index == 1 && parsed.kind != Kind::Volatile,
            volatile: parsed.kind == Kind::Volatile,
            poison: false,
        };
        assert_eq!(*self, Self::of_note(&note), "a note has been changed on its way");
        note
    }

    /// A packet of a WebSocket or a line, going up.
    pub(crate) fn up(&self) -> Up<Note> {
        if let Self::Text(text) = self {
            let packet = Packet::parse(text).expect("the machine writes packets");
            match packet.kind {
                Kind::Counts => {
                    let (received, consumed) = packet.counts().expect("just parsed");
                    return Up::Counts(received, consumed);
                }
                Kind::Close => return Up::Close(object(&packet)),
                _ => {}
            }
        }
        let note = self.note();
        if note.volatile { Up::Volatile(note) } else { Up::Message(note) }
    }

    pub(crate) fn of_down(down: &Down<Note>) -> Self {
        Self::Text(match down {
            Down::Message(note) | Down::Volatile(note) => return Self::of_note(note),
            Down::Close(close) => text('z', close),
            Down::Counts(received, consumed) => format!("n{received},{consumed}"),
            Down::Heartbeat => "h".to_owned(),
            Down::Malformed(Code::BadJson) => "e[".to_owned(),
            Down::Malformed(_) => "?".to_owned(),
            Down::Refusal(code) => text('r', &Refusal::new(*code, None)),
            Down::Welcome(welcome) => text('W', welcome),
        })
    }
}

/// What begins a body or a WebSocket.
pub(crate) fn head(line: &str) -> Head {
    let packet = Packet::parse(line).expect("the machine writes packets");
    match packet.kind {
        Kind::Attach => Head::Attach(object(&packet)),
        Kind::Post => Head::Post(object(&packet)),
        _ => panic!("no head: {line}"),
    }
}

/// A body: its head, and the lines behind it.
pub(crate) fn body(text: &str) -> (Head, Vec<Up<Note>>) {
    let mut lines = text.split('\n').filter(|line| !line.is_empty());
    let head = head(lines.next().expect("a body has a head"));
    (head, lines.map(|line| Data::of_line(line).up()).collect())
}

fn object<T: DeserializeOwned>(packet: &Packet<'_>) -> T {
    serde_json::from_str(packet.body).unwrap_or_else(|error| panic!("{packet}: {error}"))
}

fn text(letter: char, object: &impl Serialize) -> String {
    format!("{letter}{}", serde_json::to_string(object).expect("plain objects"))
}

fn bytes(note: &Note, length: usize) -> Vec<u8> {
    (0..length as u64).map(|at| (note.author * 7 + note.index * 31 + at * 151) as u8).collect()
}
