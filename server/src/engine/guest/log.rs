//! What a client that comes back may have missed: the last events that were sent to it.

use std::collections::VecDeque;

use crate::outgoing::{Frame, GuestFrame};

pub(crate) struct Log {
    frames: VecDeque<GuestFrame>,
    bytes: usize,
    limit: usize,
    /// The oldest are gone.
    trimmed: bool,
}

impl Log {
    pub(crate) fn new(limit: usize) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, limit, trimmed: false }
    }

    /// An event was given to the network. One that asks for an ack is not sent twice: its client could not tell.
    pub(crate) fn written(&mut self, frame: &Frame) {
        let Frame::Guest(frame) = frame else { return };
        if frame.mark().is_none_or(|mark| mark.offset.is_none()) {
            return;
        }
        self.keep(frame.clone());
        while self.bytes > self.limit
            && let Some(oldest) = self.frames.pop_front()
        {
            self.bytes -= oldest.size();
            self.trimmed = true;
        }
    }

    /// An event was not sent while there was nobody to send it to. The queue's limit was its limit.
    pub(crate) fn unsent(&mut self, frame: &Frame) {
        if let Frame::Guest(frame) = frame
            && frame.mark().is_some()
        {
            self.keep(frame.clone());
        }
    }

    fn keep(&mut self, frame: GuestFrame) {
        self.bytes += frame.size();
        self.frames.push_back(frame);
    }

    /// Is everything here that came after this event of this namespace? Without an event: everything at all.
    pub(crate) fn reaches(&self, namespace: &str, offset: Option<&str>) -> bool {
        self.place(namespace, offset).is_some()
    }

    /// Takes out what came after it, to be sent again.
    pub(crate) fn take_since(&mut self, namespace: &str, offset: Option<&str>) -> Option<Vec<GuestFrame>> {
        let place = self.place(namespace, offset)?;
        let behind = self.frames.split_off(place);
        let (missed, others): (Vec<_>, Vec<_>) = behind
            .into_iter()
            .partition(|frame| frame.mark().is_some_and(|mark| *mark.namespace == *namespace));
        self.frames.extend(others);
        self.bytes -= missed.iter().map(GuestFrame::size).sum::<usize>();
        Some(missed)
    }

    fn place(&self, namespace: &str, offset: Option<&str>) -> Option<usize> {
        let Some(offset) = offset else { return (!self.trimmed).then_some(0) };
        let is_it = |frame: &GuestFrame| {
            frame.mark().is_some_and(|mark| {
                *mark.namespace == *namespace
                    && mark.offset.is_some_and(|number| number.to_string() == offset)
            })
        };
        Some(self.frames.iter().position(is_it)? + 1)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use everwire_session::payload::IntoArgs;

    use super::*;
    use crate::chunk::Chunk;
    use crate::dialect::Speech;
    use crate::outgoing::Outgoing;

    fn frame(namespace: &str, id: Option<u64>) -> Frame {
        let namespace: Arc<str> = namespace.into();
        let out = Outgoing::event(&namespace, id, "tick", "x".into_payload().unwrap());
        out.frame(Speech::SocketIoMarked, &mut Chunk::default()).unwrap()
    }

    fn offset(frame: &Frame) -> String {
        let Frame::Guest(frame) = frame else { panic!("native") };
        frame.mark().unwrap().offset.unwrap().to_string()
    }

    #[test]
    fn what_was_missed() {
        let mut log = Log::new(10_000);
        let frames = [frame("/", None), frame("/a", None), frame("/", None), frame("/", None)];
        frames.iter().for_each(|frame| log.written(frame));
        log.written(&frame("/", Some(1)));
        assert!(log.reaches("/", Some(&offset(&frames[0]))) && !log.reaches("/a", Some(&offset(&frames[0]))));
        assert!(!log.reaches("/", Some("")) && log.reaches("/", None));
        assert_eq!(log.take_since("/", Some(&offset(&frames[0]))).unwrap().len(), 2);
        assert_eq!(log.take_since("/", Some(&offset(&frames[0]))).unwrap().len(), 0);
        log.unsent(&frame("/a", Some(2)));
        assert_eq!(log.take_since("/a", None).unwrap().len(), 2);
    }

    #[test]
    fn it_is_bounded() {
        let one = frame("/", None); // later ones are a digit longer, perhaps
        let mut log = Log::new(one.size() * 3 + 12);
        (0..10).for_each(|_| log.written(&frame("/", None)));
        assert_eq!((log.frames.len(), log.bytes <= log.limit), (3, true));
        assert!(!log.reaches("/", None));
    }
}
