//! Volatile events: written if a carrier can take them now, else dropped (protocol.md, section 2.1).

use std::time::Duration;

use everwire_session::Message;
use everwire_session::server::{Config, Input, Output, Session, Shape};
use everwire_session::wire::{Attach, Secret};

#[derive(Clone, Debug, PartialEq)]
struct Text(&'static str);

impl Message for Text {
    fn size(&self) -> usize {
        self.0.len()
    }

    fn is_credited(&self) -> bool {
        false
    }
}

const NOW: Duration = Duration::ZERO;

fn polled() -> Session<Text, Text> {
    let key = Secret::new("k");
    let mut session = Session::new(Config::default(), "id".into(), key.clone(), Secret::new("t"), NOW, 1_000);
    let head = Attach {
        v: 1,
        attach: 1,
        key: Some(key),
        session: None,
        token: None,
        received: 0,
        consumed: 0,
        window: 1_000,
        first: None,
        serial: None,
        pad: None,
        ticket: None,
    };
    session.handle(
        NOW,
        Input::Attach { pipe: 1, shape: Shape::Poll, head, batch: vec![], fresh: Secret::new("u") },
    );
    session
}

fn written(session: &mut Session<Text, Text>) -> Vec<Text> {
    let outputs = std::iter::from_fn(|| session.poll_output(NOW));
    outputs
        .filter_map(|output| if let Output::Message(_, text) = output { Some(text) } else { None })
        .collect()
}

#[test]
fn all_of_one_turn_ride_on_the_answer_to_a_poll() {
    let mut session = polled();
    session.machine.volatile(&mut session.send, NOW, [Text("one"), Text("two")]);
    assert_eq!(written(&mut session), [Text("one"), Text("two")]);
}

#[test]
fn between_two_polls_they_are_dropped() {
    let mut session = polled();
    assert_eq!(written(&mut session), []);
    assert!(!session.machine.takes_volatile());
    session.machine.volatile(&mut session.send, NOW, [Text("one")]);
    assert_eq!(written(&mut session), []);
}
