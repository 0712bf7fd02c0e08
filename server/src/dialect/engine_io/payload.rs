//! Bodies of Engine.IO's polling: several packets in one.
//!
//! ```text
//! revision 4   4one␞4two␞bAQID                     U+001E between packets, binary as base64
//! revision 3   4:4one4:4two6:b4AQID                lengths in UTF-16 units, as JavaScript counts them
//!              00 04 ff 34 6f 6e 65  01 04 ff 04 01 02 03     with binary in it, unless the URL says b64: text and binary, lengths in digits
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use everwire_session::code::Code;

use super::Revision;
use crate::dialect::Part;
use crate::outgoing::BINARY;

/// Between packets in revision 4.
const SEPARATOR: u8 = 0x1e;

/// Ends the length of a packet in a binary payload.
const LENGTH_END: u8 = 0xff;

/// A body going down, and whether it is text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Payload {
    pub(crate) bytes: Bytes,
    pub(crate) text: bool,
}

/// Takes a body apart. At most `most` packets are taken.
pub(crate) fn decode(revision: Revision, body: &Bytes, binary: bool, most: usize) -> Result<Vec<Part>, Code> {
    if body.is_empty() {
        return Err(Code::Empty);
    }
    let parts = match (revision, binary) {
        (Revision::Four, true) => return Err(Code::ContentType),
        (Revision::Four, false) => {
            let packets = body.split(|byte| *byte == SEPARATOR).take(most + 1);
            packets.map(|packet| four(body, packet)).collect::<Result<Vec<_>, _>>()?
        }
        (Revision::Three, true) => three_binary(body, most)?,
        (Revision::Three, false) => three_text(body, most)?,
    };
    if parts.len() > most { Err(Code::TooManyPackets) } else { Ok(parts) }
}

fn four(body: &Bytes, packet: &[u8]) -> Result<Part, Code> {
    match packet.strip_prefix(b"b") {
        Some(coded) => {
            let coded = std::str::from_utf8(coded).map_err(|_| Code::Utf8)?;
            base64(Revision::Four, coded).map(Part::Binary)
        }
        None => text(body, packet),
    }
}

fn text(body: &Bytes, packet: &[u8]) -> Result<Part, Code> {
    std::str::from_utf8(packet).map_err(|_| Code::Utf8)?;
    // A small packet that waits must not keep a large body.
    Ok(Part::Text(if packet.len() > body.len() / 2 {
        body.slice_ref(packet)
    } else {
        Bytes::copy_from_slice(packet)
    }))
}

/// The bytes of a binary packet in its text form, behind the `b`. In revision 3 they begin with the packet's type, here a digit.
pub(super) fn base64(revision: Revision, text: &str) -> Result<Bytes, Code> {
    let decode = |text: &str| STANDARD.decode(text).map_err(|_| Code::BadPacket);
    match (revision, text.as_bytes().first()) {
        (Revision::Four, _) => decode(text).map(Bytes::from),
        (Revision::Three, Some(digit @ b'0'..=b'6')) => {
            Ok([&[digit - b'0'][..], &decode(&text[1..])?].concat().into())
        }
        (Revision::Three, _) => Err(Code::BadPacket),
    }
}

fn three_text(body: &Bytes, most: usize) -> Result<Vec<Part>, Code> {
    let mut rest = std::str::from_utf8(body).map_err(|_| Code::Utf8)?;
    let mut parts = Vec::new();
    while !rest.is_empty() && parts.len() <= most {
        let (length, behind) = rest.split_once(':').ok_or(Code::BadPacket)?;
        let length = length.parse().map_err(|_| Code::BadPacket)?;
        let end = utf16_end(behind, length).ok_or(Code::BadPacket)?;
        let (packet, behind) = behind.split_at(end);
        rest = behind;
        parts.push(match packet.strip_prefix('b') {
            Some(coded) => Part::Binary(base64(Revision::Three, coded)?),
            None => text(body, packet.as_bytes())?,
        });
    }
    Ok(parts)
}

/// Where in the text so many UTF-16 units end.
fn utf16_end(text: &str, units: usize) -> Option<usize> {
    let mut left = units;
    for (at, letter) in text.char_indices() {
        if left == 0 {
            return Some(at);
        }
        left = left.checked_sub(letter.len_utf16())?;
    }
    (left == 0).then_some(text.len())
}

fn three_binary(body: &Bytes, most: usize) -> Result<Vec<Part>, Code> {
    let mut rest = &body[..];
    let mut parts = Vec::new();
    while let [kind, behind @ ..] = rest
        && parts.len() <= most
    {
        let digits = behind.iter().position(|byte| *byte == LENGTH_END).ok_or(Code::BadPacket)?;
        let mut length = 0usize;
        for digit in &behind[..digits] {
            let next = length.checked_mul(10).and_then(|ten| ten.checked_add(usize::from(*digit)));
            length = next.filter(|_| *digit < 10).ok_or(Code::BadPacket)?;
        }
        let (packet, behind) = behind[digits + 1..].split_at_checked(length).ok_or(Code::BadPacket)?;
        rest = behind;
        parts.push(match kind {
            0 => text(body, packet)?,
            1 => Part::Binary(Bytes::copy_from_slice(packet)),
            _ => return Err(Code::BadPacket),
        });
    }
    Ok(parts)
}

/// Puts a body together from what a session has said. `base64`: a client of revision 3 takes no bytes.
pub(crate) fn encode(revision: Revision, base64: bool, lines: impl IntoIterator<Item = Bytes>) -> Payload {
    let lines: Vec<Bytes> = lines.into_iter().collect();
    let mut out = Vec::new();
    if revision == Revision::Three && !base64 && lines.iter().any(|line| line.first() == Some(&BINARY)) {
        for line in &lines {
            let (kind, packet) = match line.strip_prefix(&[BINARY]) {
                Some(bytes) => (1, [&[4][..], bytes].concat()),
                None => (0, line.to_vec()),
            };
            out.push(kind);
            out.extend(packet.len().to_string().bytes().map(|digit| digit - b'0'));
            out.push(LENGTH_END);
            out.extend_from_slice(&packet);
        }
        return Payload { bytes: out.into(), text: false };
    }
    for (at, line) in lines.iter().enumerate() {
        let coded;
        let packet = match (line.strip_prefix(&[BINARY]), revision) {
            (None, _) => &line[..],
            (Some(bytes), Revision::Three) => {
                coded = format!("b4{}", STANDARD.encode(bytes));
                coded.as_bytes()
            }
            (Some(bytes), Revision::Four) => {
                coded = format!("b{}", STANDARD.encode(bytes));
                coded.as_bytes()
            }
        };
        match revision {
            Revision::Three => out.extend_from_slice(format!("{}:", utf16_length(packet)).as_bytes()),
            Revision::Four if at > 0 => out.push(SEPARATOR),
            Revision::Four => {}
        }
        out.extend_from_slice(packet);
    }
    Payload { bytes: out.into(), text: true }
}

fn utf16_length(text: &[u8]) -> usize {
    String::from_utf8_lossy(text).encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "4é😀";

    fn lines() -> Vec<Bytes> {
        vec![
            Bytes::from_static(TEXT.as_bytes()),
            Bytes::from_static(b"\xff\x01\x02\x03\x04"),
            Bytes::from_static(b"2"),
        ]
    }

    fn both(revision: Revision, base64: bool) -> (Payload, Vec<Part>) {
        let payload = encode(revision, base64, lines());
        let parts = decode(revision, &payload.bytes, !payload.text, 10).unwrap();
        (payload, parts)
    }

    fn parts(binary: &'static [u8]) -> Vec<Part> {
        vec![Part::text(TEXT), Part::Binary(Bytes::from_static(binary)), Part::text("2")]
    }

    #[test]
    fn revision_4() {
        let (payload, read) = both(Revision::Four, false);
        assert_eq!(payload.bytes, format!("{TEXT}\u{1e}bAQIDBA==\u{1e}2"));
        assert_eq!(read, parts(b"\x01\x02\x03\x04"));
    }

    #[test]
    fn revision_3_counts_as_javascript_does() {
        let (payload, read) = both(Revision::Three, true);
        assert_eq!(payload.bytes, format!("4:{TEXT}10:b4AQIDBA==1:2"));
        assert_eq!(read, parts(b"\x04\x01\x02\x03\x04"));
        let (payload, read) = both(Revision::Three, false);
        assert!(!payload.text);
        assert_eq!(read, parts(b"\x04\x01\x02\x03\x04"));
        let known = encode(
            Revision::Three,
            false,
            [Bytes::from_static(b"4hello"), Bytes::from_static(b"\xff\x01\x02\x03\x04")],
        );
        assert_eq!(&known.bytes[..], b"\x00\x06\xff4hello\x01\x05\xff\x04\x01\x02\x03\x04");
    }

    #[test]
    fn what_is_no_payload() {
        use Revision::{Four, Three};
        for (revision, binary, body) in [
            (Four, true, &b"4a"[..]),
            (Four, false, b""),
            (Three, false, b""),
            (Four, false, b"b***"),
            (Four, false, b"\xff"),
            (Three, false, b"abc"),
            (Three, false, b"5:4a"),
            (Three, false, b"99999999999999999999:4a"),
            (Three, false, "2:4😀".as_bytes()),
            (Three, false, b"2:b4x"),
            (Three, false, b"1:b"),
            (Three, true, b"\x00\x02"),
            (Three, true, b"\x00\x0a\xff"),
            (Three, true, b"\x00\x09\xff4"),
            (Three, true, b"\x02\x01\xff4"),
            (
                Three,
                true,
                b"\x00\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\xff4",
            ),
        ] {
            assert!(decode(revision, &Bytes::from_static(body), binary, 10).is_err(), "{body:?}");
        }
        let many = Bytes::from(["2"; 11].join("\u{1e}"));
        assert_eq!(decode(Four, &many, false, 10), Err(Code::TooManyPackets));
        let many = Bytes::from("1:2".repeat(11));
        assert_eq!(decode(Three, &many, false, 10), Err(Code::TooManyPackets));
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[0-9:b4é😀A=]{0,24}", bytes in proptest::collection::vec(any::<u8>(), 0..24)) {
            for revision in [Revision::Three, Revision::Four] {
                let _ = decode(revision, &Bytes::from(text.clone()), false, 5);
                let _ = decode(revision, &Bytes::from(bytes.clone()), true, 5);
            }
        }
    }
}
