//! The client's side of RFC 6455, as much as a load generator needs.

/// Appends one text frame. The mask is zero, which is a mask like others, and saves the generator's core for its work.
pub fn write_text(out: &mut Vec<u8>, payload: &[u8]) {
    match payload.len() {
        len @ 0..126 => out.extend_from_slice(&[0x81, 0x80 | len as u8, 0, 0, 0, 0]),
        len => {
            out.extend_from_slice(&[0x81, 0x80 | 126]);
            out.extend_from_slice(&u16::try_from(len).expect("messages are small").to_be_bytes());
            out.extend_from_slice(&[0; 4]);
        }
    }
    out.extend_from_slice(payload);
}

/// The payload of the frame that `input` begins with, and where the next one begins. `None`: it is not complete.
pub fn next(input: &[u8]) -> Option<(&[u8], usize)> {
    let (head, len) = match *input.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes([*input.get(2)?, *input.get(3)?]))),
        127 => (10, u64::from_be_bytes(input.get(2..10)?.try_into().ok()?) as usize),
        len => (2, usize::from(len)),
    };
    Some((input.get(head..head + len)?, head + len))
}
