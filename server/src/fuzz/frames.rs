//! WebSocket frames, those of RFC 6455 and those of 2010.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, ReadBuf};

use crate::transport::sock_js::hixie::reading::Reading;
use crate::transport::ws_frame::Decoder;

/// What comes out must not depend on how the bytes were cut.
pub fn ws_frame(data: &[u8]) {
    let [max, cut, bytes @ ..] = data else { return };
    let (max, cut) = (usize::from(*max) * 16, usize::from(*cut).max(1));
    let whole = frames(max, [bytes]);
    assert_eq!(whole, frames(max, bytes.chunks(cut)));
    let old = translated(bytes, max);
    assert_eq!(frames(max, [&old[..]]), frames(max, old.chunks(cut)));
}

fn frames<'a>(max: usize, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
    let mut decoder = Decoder::new(max);
    let mut found = Vec::new();
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut frames = decoder.read(&mut piece);
        loop {
            match frames.next() {
                Ok(Some(frame)) => found.push(format!("{frame:?}")),
                Ok(None) => break,
                Err(error) => {
                    found.push(format!("{error:?}"));
                    return found;
                }
            }
        }
    }
    found
}

/// The frames that frames of 2010 become.
fn translated(bytes: &[u8], max: usize) -> Vec<u8> {
    let mut reading = Reading::new(bytes, max);
    let mut context = Context::from_waker(Waker::noop());
    let mut out = Vec::new();
    let mut memory = [0; 64];
    loop {
        let mut buffer = ReadBuf::new(&mut memory);
        match Pin::new(&mut reading).poll_read(&mut context, &mut buffer) {
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => out.extend_from_slice(buffer.filled()),
            _ => return out,
        }
    }
}
