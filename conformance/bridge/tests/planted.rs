//! Bugs planted into the bundled script: the schedules must find each of them. A simulation that finds nothing proves nothing.

mod machine;
#[path = "../../../server/session/tests/sim/mod.rs"]
mod sim;

use machine::{TYPESCRIPT, script};
use sim::schedules::run_all;

/// Within so many schedules.
const ENOUGH: u64 = 2_000;

struct Bug {
    name: &'static str,
    /// Stands once in the script, and becomes something else.
    right: &'static str,
    wrong: &'static str,
}

const BUGS: &[Bug] = &[
    Bug {
        name: "what was seen is delivered again",
        right: "if (ahead === 0) {\nsession.queue.push",
        wrong: "if (ahead <= 0) {\nsession.queue.push",
    },
    Bug {
        name: "more is said to be received than was",
        right: "received: session.receive.received,\nconsumed: session.receive.consumed,\nwindow",
        wrong: "received: session.receive.received + 1,\nconsumed: session.receive.consumed,\nwindow",
    },
    Bug {
        name: "what is consumed is never said",
        right: "session.receive.received + \",\" + session.receive.consumed",
        wrong: "session.receive.received + \",0\"",
    },
    Bug {
        name: "a WebSocket goes on one message too far",
        right: "carrier.cursor = numberOf(body[\"received\"], 0);",
        wrong: "carrier.cursor = numberOf(body[\"received\"], 0) + 1;",
    },
    Bug {
        name: "a body says the wrong place",
        right: "fields.first = first;",
        wrong: "fields.first = first + 1;",
    },
    Bug { name: "credit does not count", right: "<= this.consumed + this.window", wrong: "<= Infinity" },
    Bug {
        name: "consumed bytes make no room",
        right: "this.consumed = Math.max(this.consumed, consumed);",
        wrong: "",
    },
    Bug {
        name: "what is sent counts as confirmed",
        right: "this.base < received;",
        wrong: "this.base < this.sent;",
    },
    Bug {
        name: "a carrier that is mute is never given up",
        right: "if (deadlineOf(carrier) <= now) {",
        wrong: "if (false) {",
    },
    Bug {
        name: "heartbeats are not answered",
        right: "session.owesCounts = carrier.kind !== \"poll\";",
        wrong: "",
    },
    Bug {
        name: "a failed post is not made again",
        right: "session.batch.request = 0;\n}\nif (!code",
        wrong: "session.batch = null;\nsession.send.base = session.send.sent;\n}\nif (!code",
    },
    Bug {
        name: "nobody is told what was not confirmed",
        right: "unconfirmed: session.send.log }",
        wrong: "unconfirmed: [] }",
    },
    Bug {
        name: "the session that another server's welcome names is taken for ours",
        right: "if (session.id && body[\"session\"] !== session.id) {",
        wrong: "if (false) {",
    },
    Bug {
        name: "a close that waits for credit asks without end",
        right: " && session.send.sent === session.send.last()",
        wrong: "",
    },
    Bug {
        name: "the last byte of what is binary is cut off",
        right: "parts.push(part(bytes, at, at + length));",
        wrong: "parts.push(part(bytes, at, at + length - (parts.length ? 1 : 0)));",
    },
];

#[test]
fn each_bug_is_found() {
    // How deep it is indented is not ours to know.
    let bundled = script::bundle().lines().map(str::trim_start).collect::<Vec<_>>().join("\n");
    let mut missed = Vec::new();
    for Bug { name, right, wrong } in BUGS {
        assert_eq!(bundled.matches(right).count(), 1, "the place for this bug is not in the script: {name}");
        let script = bundled.replacen(right, wrong, 1);
        match run_all(ENOUGH, TYPESCRIPT, || script::load(&script), |_| {}) {
            Ok(_) => missed.push(*name),
            Err(failure) => println!("{name}: seed {}, {}", failure.seed, failure.what),
        }
    }
    assert!(missed.is_empty(), "not found in {ENOUGH} schedules: {missed:#?}");
}
