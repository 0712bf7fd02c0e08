//! SockJS: messages of text, and nothing else.

use super::Part;
use crate::outgoing::Outgoing;

pub(super) fn say(_out: &Outgoing) -> Vec<Part> {
    Vec::new()
}

pub(super) fn frame(_part: &Part, _out: &mut Vec<u8>) {}
