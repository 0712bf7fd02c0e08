//! Engine.IO without Socket.IO: each message is the event `message`, with one string or one binary value. Other events are text, as in SockJS's mounts.

use bytes::Bytes;
use everwire_session::packet::Malformed;

use crate::dialect::{Part, sock_js};
use crate::incoming::Incoming;
use crate::outgoing::Outgoing;

/// The namespace whose sockets the clients are.
#[derive(Clone, Debug)]
pub(crate) struct Plain {
    pub(crate) namespace: Box<str>,
    /// Look for events in messages.
    pub(crate) events: bool,
}

impl Plain {
    pub(super) fn connect(&self) -> Result<Incoming, Malformed> {
        sock_js::connect(&self.namespace)
    }

    pub(super) fn text(&self, text: &str) -> Result<Incoming, Malformed> {
        sock_js::incoming(&self.namespace, text, self.events)
    }

    pub(super) fn binary(&self, bytes: Bytes) -> Incoming {
        sock_js::binary(&self.namespace, bytes)
    }
}

/// Writes a message.
pub(crate) fn say(out: &Outgoing<'_>) -> Vec<Part> {
    if let Some(bytes) = sock_js::bytes(out) {
        return vec![Part::Binary(bytes)];
    }
    sock_js::text(out).map(|text| Part::text(format!("4{text}"))).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use everwire_session::packet::{Kind, MAIN};
    use everwire_session::payload::IntoArgs;

    use super::*;

    #[test]
    fn down() {
        let main: Arc<str> = MAIN.into();
        let event = |name, id, payload| Outgoing::event(&main, id, name, payload);
        let bytes = Bytes::from_static(b"xyz");
        for (out, expected) in [
            (event("message", None, "a\"\n".into_payload().unwrap()), vec![Part::text("4a\"\n")]),
            (
                event("message", None, (bytes.clone(),).into_payload().unwrap()),
                vec![Part::Binary(bytes.clone())],
            ),
            (
                event("message", None, ("x", 1).into_payload().unwrap()),
                vec![Part::text(r#"4{"event":"message","args":["x",1]}"#)],
            ),
            (
                event("bin", Some(3), (bytes,).into_payload().unwrap()),
                vec![Part::text(r#"4{"event":"bin","args":[{"base64":"eHl6"}],"id":3}"#)],
            ),
            (Outgoing::opened(&main, "x"), vec![]),
        ] {
            assert_eq!(say(&out), expected);
        }
    }

    #[test]
    fn up() {
        let chat = Plain { namespace: "/chat".into(), events: false };
        let text = chat.text("{\"a\n").unwrap();
        assert_eq!((text.namespace(), &text.body[..]), ("/chat", &br#"["message","{\"a\n"]"#[..]));
        let binary = chat.binary(Bytes::from_static(b"xyz"));
        assert_eq!(
            (binary.namespace(), &binary.attachments[..]),
            ("/chat", &[Bytes::from_static(b"xyz")][..])
        );
        assert_eq!(chat.connect().unwrap().kind, Kind::Connect);
    }
}
