//! A checker of JSON text: grammar, depth and surrogates, in one pass and without building anything.
//!
//! Bodies travel through the server as text. What is passed on must be valid for every receiver, so the whole text is checked
//! once where it comes in (protocol.md, section 2.1); `serde_json::RawValue` would accept any depth and lone surrogates.

use crate::packet::Malformed;

/// Nesting that a body may have: `[[1]]` is 2.
pub const MAX_DEPTH: usize = 64;

/// Checks that `text` is exactly one JSON value, without a line break: it travels as one line.
///
/// With `attachments` the text is the body of a binary form: each string value that is a placeholder must name the next attachment, and
/// all of them must be named (protocol.md, section 2.2).
///
/// # Errors
/// [`Malformed::Json`] for anything RFC 8259 does not allow, [`Malformed::Attachments`] for a wrong placeholder.
pub fn check(text: &str, attachments: Option<usize>) -> Result<(), Malformed> {
    let mut checker = Checker { bytes: text.as_bytes(), at: 0, placeholders: attachments.map(|_| 0) };
    checker.space();
    checker.value(0)?;
    checker.space();
    if checker.at != checker.bytes.len() {
        return Err(Malformed::Json);
    }
    if checker.placeholders != attachments {
        return Err(Malformed::Attachments);
    }
    Ok(())
}

struct Checker<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Placeholders seen so far, in the body of a binary form.
    placeholders: Option<usize>,
}

impl Checker<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.peek() != Some(byte) {
            return Err(Malformed::Json);
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Malformed> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(Malformed::Json);
        }
        self.at += word.len();
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<(), Malformed> {
        match self.peek() {
            Some(b'"') => self.string_value(),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), Malformed> {
        self.open(depth)?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.string()?;
            self.space();
            self.take(b':')?;
            self.space();
            self.value(depth)?;
            if self.closes(b'}')? {
                return Ok(());
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), Malformed> {
        self.open(depth)?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth)?;
            if self.closes(b']')? {
                return Ok(());
            }
        }
    }

    fn open(&mut self, depth: usize) -> Result<(), Malformed> {
        if depth > MAX_DEPTH {
            return Err(Malformed::Json);
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    /// Takes the closing byte (true) or a comma (false).
    fn closes(&mut self, close: u8) -> Result<bool, Malformed> {
        self.space();
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(true);
        }
        self.take(b',')?;
        self.space();
        Ok(false)
    }

    fn string_value(&mut self) -> Result<(), Malformed> {
        let start = self.at + 1;
        self.string()?;
        let Some(seen) = self.placeholders else {
            return Ok(());
        };
        let inner = &self.bytes[start..self.at - 1];
        let Some(rest) = inner.strip_prefix(b"\\u0000") else {
            return Ok(());
        };
        if rest.starts_with(b"\\u0000") {
            return Ok(());
        }
        if rest != seen.to_string().as_bytes() {
            return Err(Malformed::Attachments);
        }
        self.placeholders = Some(seen + 1);
        Ok(())
    }

    fn string(&mut self) -> Result<(), Malformed> {
        self.take(b'"')?;
        loop {
            self.at += plain(&self.bytes[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                _ => return Err(Malformed::Json),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Malformed> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                let unit = self.hex()?;
                let lone = match unit {
                    0xD800..=0xDBFF => {
                        self.word(b"\\")?;
                        !(0xDC00..=0xDFFF).contains(&self.hex()?)
                    }
                    0xDC00..=0xDFFF => true,
                    _ => false,
                };
                if lone {
                    return Err(Malformed::Json);
                }
            }
            _ => return Err(Malformed::Json),
        }
        Ok(())
    }

    /// Takes `uXXXX`.
    fn hex(&mut self) -> Result<u16, Malformed> {
        self.take(b'u')?;
        let digits = self.bytes.get(self.at..self.at + 4).ok_or(Malformed::Json)?;
        self.at += 4;
        digits.iter().try_fold(0u16, |unit, digit| {
            let value = (*digit as char).to_digit(16).ok_or(Malformed::Json)?;
            Ok(unit << 4 | value as u16)
        })
    }

    fn number(&mut self) -> Result<(), Malformed> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(Malformed::Json) } else { Ok(()) }
    }
}

/// How many bytes at the start of `bytes` stand in a string as they are: no quote, no backslash, no control character. Sixteen at a time, which
/// compilers make one vector of, then eight: byte by byte this was the largest part of what a message costs.
fn plain(bytes: &[u8]) -> usize {
    // All three are looked at, whatever the first says: else it would be no vector.
    let special = |byte: u8| u8::from(byte == b'"') | u8::from(byte == b'\\') | u8::from(byte < 0x20);
    let (blocks, _) = bytes.as_chunks::<16>();
    let is_plain = |block: &&[u8; 16]| block.iter().fold(0, |any, byte| any | special(*byte)) == 0;
    let clean = blocks.iter().take_while(is_plain).count() * 16;
    let (words, rest) = bytes[clean..].as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let special = first_special(u64::from_le_bytes(*word));
        if special < 8 {
            return clean + index * 8 + special;
        }
    }
    let special = rest.iter().position(|byte| special(*byte) != 0);
    bytes.len() - rest.len() + special.unwrap_or(rest.len())
}

/// The place of the first special byte in a little-endian word; 8 if there is none.
fn first_special(word: u64) -> usize {
    const LOW: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = LOW << 7;
    // The high bit of each byte that is less than `n`. Only below the lowest such byte is it certain that there is none.
    let less = |word: u64, n: u64| word.wrapping_sub(LOW * n) & !word & HIGH;
    let quote = less(word ^ (LOW * u64::from(b'"')), 1);
    let backslash = less(word ^ (LOW * u64::from(b'\\')), 1);
    let special = quote | backslash | less(word, 0x20);
    special.trailing_zeros() as usize / 8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn grammar() {
        for good in [
            "0",
            "-0",
            "-1.5e+10",
            "\"\"",
            "[]",
            "{}",
            " [ 1 , 2 ] ",
            "{\"a\":[null,true,false]}",
            "\"\\ud83d\\ude00\"",
            "\"\u{1F600}\"",
        ] {
            assert_eq!(check(good, None), Ok(()), "{good}");
        }
        for bad in [
            "",
            "01",
            "+1",
            "1.",
            ".5",
            "1e",
            "NaN",
            "nul",
            "[1,]",
            "[,1]",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\"}",
            "\"\n\"",
            "[1,\n2]",
            "[1]\r",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\\ud800\"",
            "\"\\udc00\"",
            "\"\\ud800\\u0041\"",
            "\"\\ud800x\"",
            "\"",
            "[",
            "{",
            "1 2",
            "[1]]",
            "\u{feff}1",
            "tru",
            "\"\\u12",
        ] {
            assert_eq!(check(bad, None), Err(Malformed::Json), "{bad}");
        }
    }

    #[test]
    fn depth() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(check(&nested(MAX_DEPTH), None), Ok(()));
        assert_eq!(check(&nested(MAX_DEPTH + 1), None), Err(Malformed::Json));
        assert_eq!(check(&"[".repeat(1_000_000), None), Err(Malformed::Json));
    }

    #[test]
    fn placeholders() {
        let both = r#"["x","\u00000",{"a":"\u00001","\u00007":"\u0000\u00005"}]"#;
        assert_eq!(check(both, Some(2)), Ok(()));
        assert_eq!(check(both, None), Ok(()));
        for (text, count) in [
            (both, 1),
            (both, 3),
            (r#"["\u00001"]"#, 1),
            (r#"["\u00000","\u00000"]"#, 2),
            (r#"["\u000000"]"#, 1),
            (r#"["\u0000"]"#, 0),
        ] {
            assert_eq!(check(text, Some(count)), Err(Malformed::Attachments), "{text}");
        }
    }

    #[test]
    fn every_byte_is_plain_or_not_at_every_place() {
        for byte in 0..=255u8 {
            let special = matches!(byte, b'"' | b'\\' | ..0x20);
            for place in 0..42 {
                let mut text = [b'x'; 45];
                text[place] = byte;
                // Behind it, whatever comes changes nothing.
                text[place + 1] = b'!';
                assert_eq!(plain(&text), if special { place } else { 45 }, "{byte} at {place}");
                text[place + 1] = b'"';
                assert_eq!(plain(&text), if special { place } else { place + 1 }, "{byte} at {place}");
            }
        }
    }

    proptest! {
        /// Whatever is accepted, serde_json accepts too; what it refuses (within its depth), we refuse.
        #[test]
        fn agrees_with_serde_json(text in r#"[\[\]{}",:0-9eE+.\-\\u ntrf]{0,24}"#) {
            let ours = check(&text, None).is_ok();
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            match theirs {
                Ok(_) => prop_assert!(ours),
                // A number out of range is grammar all the same.
                Err(error) => prop_assert!(!ours || error.to_string().contains("out of range")),
            }
        }
    }
}
