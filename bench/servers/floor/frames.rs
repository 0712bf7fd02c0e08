//! The server's side of RFC 6455, as much as a floor needs.

/// Unmasks the frame that `input` begins with: its text, if it has one, and its length. `None`: it is not complete.
pub fn next(input: &mut [u8]) -> Option<(Option<&[u8]>, usize)> {
    let (head, len) = header(input)?;
    let (head, payload) = input.get_mut(..head + len)?.split_at_mut(head);
    let mask = [head[head.len() - 4], head[head.len() - 3], head[head.len() - 2], head[head.len() - 1]];
    unmask(payload, mask);
    Some(((head[0] == 0x81).then_some(&*payload), head.len() + len))
}

/// Length of a masked header, and of the payload behind it.
fn header(input: &[u8]) -> Option<(usize, usize)> {
    match input.get(1)? & 0x7f {
        126 => Some((8, usize::from(u16::from_be_bytes([*input.get(2)?, *input.get(3)?])))),
        127 => Some((14, u64::from_be_bytes(input.get(2..10)?.try_into().ok()?) as usize)),
        len => Some((6, usize::from(len))),
    }
}

fn unmask(payload: &mut [u8], [a, b, c, d]: [u8; 4]) {
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    rest.iter_mut().zip([a, b, c, d, a, b, c]).for_each(|(byte, mask)| *byte ^= mask);
}

/// One text frame with these parts.
pub fn write(out: &mut Vec<u8>, parts: &[&[u8]]) {
    match parts.iter().map(|part| part.len()).sum::<usize>() {
        len @ 0..126 => out.extend_from_slice(&[0x81, len as u8]),
        len => {
            out.extend_from_slice(&[0x81, 126]);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
}
