// Browsers open six connections at most to a host that speaks HTTP/1.1, for all their pages together. When streams and hanging
// polls hold them all, what is asked beside them waits for ever, and so does everything else that a page wants of this host.
import type { Hub } from "./driver.ts";
import { later, now, root, soon } from "./env/index.ts";
import { find } from "./lists.ts";
import { CROWDED, type Memory } from "./negotiation.ts";
import type { Attempt } from "./plan.ts";
import { refused } from "./session/down.ts";
import { ATTACHING, DUPLEX, POLL, POLLING, STREAM, type Request } from "./session/state.ts";

/** An answer takes less than this and four round trips. */
const TIME = 1500;
/** More takes its time to be sent. */
const SMALL = 4096;
/** Later than that, it was this machine that slept. */
const LATE = 1000;

/** Watches what is asked beside a carrier. */
export interface Crowd {
  _asked(attempt: Attempt, request: Request): void;
  /** An answer has come, or none is wanted any more. */
  _answered(attempt: Attempt): void;
  _proven(attempt: Attempt): void;
}

/** Pages and workers have a location, and a browser's few connections: elsewhere there is nothing to watch. */
export function watchCrowd(hub: Hub, memory: Memory, isTight: () => boolean): Crowd | undefined {
  const session = hub._session;

  /** Lets go of the connections of this carrier: polls that do not hang do with what is left to them. */
  const yieldTo = (attempt: Attempt): void => {
    if (!hub._own || find(hub._ways, (way) => way._kind === POLL)) {
      refused(session, attempt, CROWDED);
      hub._drain();
    }
  };

  const wait = (attempt: Attempt, time: number): void => {
    const due = now() + time;
    attempt._waits = later(() => (now() > due + LATE ? wait(attempt, time) : yieldTo(attempt)), time);
  };

  const answered = (attempt: Attempt): void => {
    clearTimeout(attempt._waits as number);
    attempt._waits = 0;
  };

  const owe = (): void => {
    session._owesCounts = true;
    hub._drain();
  };

  return root.location
    ? {
        _asked(attempt, request) {
          if (request._kind !== ATTACHING && memory.tight <= now()) {
            if (attempt._way._kind !== POLL || request._carrier._requests.length > 1) {
              if (!attempt._waits && request._body.length < SMALL) {
                attempt._aborts.push(() => answered(attempt));
                wait(attempt, TIME + 4 * memory.rtt);
              }
            } else if (request._kind === POLLING && request._carrier._polls === 1) {
              // Is there a connection left for another?
              soon(owe);
            }
          }
        },
        _answered: answered,
        _proven(attempt) {
          // A poll asks for the memory's sake: another page may have found out.
          const tight = attempt._way._kind !== DUPLEX && isTight();
          if (attempt._way._kind === STREAM) {
            if (tight) {
              yieldTo(attempt);
            } else {
              // Is there a connection left for this?
              owe();
            }
          }
        },
      }
    : undefined;
}
