// The plan of the smallest client: one transport after the other, with pauses between the rounds.
import type { Hub } from "./driver.ts";
import { createAttempt, type Attempt, type Limits, type Plan, type PlanHost } from "./plan.ts";
import type { Transport } from "./transports/transport.ts";

const PATIENCE = 10000;
/** A carrier that held this long was no failure. */
const STOOD = 1000;

export function retry({ _ways: ways }: Hub, limits: Limits, host: PlanHost): Plan {
  const steps: (() => void)[] = [];
  let current: Attempt | undefined;
  let carriedAt = Infinity;
  let rank = 0;
  let rounds = 0;
  let due = Infinity;
  const failed = (now: number, attempt: Attempt, code: string): void => {
    if (attempt === current) {
      current = undefined;
      due = now;
      if (now - carriedAt >= STOOD) {
        rank = rounds = 0;
      } else if (++rank >= ways.length) {
        rank = 0;
        steps.push(() => host._failing(code));
        if (rounds < limits._attempts) {
          due += limits._pause(rounds++);
        } else {
          due = Infinity;
          steps.push(host._giveUp);
        }
      }
    }
  };
  return {
    _begin(now) {
      due = now;
    },
    _close(now) {
      due = Math.min(due, current ? Infinity : now);
    },
    _opened() {},
    _carried(now) {
      carriedAt = now;
    },
    _overtaken() {},
    _failed: failed,
    _next(now) {
      if (due <= now) {
        const attempt = (current = createAttempt(ways[rank] as Transport, rank, now, PATIENCE));
        carriedAt = due = Infinity;
        steps.push(() => host._start(attempt));
      }
      return steps.shift();
    },
    _nextTimeout: () => due,
    _end() {},
  };
}
