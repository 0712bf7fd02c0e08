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
        name: "every attach has the same number",
        right: "carrier._attach = ++session._attaches;",
        wrong: "carrier._attach = session._attaches = 1;",
    },
    Bug {
        name: "all bodies have the same serial",
        right: "repeated ? repeated._serial : ++session._serial;",
        wrong: "session._serial = 1;",
    },
    Bug {
        name: "what was seen is delivered again",
        right: "if (!ahead) {\nsession._received++;",
        wrong: "if (ahead < 0) {\nsession._queue.push(() => session._host._deliver(packet, 0));\n}\nif (!ahead) {\nsession._received++;",
    },
    Bug {
        name: "more is said to be received than was",
        right: "fields[\"received\"] = session._received;",
        wrong: "fields[\"received\"] = session._received + 1;",
    },
    Bug {
        name: "what is consumed is never said",
        right: "session._received + \",\" + session._consumed",
        wrong: "session._received + \",0\"",
    },
    Bug {
        name: "a WebSocket goes on one message too far",
        right: "carrier._cursor = body[\"received\"];",
        wrong: "carrier._cursor = body[\"received\"] + 1;",
    },
    Bug {
        name: "a body says the wrong place",
        right: "fields[\"first\"] = first;",
        wrong: "fields[\"first\"] = first + 1;",
    },
    Bug {
        name: "credit does not count",
        right: "<= session._returned + session._limits[\"window\"]",
        wrong: "<= Infinity",
    },
    Bug { name: "consumed bytes make no room", right: "session._returned = consumed;", wrong: "" },
    Bug {
        name: "what is sent counts as confirmed",
        right: "session._base < received;",
        wrong: "session._base < session._sent;",
    },
    Bug {
        name: "a carrier that is mute is never given up",
        right: "if (deadlineOf(carrier) <= now) {",
        wrong: "if (false) {",
    },
    Bug {
        name: "heartbeats are not answered",
        right: "session._owesCounts = true;\ncarrier._rested = now + QUIET;",
        wrong: "",
    },
    Bug {
        name: "a failed post is not made again",
        right: "request._over = true;\ncarrier._requests =",
        wrong: "request._over = true;\nif (code !== null && batch && batch._request === request) {\nsession._batch = null;\nsession._base = session._sent;\n}\ncarrier._requests =",
    },
    Bug { name: "nobody is told what was not confirmed", right: "retry, session._log)", wrong: "retry, [])" },
    Bug {
        name: "the session that another server's welcome names is taken for ours",
        right: "if (session._id && body[\"session\"] !== session._id) {",
        wrong: "if (false) {",
    },
    Bug {
        name: "a close that waits for credit asks without end",
        right: " && session._sent === lastOf(session)",
        wrong: "",
    },
    Bug {
        name: "the refusal that answers a close confirms nothing",
        right: "if (code === session._closeCode) {",
        wrong: "if (false) {",
    },
    Bug {
        name: "a close is not said again with a body that has failed",
        right: "// And so what it ended with.\nsession._saidClose = false;",
        wrong: "",
    },
    Bug {
        name: "the last byte of what is binary is cut off",
        right: "bytes.subarray(at, at + length)",
        wrong: "bytes.subarray(at, at + length - (parts.length ? 1 : 0))",
    },
];

#[test]
fn each_bug_is_found() {
    // How deep it is indented is not ours to know.
    let bundled = script::bundle("entry.ts").lines().map(str::trim_start).collect::<Vec<_>>().join("\n");
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
