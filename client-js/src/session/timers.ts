// Time: when to look again, and what is given up then.
import { lose } from "./carrier.ts";
import { giveUp } from "./end.ts";
import { ENDED, type Carrier, type Session } from "./state.ts";

/** Infinity if never. */
export function nextTimeout(session: Session): number {
  let next = Math.min(session._closeDeadline, session._wake);
  for (const carrier of session._carriers) {
    next = Math.min(next, deadlineOf(carrier));
  }
  return session._state === ENDED ? Infinity : next;
}

/** What is given up now is lost with this code. */
export function timeout(session: Session, now: number, code: string): void {
  for (const carrier of session._carriers) {
    if (deadlineOf(carrier) <= now) {
      lose(session, carrier, code);
    }
  }
  if (session._closeDeadline <= now) {
    giveUp(session);
  }
}

/** When it is given up, over itself or one of its requests. */
function deadlineOf(carrier: Carrier): number {
  let deadline = carrier._deadline;
  for (const request of carrier._requests) {
    deadline = Math.min(deadline, request._deadline);
  }
  return deadline;
}
