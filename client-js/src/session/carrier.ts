// How carriers are given up.
import { without } from "../lists.ts";
import { OPENED, SUSPENDED, type Carrier, type Session } from "./state.ts";

/** A carrier is gone, or given up. */
export function lose(session: Session, carrier: Carrier, code: string): void {
  // The server may tell the old carrier sooner than the new one: the session has one.
  const moving = code === "taken_over" && carrier !== session._carriers[session._carriers.length - 1];
  drop(session, carrier, code);
  if (carrier === session._current) {
    session._current = null;
  }
  if (!session._current && !moving && session._state === OPENED) {
    session._state = SUSPENDED;
    session._queue.push(() => session._host._suspended());
  }
}

export function drop(session: Session, carrier: Carrier, code: string | null): void {
  carrier._gone = true;
  session._carriers = without(session._carriers, carrier);
  session._saidClose = false;
  session._queue.push(() => session._host._drop(carrier, code));
}
