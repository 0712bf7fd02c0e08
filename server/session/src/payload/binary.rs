//! Binary values inside JSON (protocol.md, section 2.2): taken out while arguments are written, put back before they are read.

use std::io::{self, Write};

use crate::json::MAX_DEPTH;
use crate::packet::MAX_ATTACHMENTS;
use bytes::Bytes;
use serde::Serialize;
use serde::ser::Error as _;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};

/// How U+0000 begins a string in JSON: nothing else can stand for it.
const NUL: &[u8] = br"\u0000";

/// Writes `value` as JSON text without line breaks. What it serializes as bytes, at any depth, becomes an attachment.
pub(crate) fn write<T: Serialize + ?Sized>(value: &T) -> Result<(Vec<u8>, Vec<Bytes>), serde_json::Error> {
    let mut found = Found::default();
    let mut text = write_with(value, &mut found)?;
    if !found.attachments.is_empty() && found.nul {
        // Rare: a string that looks like a placeholder beside real ones. Only now is it known that it needs its mark.
        found = Found { double: true, ..Found::default() };
        text = write_with(value, &mut found)?;
    }
    if found.attachments.len() > MAX_ATTACHMENTS {
        return Err(serde_json::Error::custom("more than 1,000 binary values"));
    }
    // The array around the arguments is one level more.
    if found.deepest >= MAX_DEPTH {
        return Err(serde_json::Error::custom("nests deeper than 64"));
    }
    Ok((text, found.attachments))
}

fn write_with<T: Serialize + ?Sized>(value: &T, found: &mut Found) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = Vec::with_capacity(64);
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, Collector(found)))?;
    Ok(text)
}

/// What is learned while writing.
#[derive(Default)]
struct Found {
    attachments: Vec<Bytes>,
    /// Put another U+0000 in front of a string value that begins with one.
    double: bool,
    /// Some string value begins with U+0000.
    nul: bool,
    in_key: bool,
    at_start: bool,
    depth: usize,
    deepest: usize,
}

struct Collector<'a>(&'a mut Found);

impl Collector<'_> {
    fn deeper(&mut self) {
        self.0.depth += 1;
        self.0.deepest = self.0.deepest.max(self.0.depth);
    }
}

impl Formatter for Collector<'_> {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.deeper();
        CompactFormatter.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.depth -= 1;
        CompactFormatter.end_array(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.deeper();
        CompactFormatter.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.depth -= 1;
        CompactFormatter.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.in_key = true;
        CompactFormatter.begin_object_key(writer, first)
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.in_key = false;
        CompactFormatter.end_object_key(writer)
    }

    fn begin_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.at_start = !self.0.in_key;
        CompactFormatter.begin_string(writer)
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        self.0.at_start = false;
        CompactFormatter.write_string_fragment(writer, fragment)
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        if self.0.at_start && matches!(escape, CharEscape::AsciiControl(0)) {
            self.0.nul = true;
            if self.0.double {
                writer.write_all(NUL)?;
            }
        }
        self.0.at_start = false;
        CompactFormatter.write_char_escape(writer, escape)
    }

    fn write_byte_array<W: ?Sized + Write>(&mut self, writer: &mut W, value: &[u8]) -> io::Result<()> {
        write!(writer, r#""\u0000{}""#, self.0.attachments.len())?;
        self.0.attachments.push(Bytes::copy_from_slice(value));
        Ok(())
    }

    /// The user's own JSON text. A raw line break in it is space between tokens.
    fn write_raw_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let text = fragment.replace(['\n', '\r'], " ").into_bytes();
        let mut rest = 0;
        for (start, _) in NulValues::of(&text) {
            self.0.nul = true;
            if self.0.double {
                writer.write_all(&text[rest..=start])?;
                writer.write_all(NUL)?;
                rest = start + 1;
            }
        }
        writer.write_all(&text[rest..])
    }
}

/// Puts attachments back: each placeholder becomes a string of the raw bytes, which is no UTF-8 in general, but which serde_json hands
/// to types that ask for bytes as it is. Doubled marks are taken off.
pub(crate) fn expand(text: &[u8], attachments: &[Bytes]) -> Vec<u8> {
    let size: usize = attachments.iter().map(|attachment| attachment.len() + 8).sum();
    let mut out = Vec::with_capacity(text.len() + size);
    let mut rest = 0;
    for (start, end) in NulValues::of(text) {
        let inner = &text[start + 1 + NUL.len()..end - 1];
        if inner.starts_with(NUL) {
            out.extend_from_slice(&text[rest..=start]);
            rest = start + 1 + NUL.len();
        } else if let Some(attachment) = index(inner).and_then(|index| attachments.get(index)) {
            out.extend_from_slice(&text[rest..start]);
            write_raw_string(&mut out, attachment);
            rest = end;
        }
    }
    out.extend_from_slice(&text[rest..]);
    out
}

fn index(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn write_raw_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let mut rest = bytes;
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(&[b'\\', rest[at]]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Position behind the string whose opening quote stands at `start`. The text is JSON that was checked.
pub fn string_end(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(next) = memchr::memchr2(b'"', b'\\', text.get(at..).unwrap_or_default()) {
        at += next;
        if text[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

/// The string values (not keys) that begin with U+0000: from the opening quote to behind the closing one.
struct NulValues<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> NulValues<'a> {
    fn of(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }
}

impl Iterator for NulValues<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(next) = memchr::memchr(b'"', &self.text[self.at..]) {
            let start = self.at + next;
            let end = string_end(self.text, start);
            self.at = end;
            let behind = self.text[end..].iter().find(|byte| !byte.is_ascii_whitespace());
            if self.text[start + 1..].starts_with(NUL) && behind != Some(&b':') {
                return Some((start, end));
            }
        }
        None
    }
}
