// Tries one transport alone, with a session of its own that belongs to nobody: it opens, asks, and closes.
import { createDriver } from "./driver.ts";
import { later, now } from "./env/index.ts";
import { CROWDED } from "./negotiation.ts";
import { encode } from "./packet.ts";
import { messageOf } from "./session/halves.ts";
import { STREAM } from "./session/state.ts";
import type { Io, Transport } from "./transports/transport.ts";

export interface Report {
  /** An event and its answer have gone over it. */
  ok: boolean;
  /** Of a refusal, or `no_transport`. */
  code: string;
  /** What is wrong, in a word. */
  why: string;
  /** Milliseconds until the session was open; null if it did not come to that. */
  openMs: number | null;
  /** Milliseconds for an event and its answer; null if there was none. */
  rttMs: number | null;
}

/** In all. */
const TIME = 8000;

export function trial(io: Io, transport: Transport, done: (report: Report) => void): () => void {
  const began = now();
  const report: Report = { ok: false, code: "no_transport", why: "silent", openMs: null, rttMs: null };
  let asked = 0;
  let over = false;
  const stop = (): void => {
    over = true;
    clearTimeout(timer as number);
    driver._close("client_disconnect");
  };
  const finish = (): void => {
    if (!over) {
      stop();
      done(report);
    }
  };
  const driver = createDriver(
    io,
    [transport],
    { _attempts: 0, _pause: () => 0 },
    {
      _deliver() {
        // That nobody knows the event.
        if (asked && !over) {
          report.rttMs = now() - asked;
          report.ok = true;
          report.code = report.why = "";
          finish();
        }
      },
      _proven() {
        if (!asked) {
          asked = now();
          report.openMs = asked - began;
          driver._push(messageOf("/", encode("e", "/", 0, ["trial"]), true));
        }
      },
      _carried() {},
      _suspended(code) {
        // A stream that comes with its end was held back.
        report.why = code === CROWDED ? code : transport._kind === STREAM ? "buffered" : "died";
        finish();
      },
      _failing(code, why) {
        report.code = code;
        report.why = why;
      },
      _ended(code) {
        report.code = report.code === "no_transport" ? code : report.code;
        finish();
      },
    },
    false,
  );
  const timer = later(finish, TIME);
  driver._start();
  return stop;
}
