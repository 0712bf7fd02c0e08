use std::io::{Cursor, Read, Write};

use proptest::prelude::*;
use tungstenite::Message;
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};

use super::*;

const MAX: usize = 100_000;
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What the decoder handed out, kept.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Seen {
    Binary(Vec<u8>),
    Close(Option<u16>, String),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Text(String),
}

impl From<Frame<'_>> for Seen {
    fn from(frame: Frame<'_>) -> Self {
        match frame {
            Frame::Binary(bytes) => Self::Binary(bytes.to_vec()),
            Frame::Close { code, reason } => Self::Close(code, reason.to_owned()),
            Frame::Ping(bytes) => Self::Ping(bytes.to_vec()),
            Frame::Pong(bytes) => Self::Pong(bytes.to_vec()),
            Frame::Text(text) => Self::Text(text.to_owned()),
        }
    }
}

/// Feeds the pieces one after the other; frames until the end or the error.
fn decode<'a>(
    decoder: &mut Decoder,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Seen>, Option<FrameError>) {
    let mut seen = Vec::new();
    for piece in pieces {
        let mut scratch = piece.to_vec();
        let mut frames = decoder.read(&mut scratch);
        loop {
            match frames.next() {
                Ok(Some(frame)) => seen.push(frame.into()),
                Ok(None) => break,
                Err(error) => return (seen, Some(error)),
            }
        }
    }
    (seen, None)
}

fn decode_all(bytes: &[u8]) -> (Vec<Seen>, Option<FrameError>) {
    decode(&mut Decoder::new(MAX), [bytes])
}

fn decode_bytewise(bytes: &[u8]) -> (Vec<Seen>, Option<FrameError>) {
    decode(&mut Decoder::new(MAX), bytes.chunks(1))
}

/// A frame as a client writes it.
fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut head = [0; MAX_HEADER];
    let used = header(Opcode::Text, payload.len(), &mut head);
    head[0] = first;
    head[1] |= 0x80;
    let mut out = head[..used].to_vec();
    out.extend(MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    out
}

const FIN: u8 = 0x80;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;

#[test]
fn frames_are_decoded_whole_and_byte_by_byte() {
    let bytes = [
        client_frame(FIN | TEXT, "grüße".as_bytes()),
        client_frame(FIN | PING, b"p"),
        client_frame(FIN | 10, b""),
        client_frame(FIN | BINARY, &[7; 126]),
        client_frame(FIN | BINARY, &[8; 65_536]),
        client_frame(FIN | TEXT, b""),
        client_frame(FIN | CLOSE, b"\x03\xe8bye"),
    ]
    .concat();
    let expected = vec![
        Seen::Text("grüße".into()),
        Seen::Ping(b"p".to_vec()),
        Seen::Pong(vec![]),
        Seen::Binary(vec![7; 126]),
        Seen::Binary(vec![8; 65_536]),
        Seen::Text(String::new()),
        Seen::Close(Some(1000), "bye".into()),
    ];
    assert_eq!(decode_all(&bytes), (expected.clone(), None));
    assert_eq!(decode_bytewise(&bytes), (expected, None));
}

#[test]
fn fragments_are_put_together_around_control_frames() {
    let bytes = [
        client_frame(TEXT, &"ü".as_bytes()[..1]),
        client_frame(FIN | PING, b"between"),
        client_frame(0, b""),
        client_frame(FIN, &"ü".as_bytes()[1..]),
        client_frame(BINARY, b"a"),
        client_frame(FIN, b"b"),
    ]
    .concat();
    let expected =
        vec![Seen::Ping(b"between".to_vec()), Seen::Text("ü".into()), Seen::Binary(b"ab".to_vec())];
    assert_eq!(decode_all(&bytes), (expected.clone(), None));
    assert_eq!(decode_bytewise(&bytes), (expected, None));
}

/// The rules of section 5.2, told a second time and independently, for a header that begins a connection.
fn is_legal_start(first: u8, second: u8) -> bool {
    let (fin, rsv, opcode) = (first >> 7, first >> 4 & 7, first & 15);
    let (masked, length) = (second >> 7, second & 127);
    rsv == 0
        && masked == 1
        && match opcode {
            1 | 2 => true,
            8..=10 => fin == 1 && length <= 125,
            _ => false,
        }
}

#[test]
fn all_65_536_two_byte_headers_are_judged_rightly() {
    for first in 0..=255_u8 {
        for second in 0..=255_u8 {
            let (seen, error) = decode_all(&[first, second, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            let context = format!("{first:#04x} {second:#04x}: {seen:?} {error:?}");
            if !is_legal_start(first, second) {
                assert!(seen.is_empty() && error.map(FrameError::close_code) == Some(1002), "{context}");
            } else if second & 127 <= 8 && first & 15 != 8 && first & FIN != 0 {
                assert_eq!(seen.len(), 1, "{context}");
            }
        }
    }
}

#[test]
fn a_header_is_refused_as_soon_as_its_second_byte_is_there() {
    let (_, error) = decode(&mut Decoder::new(MAX), [&[0xc1][..], &[0x80][..]]);
    assert_eq!(error.map(FrameError::close_code), Some(1002));
}

#[test]
fn what_breaks_a_rule_is_refused_with_its_code() {
    let table: &[(&str, Vec<u8>, u16)] = &[
        ("continuation of nothing", client_frame(FIN, b"x"), 1002),
        ("message in a message", [client_frame(TEXT, b"x"), client_frame(FIN | TEXT, b"y")].concat(), 1002),
        ("close of one byte", client_frame(FIN | CLOSE, &[3]), 1002),
        ("close reason not UTF-8", client_frame(FIN | CLOSE, b"\x03\xe8\xff"), 1007),
        ("text not UTF-8", client_frame(FIN | TEXT, b"\xc0\xaf"), 1007),
        ("text that ends inside a character", client_frame(FIN | TEXT, b"\xc3"), 1007),
        (
            "fragments that end inside a character",
            [client_frame(TEXT, b"a"), client_frame(FIN, b"\xc3")].concat(),
            1007,
        ),
        ("16 bits for a short length", vec![0x82, 0xfe, 0, 125, 0, 0, 0, 0], 1002),
        ("64 bits for a short length", vec![0x82, 0xff, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0], 1002),
        ("one byte too much", client_frame(FIN | BINARY, &vec![0; MAX + 1]), 1009),
        (
            "one byte too much in fragments",
            [client_frame(BINARY, &vec![0; MAX]), client_frame(FIN, &[0])].concat(),
            1009,
        ),
    ];
    for (what, bytes, code) in table {
        for (way, (_, error)) in [("whole", decode_all(bytes)), ("bytewise", decode_bytewise(bytes))] {
            assert_eq!(error.map(FrameError::close_code), Some(*code), "{what}, {way}");
        }
    }
}

#[test]
fn a_message_of_exactly_the_limit_is_taken() {
    let whole = client_frame(FIN | BINARY, &vec![1; MAX]);
    let halves = [client_frame(BINARY, &vec![1; MAX / 2]), client_frame(FIN, &vec![1; MAX / 2])].concat();
    for bytes in [whole, halves] {
        assert_eq!(decode_all(&bytes), (vec![Seen::Binary(vec![1; MAX])], None));
    }
}

#[test]
fn close_codes_are_those_that_may_be_sent() {
    for code in 0..=u16::MAX {
        let legal = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        let (seen, error) = decode_all(&client_frame(FIN | CLOSE, &code.to_be_bytes()));
        let expected = if legal { vec![Seen::Close(Some(code), String::new())] } else { vec![] };
        assert_eq!((seen, error.is_none()), (expected, legal), "{code}");
    }
    assert_eq!(decode_all(&client_frame(FIN | CLOSE, b"")).0, [Seen::Close(None, String::new())]);
}

#[test]
fn invalid_text_is_refused_before_its_message_ends() {
    let (_, error) = decode_all(&client_frame(TEXT, b"fine \xff"));
    assert_eq!(error, Some(FrameError::Utf8), "at the end of a fragment");

    let frame = client_frame(FIN | TEXT, b"\xed\xa0\x80 and more");
    let (_, error) = decode(&mut Decoder::new(MAX), frame[..8].chunks(1));
    assert_eq!(error, Some(FrameError::Utf8), "inside a frame");
}

#[test]
fn an_announced_length_takes_no_memory() {
    for length in [MAX as u64 + 1, 1 << 32, 1 << 62, 1 << 63, u64::MAX] {
        let mut decoder = Decoder::new(MAX);
        let head = [&[0x82, 0xff][..], &length.to_be_bytes(), &MASK].concat();
        let (_, error) = decode(&mut decoder, [&head[..]]);
        assert_eq!(error, Some(FrameError::TooBig), "{length}");
        assert_eq!(decoder.held(), 0);
    }
    let mut decoder = Decoder::new(usize::MAX);
    let head = [&[0x82, 0xff][..], &(1_u64 << 62).to_be_bytes(), &MASK, &[0; 10]].concat();
    assert_eq!(decode(&mut decoder, [&head[..]]), (vec![], None), "allowed, but nine tenths silent");
    assert!(decoder.held() < 1024);
}

#[test]
fn fragments_are_counted_empty_ones_too() {
    let mut bytes = client_frame(TEXT, b"");
    for _ in 1..1024 {
        bytes.extend(client_frame(0, b""));
    }
    let mut decoder = Decoder::new(MAX);
    assert_eq!(decode(&mut decoder, [&bytes[..]]), (vec![], None));
    let (_, error) = decode(&mut decoder, [&client_frame(FIN, b"")[..]]);
    assert_eq!(error, Some(FrameError::TooManyFragments));

    bytes.truncate(bytes.len() - 6);
    bytes.extend(client_frame(FIN, b""));
    let twice = [&bytes[..], &bytes[..]].concat();
    assert_eq!(decode_all(&twice), (vec![Seen::Text(String::new()); 2], None), "each message by itself");
}

#[test]
fn a_long_message_may_come_in_many_fragments_but_not_in_crumbs() {
    let in_fragments_of = |bytes: usize| {
        let mut whole = client_frame(0x02, &vec![1; bytes]);
        for _ in 1..5000 {
            whole.extend(client_frame(0, &vec![1; bytes]));
        }
        whole.extend(client_frame(FIN, b""));
        decode(&mut Decoder::new(1 << 20), [&whole[..]])
    };
    assert_eq!(in_fragments_of(64), (vec![Seen::Binary(vec![1; 5000 * 64])], None));
    assert_eq!(in_fragments_of(1), (vec![], Some(FrameError::TooManyFragments)));
}

#[test]
fn nothing_is_held_between_messages() {
    let mut decoder = Decoder::new(MAX);
    let bytes =
        [client_frame(TEXT, &[b'x'; 5000]), client_frame(FIN | PING, b"p"), client_frame(FIN, b"y")].concat();
    for piece in bytes.chunks(700) {
        decode(&mut decoder, [piece]);
    }
    assert!(decoder.is_idle());
    assert_eq!(decoder.held(), 0);
}

#[test]
fn nothing_comes_out_after_a_close_or_an_error() {
    let after = client_frame(FIN | TEXT, b"late");
    let (seen, error) = decode_all(&[client_frame(FIN | CLOSE, b""), after.clone()].concat());
    assert_eq!((seen.len(), error), (1, None));

    let mut decoder = Decoder::new(MAX);
    let (_, first) = decode(&mut decoder, [&[0xff, 0xff][..]]);
    let (seen, second) = decode(&mut decoder, [&after[..]]);
    assert_eq!((seen, first.is_some(), second), (vec![], true, first));
}

#[test]
fn a_close_reason_is_cut_at_a_character() {
    let frame = close_frame(4000, &"ü".repeat(100));
    assert_eq!(frame[1], 124, "2 + 61 * 2");
    assert!(std::str::from_utf8(&frame[4..]).is_ok());
}

/// What a client does, for the property tests.
#[derive(Clone, Debug)]
enum Doing {
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Text(String),
}

fn doings() -> impl Strategy<Value = Vec<Doing>> {
    let doing = prop_oneof![
        ".{0,60}".prop_map(Doing::Text),
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(Doing::Binary),
        proptest::collection::vec(any::<u8>(), 0..=125).prop_map(Doing::Ping),
        (120_usize..140, any::<u8>()).prop_map(|(len, byte)| Doing::Binary(vec![byte; len])),
        (65_500_usize..65_600, any::<u8>()).prop_map(|(len, byte)| Doing::Binary(vec![byte; len])),
    ];
    proptest::collection::vec(doing, 0..8)
}

fn seen_of(doings: &[Doing]) -> Vec<Seen> {
    let seen = |doing: &Doing| match doing {
        Doing::Binary(bytes) => Seen::Binary(bytes.clone()),
        Doing::Ping(bytes) => Seen::Ping(bytes.clone()),
        Doing::Text(text) => Seen::Text(text.clone()),
    };
    doings.iter().map(seen).collect()
}

/// Cuts `bytes` at places drawn from `cuts`.
fn pieces<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

fn fragmented(doing: &Doing, cuts: &[prop::sample::Index]) -> Vec<u8> {
    let (opcode, payload) = match doing {
        Doing::Ping(bytes) => return client_frame(FIN | PING, bytes),
        Doing::Binary(bytes) => (BINARY, &bytes[..]),
        Doing::Text(text) => (TEXT, text.as_bytes()),
    };
    let parts = pieces(payload, cuts);
    let last = parts.len() - 1;
    let frame = |(i, part): (usize, &&[u8])| {
        let fin = if i == last { FIN } else { 0 };
        client_frame(fin | if i == 0 { opcode } else { 0 }, part)
    };
    parts.iter().enumerate().flat_map(frame).collect()
}

proptest! {
    #[test]
    fn any_cut_of_any_fragmentation_decodes_to_the_same(
        doings in doings(),
        fragments in proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let bytes: Vec<u8> = doings.iter().flat_map(|doing| fragmented(doing, &fragments)).collect();
        let mut decoder = Decoder::new(MAX);
        prop_assert_eq!(decode(&mut decoder, pieces(&bytes, &cuts)), (seen_of(&doings), None));
        prop_assert!(decoder.is_idle());
        prop_assert_eq!(decoder.held(), 0);
    }

    #[test]
    fn any_bytes_decode_to_the_same_however_they_are_cut(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0x81), Just(0x80), Just(0x00)], 0..80),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        prop_assert_eq!(decode(&mut Decoder::new(64), pieces(&bytes, &cuts)), decode(&mut Decoder::new(64), [&bytes[..]]));
    }

    #[test]
    fn what_tungstenite_writes_as_a_client_is_understood(
        doings in doings(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut client = WebSocket::from_raw_socket(Wire::default(), Role::Client, None);
        for doing in doings.iter().cloned() {
            client.send(match doing {
                Doing::Binary(bytes) => Message::binary(bytes),
                Doing::Ping(bytes) => Message::Ping(bytes.into()),
                Doing::Text(text) => Message::text(text),
            }).unwrap();
        }
        let bytes = &client.get_ref().written;
        prop_assert_eq!(decode(&mut Decoder::new(MAX), pieces(bytes, &cuts)), (seen_of(&doings), None));
    }

    #[test]
    fn what_is_encoded_is_understood_by_tungstenite(doings in doings()) {
        let mut bytes = Vec::new();
        for doing in &doings {
            bytes.extend_from_slice(&match doing {
                Doing::Binary(bytes) => frame(Opcode::Binary, &[&bytes[..bytes.len() / 2], &bytes[bytes.len() / 2..]]),
                Doing::Ping(bytes) => frame(Opcode::Pong, &[bytes]),
                Doing::Text(text) => frame(Opcode::Text, &[text.as_bytes()]),
            });
        }
        bytes.extend_from_slice(&close_frame(4321, "over"));
        let wire = Wire { to_read: Cursor::new(bytes), ..Wire::default() };
        let config = WebSocketConfig::default().read_buffer_size(4096);
        let mut client = WebSocket::from_raw_socket(wire, Role::Client, Some(config));
        let mut seen = Vec::new();
        while let Ok(message) = client.read() {
            seen.push(match message {
                Message::Binary(bytes) => Seen::Binary(bytes.to_vec()),
                Message::Close(close) => {
                    let close = close.unwrap();
                    Seen::Close(Some(close.code.into()), close.reason.to_string())
                }
                // The same bytes but for the opcode: a server answers pings and sends none.
                Message::Pong(bytes) => Seen::Ping(bytes.to_vec()),
                Message::Text(text) => Seen::Text(text.to_string()),
                Message::Frame(_) | Message::Ping(_) => unreachable!("never sent"),
            });
        }
        let mut expected = seen_of(&doings);
        expected.push(Seen::Close(Some(4321), "over".into()));
        prop_assert_eq!(seen, expected);
    }
}

/// A stream in memory.
#[derive(Debug, Default)]
struct Wire {
    to_read: Cursor<Vec<u8>>,
    written: Vec<u8>,
}

impl Read for Wire {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.to_read.read(out)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.written.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
