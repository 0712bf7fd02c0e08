// Which transport is tried when: no clock, no timer, no I/O. Every input takes the time; after each, run what `_next` gives until
// that is nothing, then come back at `_nextTimeout`. A transport counts as working when it has carried data, never when it has opened.
import { backoff } from "./backoff.ts";
import { ATTACH, BACKOFF, thenOf } from "./codes.ts";
import { filter, find, without } from "./lists.ts";
import { createAttempt, type Attempt, type Limits, type Plan, type PlanHost } from "./plan.ts";
import { POLL, STREAM } from "./session/state.ts";
import type { Transport } from "./transports/transport.ts";

/** What is known of this server from here. */
export interface Memory {
  /** Until when all this counts. */
  until: number;
  /** What worked last. */
  best: string;
  /** The shortest round trip seen; 0 if none was. */
  rtt: number;
  /** Until then nothing is held that takes one of a browser's few connections. */
  tight: number;
  /** What failed while something else worked, and how. */
  failed: { [name: string]: string };
}

/** What it needs to look for something better. */
export interface Upward {
  /** See with a session of its own whether this one works by now: `done` is told the time, and null, or why it does not. */
  _probe(transport: Transport, done: (now: number, why: string | null) => void): void;
  /** The memory has changed. */
  _learnt(): void;
  /** The session is over. */
  _stop(): void;
}

export interface Negotiation extends Plan {
  /** Something has come over the carrier, and something more has to come until `by`. */
  _heard(attempt: Attempt, by: number): void;
  /** There is reason for a look: attaches at once if there is no carrier, and anew if it shows no life by then. */
  _check(now: number, by: number): void;
  /** The carrier works but will be ended: another of its kind is to take its place. */
  _replace(now: number, attempt: Attempt): void;
}

/** Before the next transport is started beside one that has not carried anything: this, or three round trips. */
const HEAD_START = 250;
const MAX_RTT = 1000;
/** Time for a new carrier to show that it carries; more after each round without success. */
const PATIENCE = 5000;
const MAX_PATIENCE = 20000;
/** A carrier that held this long was no failure; one that dies sooner than `QUICK` so many times in a row is left. */
const STOOD = 1000;
const QUICK = 10000;
const QUICK_DEATHS = 3;
/** So many refusals that only ask for another attach are followed at once. */
const HASTY = 3;
/** How long what was learnt counts. */
export const KEPT = 3600000;
/** How long, at least, connections that were scarce are taken to be so. */
const TIGHT = 60000;
/** Looking for something better: bounds of the pauses, and how long a carrier must hold for them to start over. */
const PROBE_FIRST = 20000;
const PROBE_MAX = 600000;
const PROBE_LEAST = 1000;
const PROBE_RESET = 60000;
/** A time-out that comes this late says that this machine was busy, nothing of the path: it is given once more. */
const BUSY = 50;
const NEVER = Infinity;
/** Said of what works at first, time and again. */
const DIED = "died";
/** The code of a carrier beside which nothing is answered. */
export const CROWDED = "crowded";

/** `ways` stand in order of preference. A way is known by its place among them, its rank. */
export function createNegotiation(
  ways: Transport[],
  limits: Limits,
  random: () => number,
  memory: Memory,
  host: PlanHost,
  upward: Upward,
): Negotiation {
  /** The session is about to end: nothing better is looked for. */
  let closing = false;
  let attempts: Attempt[] = [];
  let current: Attempt | null = null;
  let carriedAt = 0;
  /** When a carrier was let go because there may be no connection left beside it. */
  let crowdedAt = -NEVER;
  /** Untried ways of this race, and when the next is due. */
  let left: number[] = [];
  let due = NEVER;
  /** Racing though there is a carrier, which may be dead. */
  let renewing = false;
  let rounds = 0;
  let hasty = 0;
  let lifeBy = NEVER;
  let deaths: { [rank: number]: number } = {};
  /** What failed and how; evidence only once something else has worked. */
  let suspects: { [rank: number]: string } = {};
  let code = "";
  let probeAt = NEVER;
  let probes = 0;
  let probing = false;
  /** One may only have been slow: it is looked at anew soon. */
  let doubtful = false;
  let steps: (() => void)[] = [];
  /** The time of what is happening. */
  let now = 0;

  // ---- the lists

  /** Those that may still win. */
  const racers = (): Attempt[] => filter(attempts, (attempt) => attempt !== current);

  /** Is it being tried? */
  const isUnder = (rank: number): unknown => find(racers(), (attempt) => attempt._rank === rank);

  const remove = (attempt: Attempt): void => {
    attempt._over = true;
    attempts = without(attempts, attempt);
  };

  const demote = (rank: number, reason: string): void => {
    memory.failed[(ways[rank] as Transport).name] = reason;
    upward._learnt();
  };

  /** Not for the same time in all pages, lest they all come back together. */
  const tighten = (): void => {
    memory.tight = now + TIGHT * (1 + random());
    upward._learnt();
  };

  // ---- racing

  const pauseOf = (): number => limits._pause(Math.max(0, rounds - 1));

  const unlessBusy = (time: number): number => (time < now - BUSY ? now + headStart() : time);

  const headStart = (): number => Math.max(HEAD_START, 3 * memory.rtt);

  const calm = (): void => {
    renewing = false;
    left = [];
    due = lifeBy = NEVER;
  };

  /** What worked last, then what is not known to fail here, then what worked for a while, then the rest. */
  const groupOf = (rank: number): number => {
    const { name, _kind: kind } = ways[rank] as Transport;
    const reason = suspects[rank] || memory.failed[name];
    return reason === DIED ? 2 : reason || (kind === STREAM && Math.max(memory.tight, crowdedAt + PATIENCE) > now) ? 3 : name === memory.best ? 0 : 1;
  };

  const race = (pause: number): void => {
    if (memory.until <= now) {
      memory.until = now + KEPT;
      memory.best = "";
      memory.failed = {};
    }
    left = [];
    while (left.length < ways.length) {
      left.push(left.length);
    }
    left.sort((a, b) => groupOf(a) - groupOf(b) || a - b);
    due = now + pause;
  };

  const start = (rank: number): void => {
    const attempt = createAttempt(ways[rank] as Transport, rank, now, Math.min(MAX_PATIENCE, PATIENCE * (rounds + 1)));
    attempt._due = now + headStart() * Math.pow(2, racers().length);
    attempts = attempts.concat(attempt);
    if (!current || renewing) {
      due = attempt._due;
    }
    steps.push(() => host._start(attempt));
  };

  /** The next of the race is due. */
  const step = (): void => {
    while (left.length && isUnder(left[0] as number)) {
      left.shift();
    }
    if (left.length) {
      start(left.shift() as number);
    } else if (racers().length) {
      due = NEVER;
    } else if (renewing) {
      calm();
    } else {
      // All have failed. That says more of the network than of any of them.
      rounds++;
      suspects = {};
      steps.push(() => host._failing(code));
      retry(pauseOf());
    }
  };

  const retry = (pause: number): void => {
    if (rounds > limits._attempts) {
      due = NEVER;
      steps.push(() => host._giveUp());
    } else {
      race(pause);
    }
  };

  /** At once, before all others. */
  const first = (rank: number): void => {
    left.unshift(rank);
    due = now;
  };

  /** No carrier, and none under way: no more pause. */
  const hurry = (): void => {
    if (!current && !racers().length) {
      due = now;
    }
  };

  const died = (attempt: Attempt, reason: string): void => {
    const rank = attempt._rank;
    const lived = now - carriedAt;
    const clean = reason === "end" || reason === "taken_over" || reason === CROWDED;
    current = null;
    // Even one that may end is left if it does so as soon as it has begun, again and again.
    deaths[rank] = lived >= (clean ? STOOD : QUICK) ? 0 : (deaths[rank] || 0) + 1;
    const stood = lived >= STOOD || (clean && (deaths[rank] as number) < QUICK_DEATHS);
    if (lived >= PROBE_RESET) {
      probes = 0;
    }
    if (reason === "timeout") {
      suspects[rank] = reason;
    } else if ((deaths[rank] as number) >= QUICK_DEATHS) {
      suspects[rank] = DIED;
    }
    rounds = stood ? 0 : rounds + 1;
    probeAt = lifeBy = NEVER;
    if (!renewing) {
      const pause = thenOf(reason) === BACKOFF || !stood ? pauseOf() : 0;
      retry(racers().length ? Math.max(pause, headStart()) : pause);
    }
    renewing = false;
  };

  // ---- upward

  const planProbe = (): void => {
    const pause = doubtful ? 0 : backoff(probes, PROBE_FIRST, PROBE_MAX, random);
    probeAt = current && current._rank && !probing ? now + PROBE_LEAST + pause : NEVER;
  };

  /** Looks at this one, or the next that is better than what there is. */
  const probe = (rank: number): void => {
    const way = ways[rank] as Transport;
    if (closing || !current || rank >= current._rank) {
      probes++;
      planProbe();
    } else if (isUnder(rank) || (way._kind === STREAM && memory.tight > now)) {
      probe(rank + 1);
    } else {
      probing = true;
      steps.push(() =>
        upward._probe(way, (at, failed) => {
          now = at;
          probing = false;
          // It is evidence only beside something that works.
          if (closing || !current || rank >= current._rank) {
            planProbe();
          } else if (failed === null) {
            probes++;
            start(rank);
          } else {
            if (failed === CROWDED) {
              tighten();
            } else {
              demote(rank, failed);
            }
            probe(rank + 1);
          }
        }),
      );
    }
  };

  const failed = (attempt: Attempt, reason: string): void => {
    const rank = attempt._rank;
    const then = thenOf(reason);
    const again = then === ATTACH && reason !== "timeout";
    if (attempt._over) {
      return;
    }
    remove(attempt);
    if (reason === CROWDED) {
      crowdedAt = now;
    } else if (attempt === current && attempt._way._kind === STREAM && carriedAt >= attempt._due && now - carriedAt < BUSY) {
      // What a proxy holds back comes late, and together with the end: as when the next attach makes the server end this stream.
      suspects[rank] = "timeout";
      doubtful = true;
    }
    if (attempt === current) {
      died(attempt, reason);
    } else if (current && !renewing) {
      if (current._rank !== rank && then !== BACKOFF && !again) {
        demote(rank, reason || "failed");
      }
      planProbe();
    } else if (then === BACKOFF) {
      rounds++;
      retry(pauseOf());
    } else if (again && hasty++ < HASTY) {
      // A refusal is data, too.
      first(rank);
    } else {
      suspects[rank] = reason || "failed";
      code = reason;
      // One that was started later still has its time.
      if (attempt._due >= due || !racers().length) {
        due = now;
      }
    }
  };

  return {
    _begin(at) {
      now = at;
      race(0);
    },
    _close(at) {
      now = at;
      closing = true;
      hurry();
    },
    _opened(at, attempt) {
      attempt._openedAt = now = at;
      // It makes progress: the answer takes no longer than the handshake did.
      if (attempt._due === due) {
        due = attempt._due = Math.max(due, now + now - attempt._at);
      }
    },
    _carried(at, attempt) {
      const rank = attempt._rank;
      const { name, _kind: kind } = attempt._way;
      now = at;
      if (attempt._over || attempt === current) {
        return;
      }
      current = attempt;
      carriedAt = now;
      hasty = 0;
      calm();
      delete suspects[rank];
      for (const other in suspects) {
        demote(+other, suspects[other] as string);
      }
      suspects = {};
      delete memory.failed[name];
      if (kind === POLL && now - crowdedAt < PATIENCE) {
        // That was it: as soon as one was free, there was an answer.
        tighten();
      }
      if (memory.best && memory.best !== name && !memory.failed[memory.best]) {
        // It has won over one that works.
        doubtful = true;
      }
      if (memory.tight <= now) {
        memory.best = name;
      }
      memory.rtt = Math.min(memory.rtt || MAX_RTT, Math.max(1, now - (attempt._openedAt || attempt._at)));
      upward._learnt();
      planProbe();
    },
    _overtaken(at, attempt) {
      now = at;
      if (attempt._over) {
        return;
      }
      remove(attempt);
      if (attempt === current) {
        died(attempt, "taken_over");
      } else if (now >= attempt._due) {
        suspects[attempt._rank] = "timeout";
        doubtful = true;
      }
    },
    _heard(attempt, by) {
      if (attempt === current) {
        calm();
        lifeBy = by;
      }
    },
    _replace(at, attempt) {
      now = at;
      if (attempt === current && !racers().length && !closing) {
        start(attempt._rank);
      }
    },
    _failed(at, attempt, reason) {
      now = at;
      failed(attempt, reason);
    },
    _check(at, by) {
      now = at;
      if (current) {
        lifeBy = Math.min(lifeBy, by);
      }
      hurry();
    },
    _next(at) {
      now = at;
      if (!steps.length) {
        lifeBy = unlessBusy(lifeBy);
        if (lifeBy <= now) {
          lifeBy = NEVER;
          if (current && !renewing && !closing) {
            race(0);
            left.unshift(current._rank);
            renewing = true;
          }
        }
        if (racers().length) {
          due = unlessBusy(due);
        }
        if (due <= now) {
          step();
        } else if (probeAt <= now && current && !closing) {
          probeAt = NEVER;
          doubtful = false;
          probe(0);
        }
      }
      return steps.shift();
    },
    _end: upward._stop,
    _nextTimeout: () => Math.min(due, lifeBy, closing ? NEVER : probeAt),
  };
}
