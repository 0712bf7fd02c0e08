//! An answer that does not end, and posts on a connection beside it. An EventSource is the same with `data: ` before each line.

use std::io;

use super::exchange::Exchange;
use super::{Place, Side, Talk, Way};
use crate::connection::Connection;
use crate::dialect::Hear;
use crate::http::{Answers, Piece};

pub struct Stream {
    place: Place,
    down: Connection,
    answers: Answers,
    line: Vec<u8>,
    /// No request towards the stream is on its way.
    free: bool,
    up: Exchange,
}

impl Stream {
    pub fn open(place: Place) -> io::Result<Self> {
        let down = place.connect(Side::Down)?;
        Ok(Self {
            place,
            down,
            answers: Answers::new(),
            line: Vec::new(),
            free: true,
            up: Exchange::new(Side::Up),
        })
    }
}

impl Way for Stream {
    fn ready(&mut self, side: Side, talk: &mut Talk<'_>, hear: &mut Hear<'_>) -> io::Result<()> {
        let Talk { dialect, queue, scratch } = talk;
        if side == Side::Up {
            return self.up.read(scratch, |_| {});
        }
        let Self { down, answers, line, free, .. } = self;
        down.flush()?;
        down.read(scratch, |input| {
            let mut at = 0;
            while let Some((piece, used)) = answers.next(&input[at..]) {
                at += used;
                match piece {
                    Piece::Data(data) => lines(line, data, |line| dialect.packet(line, queue, hear)),
                    Piece::Frame => {}
                    Piece::End => *free = true,
                }
            }
            at
        })?;
        dialect.heard_all(queue);
        Ok(())
    }

    fn flush(&mut self, talk: &mut Talk<'_>) -> io::Result<()> {
        let Self { place, down, free, up, .. } = self;
        if std::mem::take(free) {
            place.ask(down, &talk.dialect.stream(talk.queue))?;
        }
        match up.waits {
            true => Ok(()),
            false => talk.dialect.post(talk.queue).map_or(Ok(()), |request| up.ask(place, &request)),
        }
    }
}

/// Shows each whole line of `kept` and `data` that holds a packet, and keeps the rest.
fn lines(kept: &mut Vec<u8>, data: &[u8], mut packet: impl FnMut(&[u8])) {
    kept.extend_from_slice(data);
    let mut at = 0;
    while let Some(len) = kept[at..].iter().position(|byte| *byte == b'\n') {
        let line = &kept[at..at + len];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = line.strip_prefix(b"data: ").unwrap_or(line);
        if !matches!(line.first(), None | Some(b' ' | b':')) {
            packet(line);
        }
        at += len + 1;
    }
    kept.drain(..at);
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn packets_are_whole_lines_without_padding_and_prefix() {
        let input = b"   padding\nW{}\n\ndata: e[1]\r\n\r\n:comment\nlast";
        for size in 1..=input.len() {
            let (mut kept, mut packets) = (Vec::new(), Vec::new());
            input.chunks(size).for_each(|data| lines(&mut kept, data, |line| packets.push(line.to_vec())));
            assert_eq!(packets, [b"W{}".to_vec(), b"e[1]".to_vec()], "in pieces of {size}");
            assert_eq!(kept, b"last");
        }
    }
}
