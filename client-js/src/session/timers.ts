// Time: when to look again, and what is given up then.
import type { Session } from "../session.ts";
import { lose, type Carrier } from "./carrier.ts";
import { giveUp } from "./end.ts";
import { pollsOf } from "./up.ts";

export function nextTimeout(session: Session): number | null {
  let next = session.closeDeadline;
  for (let i = 0; i < session.carriers.length; i++) {
    next = Math.min(next, deadlineOf(session.carriers[i] as Carrier));
  }
  if (session.batch) {
    next = Math.min(next, session.batch.deadline);
  }
  const current = session.current;
  if (current && current.kind === "poll" && !pollsOf(current)) {
    next = Math.min(next, current.rested);
  }
  return session.state === "ended" || next === Infinity ? null : next;
}

export function timeout(session: Session, now: number): void {
  for (let i = session.carriers.length; i--; ) {
    const carrier = session.carriers[i] as Carrier;
    if (deadlineOf(carrier) <= now) {
      lose(session, carrier, "timeout");
    }
  }
  const batch = session.batch;
  if (batch && batch.deadline <= now) {
    batch.request = 0;
    batch.deadline = Infinity;
  }
  if (session.closeDeadline <= now) {
    giveUp(session);
  }
}

/** When it is given up, over itself or one of its requests. */
function deadlineOf(carrier: Carrier): number {
  let deadline = carrier.deadline;
  for (let i = 0; i < carrier.requests.length; i++) {
    deadline = Math.min(deadline, (carrier.requests[i] as { deadline: number }).deadline);
  }
  return deadline;
}
