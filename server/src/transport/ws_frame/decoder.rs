//! The incremental decoder of what a client sends.

use super::header::{Header, Kind};
use super::message::Message;
use super::{Frame, FrameError};

/// Decodes one client's bytes. While no frame is under way it holds no memory of its own.
///
/// Give every piece that was read to [`Decoder::read`] and call [`Frames::next`] until it says `None`. After
/// an error or a [`Frame::Close`] nothing more comes out.
#[derive(Debug)]
pub(crate) struct Decoder {
    max_message: usize,
    /// The start of a header that is not complete yet, and how many bytes of it there are.
    head: [u8; Header::MAX],
    head_len: usize,
    /// The frame whose payload is not complete yet.
    current: Option<Current>,
    /// The payload so far of a control frame that was cut in pieces.
    control: Vec<u8>,
    /// The data message that was fragmented or cut in pieces.
    message: Message,
    state: State,
}

/// The frames in one piece of input.
#[derive(Debug)]
pub(crate) struct Frames<'a> {
    decoder: &'a mut Decoder,
    input: &'a mut [u8],
    at: usize,
}

#[derive(Clone, Copy, Debug)]
struct Current {
    header: Header,
    done: usize,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed,
    Failed(FrameError),
    Open,
}

/// Where the payload of a frame lies. Found first and borrowed afterwards, because the search still changes
/// the decoder.
enum Found {
    Control(Kind),
    Input(Kind, std::ops::Range<usize>),
    Message(Kind),
}

impl Decoder {
    /// A decoder that takes messages of up to `max_message` bytes, all fragments together.
    pub(crate) fn new(max_message: usize) -> Self {
        Self {
            max_message,
            head: [0; Header::MAX],
            head_len: 0,
            current: None,
            control: Vec::new(),
            message: Message::default(),
            state: State::Open,
        }
    }

    /// Takes a piece that was just read. It is unmasked in place, and a frame that lies whole in it is not
    /// copied. What the caller does not ask the returned [`Frames`] for is lost.
    pub(crate) fn read<'a>(&'a mut self, input: &'a mut [u8]) -> Frames<'a> {
        Frames { decoder: self, input, at: 0 }
    }

    /// From now on a message may have so many bytes.
    pub(crate) fn limit(&mut self, max_message: usize) {
        self.max_message = max_message;
    }

    /// Whether all that was read has been handed out.
    #[cfg(test)]
    pub(crate) fn is_idle(&self) -> bool {
        self.head_len == 0 && self.current.is_none() && !self.message.is_open()
    }

    /// How many bytes of memory are held beyond the decoder itself.
    pub(crate) fn held(&self) -> usize {
        self.control.capacity() + self.message.capacity()
    }

    /// Is anything under way, or over?
    fn holds(&self) -> bool {
        self.head_len > 0
            || self.current.is_some()
            || self.message.holds()
            || !self.control.is_empty()
            || !matches!(self.state, State::Open)
    }

    /// All that can be refused about a frame before its payload has come, and so before it takes memory.
    fn admit(&self, header: &Header) -> Result<(), FrameError> {
        match header.kind {
            Kind::Close | Kind::Ping | Kind::Pong => return Ok(()),
            Kind::Continuation if !self.message.is_open() => {
                return Err(FrameError::Protocol("continuation of nothing"));
            }
            Kind::Binary | Kind::Text if self.message.is_open() => {
                return Err(FrameError::Protocol("new message inside a fragmented one"));
            }
            Kind::Binary | Kind::Continuation | Kind::Text => {}
        }
        self.message.admit(header.payload, self.max_message)
    }

    /// Keeps a piece of the payload, already unmasked, of a frame that cannot be handed out from the input.
    fn keep(&mut self, header: &Header, done: usize, piece: &[u8]) -> Result<(), FrameError> {
        if header.kind.is_control() {
            self.control.extend_from_slice(piece);
            return Ok(());
        }
        if done == 0 {
            self.message.begin_fragment(header.kind);
        }
        self.message.push(piece)
    }

    /// Says what there is to hand out now that the frame's payload is complete.
    fn complete(&mut self, header: &Header) -> Result<Option<Found>, FrameError> {
        if header.kind.is_control() {
            Ok(Some(Found::Control(header.kind)))
        } else if header.fin {
            self.message.finish().map(|kind| Some(Found::Message(kind)))
        } else {
            Ok(None)
        }
    }

    /// Lets go of the memory that the last frame was handed out from.
    fn release(&mut self) {
        if self.current.is_none() && !self.control.is_empty() {
            self.control = Vec::new();
        }
        self.message.release();
    }
}

impl Frames<'_> {
    /// From now on a message may have so many bytes.
    pub(crate) fn limit(&mut self, max_message: usize) {
        self.decoder.limit(max_message);
    }

    /// The next frame, or `None` when the rest of the input has been kept for the next read.
    ///
    /// # Errors
    /// What the client did wrong; again and again for whatever is read afterwards.
    pub(crate) fn next(&mut self) -> Result<Option<Frame<'_>>, FrameError> {
        let found = match self.whole() {
            Some(found) => found,
            None => match self.any()? {
                Some(found) => found,
                None => return Ok(None),
            },
        };
        let (kind, payload) = match found {
            Found::Control(kind) => (kind, &self.decoder.control[..]),
            Found::Input(kind, range) => (kind, &self.input[range]),
            Found::Message(kind) => (kind, self.decoder.message.bytes()),
        };
        let frame = view(kind, payload);
        match frame {
            Err(error) => self.decoder.state = State::Failed(error),
            Ok(Frame::Close { .. }) => self.decoder.state = State::Closed,
            Ok(_) => {}
        }
        frame.map(Some)
    }

    /// Nearly always nothing is under way, and the next message lies whole in the input.
    fn whole(&mut self) -> Option<Found> {
        if self.decoder.holds() {
            return None;
        }
        let (header, used) = Header::parse(&self.input[self.at..]).ok()??;
        let from = self.at + used;
        if !header.stands_alone() || header.kind.is_control() || header.payload > self.decoder.max_message {
            return None;
        }
        unmask(self.input[from..].get_mut(..header.payload)?, header.mask, 0);
        self.at = from + header.payload;
        Some(Found::Input(header.kind, from..self.at))
    }

    /// Whatever comes next.
    fn any(&mut self) -> Result<Option<Found>, FrameError> {
        self.decoder.release();
        match self.decoder.state {
            State::Closed => return Ok(None),
            State::Failed(error) => return Err(error),
            State::Open => {}
        }
        self.find().inspect_err(|error| self.decoder.state = State::Failed(*error))
    }

    fn find(&mut self) -> Result<Option<Found>, FrameError> {
        loop {
            let Some(Current { header, done }) = self.under_way()? else {
                return Ok(None);
            };
            let from = self.at;
            let to = self.input.len().min(from + (header.payload - done));
            self.at = to;
            if from == to && header.payload > 0 {
                self.decoder.current = Some(Current { header, done });
                return Ok(None);
            }
            let piece = &mut self.input[from..to];
            unmask(piece, header.mask, done);
            if piece.len() == header.payload && header.stands_alone() {
                return Ok(Some(Found::Input(header.kind, from..to)));
            }
            self.decoder.keep(&header, done, piece)?;
            let done = done + piece.len();
            if done < header.payload {
                self.decoder.current = Some(Current { header, done });
                return Ok(None);
            }
            if let Some(found) = self.decoder.complete(&header)? {
                return Ok(Some(found));
            }
        }
    }

    /// The frame that is being read: the one begun earlier, else the next one.
    fn under_way(&mut self) -> Result<Option<Current>, FrameError> {
        if let Some(current) = self.decoder.current.take() {
            return Ok(Some(current));
        }
        let Some(header) = self.next_header()? else {
            return Ok(None);
        };
        self.decoder.admit(&header)?;
        Ok(Some(Current { header, done: 0 }))
    }

    fn next_header(&mut self) -> Result<Option<Header>, FrameError> {
        let rest = &self.input[self.at..];
        let kept = self.decoder.head_len;
        if kept == 0
            && let Some((header, used)) = Header::parse(rest)?
        {
            self.at += used;
            return Ok(Some(header));
        }
        let taken = rest.len().min(Header::MAX - kept);
        self.decoder.head[kept..kept + taken].copy_from_slice(&rest[..taken]);
        let Some((header, used)) = Header::parse(&self.decoder.head[..kept + taken])? else {
            self.decoder.head_len += taken;
            self.at += taken;
            return Ok(None);
        };
        // Of the bytes kept earlier none was enough, so what the header used reaches into the input.
        self.at += used - kept;
        self.decoder.head_len = 0;
        Ok(Some(header))
    }
}

/// A payload as the frame that it is.
fn view(kind: Kind, payload: &[u8]) -> Result<Frame<'_>, FrameError> {
    match kind {
        // Messages put together are never of this kind, and single ones are refused by `admit`.
        Kind::Continuation => Err(FrameError::Protocol("continuation of nothing")),
        Kind::Binary => Ok(Frame::Binary(payload)),
        Kind::Close => close(payload),
        Kind::Ping => Ok(Frame::Ping(payload)),
        Kind::Pong => Ok(Frame::Pong(payload)),
        Kind::Text => text(payload).map(Frame::Text),
    }
}

fn close(payload: &[u8]) -> Result<Frame<'_>, FrameError> {
    match payload {
        [] => Ok(Frame::Close { code: None, reason: "" }),
        [_] => Err(FrameError::Protocol("close frame of one byte")),
        [high, low, reason @ ..] => match u16::from_be_bytes([*high, *low]) {
            // The codes that may stand on the wire: RFC 6455, those registered since, and the free ranges.
            code @ (1000..=1003 | 1007..=1014 | 3000..=4999) => {
                Ok(Frame::Close { code: Some(code), reason: text(reason)? })
            }
            _ => Err(FrameError::Protocol("close code that must not be sent")),
        },
    }
}

fn text(bytes: &[u8]) -> Result<&str, FrameError> {
    std::str::from_utf8(bytes).map_err(|_| FrameError::Utf8)
}

/// Takes the mask off a piece of payload that begins `offset` bytes into it, sixteen at a time.
fn unmask(piece: &mut [u8], mut mask: [u8; 4], offset: usize) {
    mask.rotate_left(offset % 4);
    let wide: [u8; 16] = std::array::from_fn(|at| mask[at % 4]);
    let xor = |bytes: &mut [u8]| bytes.iter_mut().zip(wide).for_each(|(byte, mask)| *byte ^= mask);
    let (blocks, rest) = piece.as_chunks_mut::<16>();
    blocks.iter_mut().for_each(|block| xor(block));
    let (words, rest) = rest.as_chunks_mut::<4>();
    words.iter_mut().for_each(|word| xor(word));
    xor(rest);
}
