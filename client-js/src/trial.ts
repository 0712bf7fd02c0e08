// Tries one transport alone, with a session of its own that belongs to nobody: it opens, asks, and closes.
import { Driver, type Probe } from "./driver.ts";
import { CROWDED } from "./negotiation.ts";
import { encode, sizeOf } from "./packet.ts";
import type { Io, Transport } from "./transports/index.ts";

export interface Report {
  ok: boolean;
  /** Of a refusal, or `no_transport`. */
  code: string;
  why: string;
  /** Until the session was open, and for an event and its answer; null if it did not come to that. */
  openMs: number | null;
  rttMs: number | null;
}

/** In all. */
const TIME = 8000;

export function trial(io: Io, transport: Transport, done: (report: Report) => void): () => void {
  const env = io.env;
  const began = env.now();
  const report: Report = { ok: false, code: "no_transport", why: "silent", openMs: null, rttMs: null };
  let asked = 0;
  const finish = (): void => {
    env.cancel(timer);
    driver.close("client_disconnect");
    done(report);
    done = () => {};
  };
  const driver: Driver = new Driver(io, [transport], { attempts: 0, delay: 0, maxDelay: 0 }, {
    deliver() {
      // That nobody knows the event.
      if (report.openMs !== null && report.rttMs === null) {
        report.rttMs = env.now() - asked;
        report.ok = true;
        report.code = report.why = "";
        finish();
      }
    },
    proven() {
      if (report.openMs === null) {
        const data = encode("e", "/", 0, ["trial"]);
        asked = env.now();
        report.openMs = asked - began;
        driver.session.push({ namespace: "/", data, size: sizeOf(data), credited: true, id: 0 });
        driver.flush();
      }
    },
    carried() {},
    suspended(code) {
      // A stream that comes with its end was held back.
      report.why = code === CROWDED ? code : transport.kind === "stream" ? "buffered" : "died";
      finish();
    },
    rejected() {},
    failing(code, why) {
      report.code = code;
      report.why = why;
    },
    ended(code) {
      report.code = report.code === "no_transport" ? code : report.code;
      finish();
    },
  });
  const timer = env.later(finish, TIME);
  driver.start();
  return () => {
    done = () => {};
    finish();
  };
}

/** For those who only want to know whether it works. */
export const probe: Probe = (io, transport, done) => trial(io, transport, (report) => done(report.ok ? null : report.why));
