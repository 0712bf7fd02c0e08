//! Binary values in JSON text: Socket.IO's `{"_placeholder":true,"num":0}`, and ours, the string of U+0000 and the number
//! (protocol.md, section 2.2). Only the text of a packet that has attachments is rewritten.

use everwire_session::payload::string_end;
use serde::Deserialize;

/// How U+0000 begins a string in JSON.
const NUL: &str = r"\u0000";

/// Bytes that a placeholder takes at the most, with the spaces that other encoders write.
const LONGEST: usize = 80;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Placeholder {
    _placeholder: bool,
    num: u32,
}

/// Writes Socket.IO's placeholders our way. The text need not be JSON: it is checked afterwards.
pub(super) fn to_native(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(next) = memchr::memchr2(b'"', b'{', &bytes[at..]) {
        let start = at + next;
        out.push_str(&text[at..start]);
        if bytes[start] == b'"' {
            at = string_end(bytes, start).min(bytes.len());
            if text[start + 1..].starts_with(NUL) && !is_key(bytes, at) {
                out.push('"');
                out.push_str(NUL);
                out.push_str(&text[start + 1..at]);
            } else {
                out.push_str(&text[start..at]);
            }
        } else if let Some((num, length)) = placeholder(&bytes[start..]) {
            out.push_str(&format!("\"{NUL}{num}\""));
            at = start + length;
        } else {
            out.push('{');
            at = start + 1;
        }
    }
    out.push_str(&text[at..]);
    out
}

/// Writes our placeholders Socket.IO's way. The text is JSON that was checked.
pub(super) fn from_native(text: &[u8], out: &mut Vec<u8>) {
    replaced(text, out, |number, out| {
        out.extend_from_slice(br#"{"_placeholder":true,"num":"#);
        out.extend_from_slice(number);
        out.push(b'}');
    });
}

/// Puts what `write` writes in the place of each of our placeholders. The text is JSON that was checked.
pub(in crate::dialect) fn replaced(
    text: &[u8],
    out: &mut Vec<u8>,
    mut write: impl FnMut(&[u8], &mut Vec<u8>),
) {
    let mut at = 0;
    while let Some(next) = memchr::memchr(b'"', &text[at..]) {
        let start = at + next;
        out.extend_from_slice(&text[at..start]);
        at = string_end(text, start);
        let string = &text[start + 1..at - 1];
        match string.strip_prefix(NUL.as_bytes()) {
            Some(rest) if !is_key(text, at) => {
                if rest.starts_with(NUL.as_bytes()) {
                    out.push(b'"');
                    out.extend_from_slice(rest);
                    out.push(b'"');
                } else {
                    write(rest, out);
                }
            }
            _ => out.extend_from_slice(&text[start..at]),
        }
    }
    out.extend_from_slice(&text[at..]);
}

/// Is the string that ends here the key of an object?
fn is_key(text: &[u8], end: usize) -> bool {
    text[end..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

/// The number of a placeholder that begins here, and its length.
fn placeholder(text: &[u8]) -> Option<(u32, usize)> {
    let end = memchr::memchr(b'}', &text[..text.len().min(LONGEST)])? + 1;
    let placeholder: Placeholder = serde_json::from_slice(&text[..end]).ok()?;
    placeholder._placeholder.then_some((placeholder.num, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for (theirs, ours) in [
            (r#"["a",{"_placeholder":true,"num":0}]"#, r#"["a","\u00000"]"#),
            (r#"[{"x":{"_placeholder":true,"num":12},"y":[]}]"#, r#"[{"x":"\u000012","y":[]}]"#),
            (r#"["\u0000x","\\u0000x",{"\u0000k":1}]"#, r#"["\u0000\u0000x","\\u0000x",{"\u0000k":1}]"#),
            (r#"["{\"_placeholder\":true,\"num\":0}"]"#, r#"["{\"_placeholder\":true,\"num\":0}"]"#),
            (r#"[{"_placeholder":false,"num":0}]"#, r#"[{"_placeholder":false,"num":0}]"#),
            (r#"[{"_placeholder":true,"num":0,"more":1}]"#, r#"[{"_placeholder":true,"num":0,"more":1}]"#),
            ("é{", "é{"),
        ] {
            assert_eq!(to_native(theirs), ours);
            if theirs.ends_with(']') {
                let mut out = Vec::new();
                from_native(ours.as_bytes(), &mut out);
                assert_eq!(String::from_utf8(out).unwrap(), theirs);
            }
        }
        assert_eq!(to_native(r#"[{ "num" : 3, "_placeholder" : true }]"#), r#"["\u00003"]"#);
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "[\"\\\\{}:a0 é_u]{0,40}") {
            let _ = to_native(&text);
        }
    }
}
