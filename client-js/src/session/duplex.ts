// What goes up on a WebSocket.
import { header } from "./attach.ts";
import { closing } from "./end.ts";
import { isDue, lastOf, markSent, ready, said } from "./halves.ts";
import { CLOSING, type Carrier, type Session } from "./state.ts";
import type { Data } from "../packet.ts";

export function hello(session: Session, _now: number, carrier: Carrier): void {
  const data = header(session, "A", {
    v: 1,
    attach: carrier._attach,
    window: session._window,
    first: session._id ? undefined : session._base + 1,
  });
  session._queue.push(() => session._host._write(carrier, data));
}

export function write(session: Session, _now: number, carrier: Carrier): void {
  const out = (data: Data): void => {
    session._queue.push(() => session._host._write(carrier, data));
  };
  const current = carrier === session._current;
  // Once another carrier has opened, only its own welcome tells what this one opened: after a restart of the server it is another session.
  if (carrier._cursor >= 0 && (current || !session._id)) {
    for (let message; (message = ready(session, carrier._cursor + 1)); ) {
      out(message._data);
      markSent(session, ++carrier._cursor);
    }
  }
  if (current) {
    const done = carrier._cursor === lastOf(session);
    if (done) {
      const fleeting = session._fleeting;
      // Once: when a welcome comes, this is run before all carriers have their turn.
      session._fleeting = [];
      for (const data of fleeting) {
        out(data);
      }
    }
    if (isDue(session)) {
      out("n" + session._received + "," + session._consumed);
      said(session);
    }
    if (done && session._state === CLOSING && !session._saidClose) {
      out(closing(session));
    }
  }
}
