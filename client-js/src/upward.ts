// The plan of all but the smallest client: negotiation, what it remembers, and what it tries.
import { watchCrowd } from "./crowd.ts";
import type { Hub } from "./driver.ts";
import { storage } from "./env/browser.ts";
import { now, wall } from "./env/index.ts";
import { load, save } from "./memory.ts";
import { CROWDED, createNegotiation } from "./negotiation.ts";
import type { Limits, Plan, PlanHost } from "./plan.ts";
import { STREAM } from "./session/state.ts";
import { trial } from "./trial.ts";

/** How late a heartbeat may be. */
const LATE_HEARTBEAT = 1000;

export function negotiate(hub: Hub, limits: Limits, host: PlanHost): Plan {
  const { _io: io, _ways: ways, _session: session } = hub;
  const store = io._options.memory || storage;
  const ahead = (): number => wall() - now();
  // What is learnt counts for this origin, and among these transports.
  let place = "everwire " + io._url.replace(/^(\w+:\/\/[^/]+).*/, "$1");
  let stop = (): void => {};
  /** When something came over the carrier, by the time of day. */
  let heardAt = 0;
  if (io._options.transports) {
    for (const way of ways) {
      place += " " + way.name;
    }
  }
  const memory = load(store, place, now(), ahead());
  /** Another page may have found out. */
  const isTight = (): boolean => {
    session._tight = memory.tight = Math.max(memory.tight, load(store, place, now(), ahead()).tight);
    return memory.tight > now();
  };
  session._tight = memory.tight;
  hub._crowd = watchCrowd(hub, memory, isTight);
  const plan = createNegotiation(ways, limits, Math.random, memory, host, {
    _probe(transport, done) {
      if (transport._kind === STREAM && isTight()) {
        done(now(), CROWDED);
      } else {
        stop = trial(io, transport, (failed) => {
          done(now(), failed);
          hub._drain();
        });
      }
    },
    _learnt() {
      session._tight = memory.tight;
      if (ways.length > 1) {
        save(store, place, memory, ahead());
      }
    },
    _stop: () => stop(),
  });
  const proven = hub._proven;
  hub._heard = (attempt) => {
    heardAt = wall();
    // The other half of the time-out is for finding another way before this one is given up.
    plan._heard(attempt, now() + session._limits["ping"] + session._limits["timeout"] / 2);
  };
  hub._replace = (attempt) => plan._replace(now(), attempt);
  hub._check = (surely) => {
    const left = heardAt + session._limits["ping"] + LATE_HEARTBEAT - wall();
    plan._check(now(), surely ? now() : now() + Math.max(LATE_HEARTBEAT, left));
    hub._drain();
  };
  hub._proven = (attempt) => {
    proven(attempt);
    if (hub._crowd) {
      hub._crowd._proven(attempt);
    }
  };
  return plan;
}
