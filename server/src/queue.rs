//! What waits for a socket's handlers, in order.
//!
//! Events are bounded by the receive window, which counts bytes on the wire; a queued event of six bytes takes thirty times as much. So behind the first few they are
//! packed, and a client whose handler is stuck costs a small multiple of the window.

use std::collections::VecDeque;

use bytes::Bytes;
use everwire_session::packet::Kind;

use crate::error::Disconnect;
use crate::incoming::Incoming;
use everwire_session::payload::Payload;

/// So many stand in the queue as they are. Volatile and local events, which no window bounds, are dropped behind them.
const MAX_UNPACKED: usize = 256;

#[derive(Default)]
pub(crate) struct Queue {
    items: VecDeque<Item>,
}

/// What a socket has to do.
pub(crate) enum Item {
    Event(Incoming),
    Leave(Disconnect),
    Local(&'static str, Payload),
    /// Several events.
    Packed(Packed),
}

impl Queue {
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// May something be queued that may as well be lost?
    pub(crate) fn has_room(&self) -> bool {
        self.items.len() < MAX_UNPACKED
    }

    pub(crate) fn push(&mut self, item: Item) {
        self.items.push_back(item);
    }

    /// Queues an event that counts in the window.
    pub(crate) fn push_event(&mut self, incoming: Incoming) {
        if self.has_room() || !incoming.attachments.is_empty() {
            return self.push(Item::Event(incoming));
        }
        if let Some(Item::Packed(packed)) = self.items.back_mut() {
            return packed.push(&incoming);
        }
        let mut packed = Packed::default();
        packed.push(&incoming);
        self.push(Item::Packed(packed));
    }

    /// The next one; never [`Item::Packed`].
    pub(crate) fn pop(&mut self) -> Option<Item> {
        while let Some(Item::Packed(packed)) = self.items.front_mut() {
            if let Some(incoming) = packed.pop() {
                return Some(Item::Event(incoming));
            }
            self.items.pop_front();
        }
        let item = self.items.pop_front();
        if self.items.is_empty() && self.items.capacity() > 0 {
            // An idle session keeps no buffer.
            self.items = VecDeque::new();
        }
        item
    }

    /// Drops everything.
    pub(crate) fn clear(&mut self) -> Cleared {
        let mut cleared = Cleared::default();
        while let Some(item) = self.pop() {
            if let Item::Event(incoming) = item {
                cleared.credit += incoming.credit();
                cleared.asked += usize::from(incoming.id.is_some());
            }
        }
        cleared
    }
}

/// What of a client's limits is free again when its events are dropped.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Cleared {
    /// Of its window.
    pub(crate) credit: u64,
    /// Events that wanted an answer.
    pub(crate) asked: usize,
}

/// Events without binary, one behind the other: length of the body (4 bytes), how much longer the packet was (1), is there an id (1), the id (8),
/// the body.
#[derive(Default)]
pub(crate) struct Packed {
    bytes: Vec<u8>,
    /// Where the next one begins.
    at: usize,
}

impl Packed {
    fn push(&mut self, incoming: &Incoming) {
        // What comes before a body is a letter, a namespace and an id, all of them short; the body is within the limit of a message.
        let head = u8::try_from(incoming.size - incoming.body.len()).unwrap_or(u8::MAX);
        let length = u32::try_from(incoming.body.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(&[head, u8::from(incoming.id.is_some())]);
        if let Some(id) = incoming.id {
            self.bytes.extend_from_slice(&id.to_le_bytes());
        }
        self.bytes.extend_from_slice(&incoming.body[..length as usize]);
    }

    fn pop(&mut self) -> Option<Incoming> {
        let mut rest = self.bytes.get(self.at..)?;
        let length = u32::from_le_bytes(take(&mut rest)?) as usize;
        let [head, has_id] = take(&mut rest)?;
        let id = if has_id == 0 { None } else { Some(u64::from_le_bytes(take(&mut rest)?)) };
        let body = Bytes::copy_from_slice(rest.get(..length)?);
        self.at = self.bytes.len() - rest.len() + length;
        let size = length + usize::from(head);
        Some(Incoming { kind: Kind::Event, namespace: None, id, body, attachments: Vec::new(), size })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, behind) = rest.split_first_chunk::<N>()?;
    *rest = behind;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: String) -> Incoming {
        Incoming::text(&text.into()).unwrap()
    }

    /// What of an event must survive the queue.
    fn parts(incoming: &Incoming) -> (Option<u64>, Bytes, usize) {
        (incoming.id, incoming.body.clone(), incoming.size)
    }

    #[test]
    fn order_ids_and_sizes_are_kept() {
        let mut queue = Queue::default();
        let mut sent = Vec::new();
        for number in 0..1_000u64 {
            let id = if number % 3 == 0 { (number << 40).to_string() } else { String::new() };
            let incoming = event(format!("e/chat,{id}[\"n\",{number}]"));
            sent.push(parts(&incoming));
            queue.push_event(incoming);
            if number == 500 {
                queue.push(Item::Local("resumed", Payload::default()));
            }
            if number % 4 == 0 {
                let Some(Item::Event(incoming)) = queue.pop() else { panic!("an event comes first") };
                assert_eq!(parts(&incoming), sent.remove(0));
            }
        }
        while let Some(item) = queue.pop() {
            match item {
                Item::Event(incoming) => assert_eq!(parts(&incoming), sent.remove(0)),
                Item::Local(..) => assert_eq!(sent[0].1, &br#"["n",501]"#[..]),
                Item::Leave(_) | Item::Packed(_) => panic!("was not put in"),
            }
        }
        assert!(sent.is_empty() && queue.is_empty());
    }

    #[test]
    fn many_small_ones_cost_little_more_than_their_bytes() {
        let mut queue = Queue::default();
        for _ in 0..100_000 {
            queue.push_event(event("e[\"a\"]".into()));
        }
        assert_eq!(queue.items.len(), MAX_UNPACKED + 1);
        let Some(Item::Packed(packed)) = queue.items.back() else { panic!("the rest is packed") };
        assert!(packed.bytes.capacity() < 4 * 600_000);
        assert_eq!(queue.clear(), Cleared { credit: 600_000, asked: 0 });
    }
}
