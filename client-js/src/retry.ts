// The plan of the smallest client: one transport after the other, with pauses between the rounds.
import { backoff } from "./backoff.ts";
import { BACKOFF, actionOf } from "./codes.ts";
import type { Hub } from "./driver.ts";
import type { Attempt, Limits, Plan, PlanHost } from "./plan.ts";
import type { Transport } from "./transports/transport.ts";

const PATIENCE = 10000;
/** A carrier that held this long was no failure. */
const STOOD = 1000;

export function retry(hub: Hub, limits: Limits, host: PlanHost): Plan {
  const ways = hub._ways;
  let steps: (() => void)[] = [];
  let current: Attempt | undefined;
  let carriedAt = 0;
  let rank = 0;
  let rounds = 0;
  let due = Infinity;
  const drop = (now: number, attempt: Attempt, code: string): void => {
    if (attempt !== current) {
      return;
    }
    current = undefined;
    due = now;
    if (carriedAt && now - carriedAt >= STOOD && actionOf(code) !== BACKOFF) {
      rank = rounds = 0;
    } else if (++rank >= ways.length) {
      rank = 0;
      steps.push(() => host._failing(code || "no_transport", ""));
      if (rounds < limits._attempts) {
        due += backoff(rounds++, limits._delay, limits._maxDelay, Math.random);
      } else {
        due = Infinity;
        steps.push(host._giveUp);
      }
    }
  };
  return {
    _begin(now) {
      due = now;
      if (!ways.length) {
        steps.push(() => host._failing("no_transport", ""), host._giveUp);
        due = Infinity;
      }
    },
    _close() {},
    _opened(_now, attempt) {
      attempt._until = Infinity;
    },
    _carried(now) {
      carriedAt = now;
    },
    _overtaken() {},
    _alive() {},
    _heard() {},
    _replace() {},
    _failed: drop,
    _check(now) {
      if (!current && due < Infinity) {
        due = now;
      }
    },
    _next(now) {
      if (!steps.length && current && current._until <= now) {
        const late = current;
        steps.push(() => host._cancel(late));
        drop(now, late, "timeout");
      }
      if (!steps.length && due <= now) {
        const transport = ways[rank] as Transport;
        const attempt: Attempt = {
          _transport: transport,
          _rank: rank,
          _patience: PATIENCE,
          _over: false,
          _late: false,
          _at: now,
          _openedAt: -1,
          _due: 0,
          _until: transport._open ? now + PATIENCE : Infinity,
          _aborts: [],
        };
        current = attempt;
        carriedAt = 0;
        due = Infinity;
        steps.push(() => host._start(attempt));
      }
      return steps.shift();
    },
    _nextTimeout: () => Math.min(due, current ? current._until : Infinity),
    _end() {},
  };
}
