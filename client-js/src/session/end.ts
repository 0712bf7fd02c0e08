// A session closes, or is closed (protocol.md, section 9).
import { textOr } from "../codes.ts";
import { drop } from "./carrier.ts";
import { confirm } from "./halves.ts";
import { CLOSING, ENDED, type Body, type Carrier, type Session } from "./state.ts";

const CLOSE_TIME = 5000;

/** Sends what is there, then ends the session; in 5 s at the latest. */
export function close(session: Session, now: number, code: string): void {
  if (session._state < CLOSING) {
    session._closeCode = code;
    session._closeDeadline = now + CLOSE_TIME;
    session._state = CLOSING;
    if (!session._attaches && !session._credited) {
      // Nothing was said, and nothing is there that is worth it.
      end(session, code);
    }
  }
}

/** The server's `z`. */
export function closed(session: Session, now: number, body: Body): void {
  if (session._state === CLOSING) {
    if (session._saidClose && body["code"] === session._closeCode) {
      // An answer: everything has arrived.
      confirm(session, session._sent, 0);
    }
    end(session, session._closeCode as string);
  } else {
    session._farewell = body;
    session._closeDeadline = Math.min(session._closeDeadline, now + CLOSE_TIME);
    finish(session);
  }
}

/** Answers the server's `z` once everything before it is here. */
export function finish(session: Session): void {
  const z = session._farewell;
  if (z && session._received >= (z["final"] as number)) {
    farewell(session, z["code"] as string);
    giveUp(session);
  }
}

/** The last word, on whatever carries it. */
export function farewell(session: Session, code: string): void {
  const current = session._current;
  session._closeCode = code;
  const line = closing(session);
  session._queue.push(() => {
    if (current && !current._way._kind) {
      session._host._write(current, line);
    } else {
      session._host._farewell(line);
    }
  });
}

/** The client's `z`. */
export function closing(session: Session): string {
  session._saidClose = true;
  return "z" + JSON.stringify({ code: session._closeCode, "final": session._sent });
}

/** The server has closed, or a close has taken too long. */
export function giveUp(session: Session): void {
  const z = session._farewell || {};
  end(session, (z["code"] || session._closeCode) as string, textOr("", z["reason"]), z["retry"] as number | undefined);
}

/** The session is over, without another word to the server. */
export function end(session: Session, code: string, reason = "", retry = 0): void {
  if (session._state !== ENDED) {
    if (session._state === CLOSING) {
      code = session._closeCode as string;
    }
    session._state = ENDED;
    while (session._carriers.length) {
      drop(session, session._carriers[0] as Carrier, null);
    }
    session._current = null;
    session._queue.push(() => session._host._ended(code, reason, retry, session._log));
  }
}
