//! Arguments that say when they were sent, and their number.

use std::sync::LazyLock;
use std::time::Instant;

/// The whole argument, without its quotes: 64 bytes for an echo, 128 for a broadcast.
pub const ECHO: usize = 64;
pub const PUBLICATION: usize = 128;
/// Time and number in hexadecimal, at the start of an argument.
const STAMP: usize = 32;
const HEX: &[u8; 16] = b"0123456789abcdef";

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A JSON string with `size` bytes between its quotes.
pub fn stamped(out: &mut Vec<u8>, size: usize, number: usize) {
    let (mut nanos, mut number) = (now(), number as u64);
    let mut stamp = [0; STAMP];
    for place in (0..STAMP / 2).rev() {
        stamp[place] = HEX[(nanos & 15) as usize];
        stamp[place + STAMP / 2] = HEX[(number & 15) as usize];
        nanos >>= 4;
        number >>= 4;
    }
    out.push(b'"');
    out.extend_from_slice(&stamp);
    out.resize(out.len() + size - STAMP, b'x');
    out.push(b'"');
}

/// How long ago the argument was made, in nanoseconds, and its number. `None`: it is not ours.
pub fn read(argument: &[u8]) -> Option<(u64, usize)> {
    let text = std::str::from_utf8(argument.get(1..=STAMP)?).ok()?;
    let (sent, number) = text.split_at(STAMP / 2);
    let sent = u64::from_str_radix(sent, 16).ok()?;
    Some((now().saturating_sub(sent), u64::from_str_radix(number, 16).ok()? as usize))
}

fn now() -> u64 {
    START.elapsed().as_nanos() as u64
}
