//! Packets in text form and in binary form (protocol.md, section 2).

use crate::code::Code;
use crate::json;

/// The main namespace, which is never written.
pub const MAIN: &str = "/";

/// Attachments that one packet may have.
pub const MAX_ATTACHMENTS: usize = 1_000;

/// Bytes of a namespace's name, its slash included.
pub const MAX_NAMESPACE: usize = 128;

/// The largest id, and the largest of all numbers on the wire: 2^53 - 1, what a JavaScript number holds exactly.
pub const MAX_NUMBER: u64 = (1 << 53) - 1;

/// What a packet is: its first letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is a row of the table in protocol.md, section 2.1")]
pub enum Kind {
    Ack,
    Attach,
    Close,
    Connect,
    Counts,
    Denied,
    Error,
    Event,
    Heartbeat,
    Left,
    Opened,
    Post,
    Query,
    Refusal,
    Volatile,
    Welcome,
}

/// What follows the letter: may there be a namespace, an id, and which body?
struct Shape {
    namespace: bool,
    id: Presence,
    body: Body,
}

#[derive(PartialEq)]
enum Presence {
    Never,
    Maybe,
    Always,
}

enum Body {
    None,
    Array,
    Counts,
    Object,
    /// Nothing, or any value.
    Value,
}

impl Kind {
    /// The letter that begins such a packet.
    pub fn letter(self) -> char {
        match self {
            Self::Ack => 'a',
            Self::Attach => 'A',
            Self::Close => 'z',
            Self::Connect => 'c',
            Self::Counts => 'n',
            Self::Denied => 'd',
            Self::Error => 'x',
            Self::Event => 'e',
            Self::Heartbeat => 'h',
            Self::Left => 'l',
            Self::Opened => 'o',
            Self::Post => 'P',
            Self::Query => 'q',
            Self::Refusal => 'r',
            Self::Volatile => 'v',
            Self::Welcome => 'W',
        }
    }

    /// The kind that a letter stands for.
    pub fn from_letter(letter: u8) -> Option<Self> {
        Some(match letter {
            b'a' => Self::Ack,
            b'A' => Self::Attach,
            b'z' => Self::Close,
            b'c' => Self::Connect,
            b'n' => Self::Counts,
            b'd' => Self::Denied,
            b'x' => Self::Error,
            b'e' => Self::Event,
            b'h' => Self::Heartbeat,
            b'l' => Self::Left,
            b'o' => Self::Opened,
            b'P' => Self::Post,
            b'q' => Self::Query,
            b'r' => Self::Refusal,
            b'v' => Self::Volatile,
            b'W' => Self::Welcome,
            _ => return None,
        })
    }

    /// Is it a message: numbered by its place, kept until confirmed, replayed?
    pub fn is_counted(self) -> bool {
        matches!(
            self,
            Self::Ack
                | Self::Connect
                | Self::Denied
                | Self::Error
                | Self::Event
                | Self::Left
                | Self::Opened
                | Self::Query
        )
    }

    /// Does sending it take credit (section 6.2)?
    pub fn is_credited(self) -> bool {
        self == Self::Event
    }

    /// May a client send it?
    pub fn goes_up(self) -> bool {
        !matches!(
            self,
            Self::Denied | Self::Heartbeat | Self::Opened | Self::Query | Self::Refusal | Self::Welcome
        )
    }

    fn shape(self) -> Shape {
        let (namespace, id, body) = match self {
            Self::Attach | Self::Close | Self::Post | Self::Refusal | Self::Welcome => {
                (false, Presence::Never, Body::Object)
            }
            Self::Counts => (false, Presence::Never, Body::Counts),
            Self::Heartbeat => (false, Presence::Never, Body::None),
            Self::Connect => (true, Presence::Never, Body::Value),
            Self::Denied | Self::Left | Self::Opened | Self::Query => (true, Presence::Never, Body::Object),
            Self::Volatile => (true, Presence::Never, Body::Array),
            Self::Event => (true, Presence::Maybe, Body::Array),
            Self::Ack => (true, Presence::Always, Body::Array),
            Self::Error => (true, Presence::Maybe, Body::Object),
        };
        Shape { namespace, id, body }
    }
}

/// Why bytes are no packet. The carrier that brought them is refused; see section 3.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Malformed {
    /// Attachments and placeholders do not fit together, or there are too many.
    Attachments,
    /// The body is no JSON text, nests too deep, or holds a lone surrogate.
    Json,
    /// An unknown letter, or a part that must be there is not, or the other way round.
    Packet,
    /// Not UTF-8.
    Utf8,
}

impl Malformed {
    /// The code that the sender is told.
    pub fn code(self) -> Code {
        match self {
            Self::Attachments => Code::Attachments,
            Self::Json => Code::BadJson,
            Self::Packet => Code::BadPacket,
            Self::Utf8 => Code::Utf8,
        }
    }
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Attachments => "attachments and placeholders do not fit together",
            Self::Json => "the body is not valid JSON, nests deeper than 64, or holds a lone surrogate",
            Self::Packet => "not a packet of this protocol",
            Self::Utf8 => "not UTF-8",
        })
    }
}

impl std::error::Error for Malformed {}

/// A packet whose text has been checked whole.
///
/// ```
/// use everwire_session::packet::{Kind, Packet};
/// let packet = Packet::parse(r#"e/chat,12["add",1,2]"#).unwrap();
/// assert_eq!((packet.kind, packet.namespace, packet.id, packet.body), (Kind::Event, "/chat", Some(12), r#"["add",1,2]"#));
/// assert_eq!(packet.to_string(), r#"e/chat,12["add",1,2]"#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// What it is.
    pub kind: Kind,
    /// The namespace with its slash; [`MAIN`] if none is written.
    pub namespace: &'a str,
    /// The id of the ack that is wanted or given.
    pub id: Option<u64>,
    /// JSON text, or nothing.
    pub body: &'a str,
}

impl<'a> Packet<'a> {
    /// Parses a packet in text form.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        let packet = Self::envelope(text)?;
        packet.check(None)?;
        Ok(packet)
    }

    /// Parses what follows the letter of a packet in text form.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    ///
    /// ```
    /// use everwire_session::packet::{Kind, Packet};
    /// assert_eq!(Packet::parse_as(Kind::Event, r#"7["add"]"#), Packet::parse(r#"e7["add"]"#));
    /// ```
    pub fn parse_as(kind: Kind, text: &'a str) -> Result<Self, Malformed> {
        let packet = Self::parts(kind, text)?;
        packet.check(None)?;
        Ok(packet)
    }

    /// Parses the head of a binary form that has `attachments`.
    ///
    /// # Errors
    /// Says what is wrong with the text, or that it does not name the attachments one after the other.
    pub fn parse_head(text: &'a str, attachments: usize) -> Result<Self, Malformed> {
        let packet = Self::envelope(text)?;
        if !matches!(packet.kind, Kind::Ack | Kind::Event | Kind::Volatile) || attachments == 0 {
            return Err(Malformed::Attachments);
        }
        packet.check(Some(attachments))?;
        Ok(packet)
    }

    /// Splits the text into its parts, without a look at the body.
    fn envelope(text: &'a str) -> Result<Self, Malformed> {
        let kind = text.bytes().next().and_then(Kind::from_letter).ok_or(Malformed::Packet)?;
        Self::parts(kind, &text[1..])
    }

    /// Splits what follows the letter.
    fn parts(kind: Kind, text: &'a str) -> Result<Self, Malformed> {
        let shape = kind.shape();
        let mut rest = text;
        let mut namespace = MAIN;
        if shape.namespace && rest.starts_with('/') {
            let (name, behind) = rest.split_once(',').ok_or(Malformed::Packet)?;
            if name.len() < 2
                || name.len() > MAX_NAMESPACE
                || name.bytes().any(|byte| byte < 0x20 || byte == 0x7f)
            {
                return Err(Malformed::Packet);
            }
            (namespace, rest) = (name, behind);
        }
        let mut id = None;
        if shape.id != Presence::Never {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits > 0 {
                id = Some(number(&rest[..digits])?);
                rest = &rest[digits..];
            } else if shape.id == Presence::Always {
                return Err(Malformed::Packet);
            }
        } else if kind == Kind::Connect && rest.starts_with(|byte: char| byte.is_ascii_digit()) {
            // A digit begins an id. An auth that is a number has a space before it.
            return Err(Malformed::Packet);
        }
        if matches!(shape.body, Body::Array | Body::Object) {
            // JSON may have space around it. Whoever cuts the body at its brackets need not know.
            rest = trim(rest);
        }
        Ok(Self { kind, namespace, id, body: rest })
    }

    fn check(&self, attachments: Option<usize>) -> Result<(), Malformed> {
        let first = self.body.bytes().next();
        let fits = match self.kind.shape().body {
            Body::None => return if self.body.is_empty() { Ok(()) } else { Err(Malformed::Packet) },
            Body::Counts => return self.counts().map(|_| ()),
            Body::Value if self.body.is_empty() => return Ok(()),
            Body::Value => true,
            Body::Array => first == Some(b'['),
            Body::Object => first == Some(b'{'),
        };
        if !fits {
            return Err(Malformed::Packet);
        }
        json::check(self.body, attachments)
            .map_err(|malformed| if self.body.contains(['\n', '\r']) { Malformed::Packet } else { malformed })
    }

    /// The two numbers of a [`Kind::Counts`]: received, consumed.
    ///
    /// # Errors
    /// When the body is not two numbers with a comma between them.
    pub fn counts(&self) -> Result<(u64, u64), Malformed> {
        let (received, consumed) = self.body.split_once(',').ok_or(Malformed::Packet)?;
        Ok((number(received)?, number(consumed)?))
    }
}

impl std::fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.kind.letter())?;
        if self.namespace != MAIN {
            write!(f, "{},", self.namespace)?;
        }
        if let Some(id) = self.id {
            write!(f, "{id}")?;
        }
        f.write_str(self.body)
    }
}

/// The same without spaces and tabs around it. Most have none, and then two bytes are looked at.
fn trim(text: &str) -> &str {
    let is_space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    if is_space(text.as_bytes().first()) || is_space(text.as_bytes().last()) {
        text.trim_matches([' ', '\t'])
    } else {
        text
    }
}

fn number(digits: &str) -> Result<u64, Malformed> {
    let plain =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits.len() == 1 || !digits.starts_with('0'));
    let value = digits.parse().map_err(|_| Malformed::Packet)?;
    if !plain || value > MAX_NUMBER {
        return Err(Malformed::Packet);
    }
    Ok(value)
}

/// Takes a binary form apart: its head, to be parsed by [`Packet::parse_head`], and its attachments.
///
/// # Errors
/// When lengths do not add up, there are none or too many attachments, or the head is not UTF-8.
pub fn split_binary(bytes: &[u8]) -> Result<(&str, Vec<&[u8]>), Malformed> {
    let (head, mut rest) = block(bytes)?;
    let head = std::str::from_utf8(head).map_err(|_| Malformed::Utf8)?;
    let mut attachments = Vec::new();
    while !rest.is_empty() {
        let attachment;
        (attachment, rest) = block(rest)?;
        if attachments.len() == MAX_ATTACHMENTS {
            return Err(Malformed::Attachments);
        }
        attachments.push(attachment);
    }
    Ok((head, attachments))
}

fn block(bytes: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or(Malformed::Attachments)?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or(Malformed::Attachments)
}

/// Puts a binary form together. A part longer than 4 GiB cannot be written and is cut; limits lie far below.
pub fn join_binary<A: AsRef<[u8]>>(head: &str, attachments: &[A]) -> Vec<u8> {
    let size = attachments.iter().map(|attachment| 4 + attachment.as_ref().len()).sum::<usize>();
    let mut out = Vec::with_capacity(4 + head.len() + size);
    for part in std::iter::once(head.as_bytes()).chain(attachments.iter().map(AsRef::as_ref)) {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&part[..length as usize]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn envelopes() {
        for good in [
            "e[\"a\"]",
            "e7[\"a\",1]",
            "e/n,[\"a\"]",
            "e/n,0[\"a\"]",
            "a1[]",
            "x{\"code\":\"a\"}",
            "x/n,3{}",
            "c",
            "c/n,",
            "c/n,{\"a\":1}",
            "cnull",
            "h",
            "n0,0",
            "n9007199254740991,1",
            "l{}",
            "z{}",
            "W{}",
            "v[\"a\"]",
        ] {
            let packet = Packet::parse(good).unwrap_or_else(|error| panic!("{good}: {error}"));
            assert_eq!(packet.to_string(), good);
        }
        for bad in [
            "",
            "q",
            "e",
            "e{}",
            "e1",
            "e01[]",
            "e9007199254740992[]",
            "e-1[]",
            "e/[]",
            "e/,[]",
            "e/n[]",
            "a[]",
            "a1{}",
            "h1",
            "n",
            "n1",
            "n1,",
            "n1,2,3",
            "n01,2",
            "v1[\"a\"]",
            "l1{}",
            "é",
            "e/n\u{1},[]",
            "A[]",
        ] {
            assert_eq!(Packet::parse(bad), Err(Malformed::Packet), "{bad}");
        }
        assert_eq!(Packet::parse("e[1"), Err(Malformed::Json));
        assert_eq!(Packet::parse("e[1]x"), Err(Malformed::Json));
    }

    #[test]
    fn binary_forms() {
        let bytes = join_binary(r#"e["a","\u00000"]"#, &[b"xyz"]);
        let (head, attachments) = split_binary(&bytes).unwrap();
        assert_eq!(attachments, [b"xyz"]);
        assert!(Packet::parse_head(head, 1).is_ok());
        assert_eq!(Packet::parse_head(head, 2), Err(Malformed::Attachments));
        assert_eq!(Packet::parse_head("h", 1), Err(Malformed::Attachments));
        for cut in 1..bytes.len() {
            if let Ok((head, attachments)) = split_binary(&bytes[..cut]) {
                assert!(Packet::parse_head(head, attachments.len()).is_err(), "cut at {cut}");
            }
        }
        assert_eq!(split_binary(&[0xff, 0xff, 0xff, 0xff, b'e']), Err(Malformed::Attachments));
        assert_eq!(split_binary(&[0, 0, 0, 1, 0xff]), Err(Malformed::Utf8));
    }

    proptest! {
        #[test]
        fn parse_is_the_inverse_of_display(kind in "[aevx]", namespace in "(/[a-z]{1,8},)?", id in 0..=MAX_NUMBER) {
            let id = if kind == "v" { String::new() } else { id.to_string() };
            let text = format!("{kind}{namespace}{id}{}", if kind == "x" { "{}" } else { "[\"n\"]" });
            prop_assert_eq!(Packet::parse(&text).unwrap().to_string(), text);
        }

        #[test]
        fn nothing_panics(text in ".{0,40}", bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = Packet::parse(&text);
            let _ = split_binary(&bytes);
        }

        #[test]
        fn binary_round_trip(parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 1..5)) {
            let bytes = join_binary("head", &parts);
            let (head, attachments) = split_binary(&bytes).unwrap();
            prop_assert_eq!(head, "head");
            prop_assert_eq!(attachments, parts);
        }
    }
}
