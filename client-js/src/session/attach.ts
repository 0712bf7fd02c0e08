// A carrier attaches, and is welcomed (protocol.md, section 4).
import { find } from "../lists.ts";
import { drop, lose } from "./carrier.ts";
import { end } from "./end.ts";
import { confirm } from "./halves.ts";
import {
  CLOSING,
  ENDED,
  OPENED,
  SCRIPT,
  SUSPENDED,
  brought,
  isCount,
  patienceOf,
  type Body,
  type Carrier,
  type Down,
  type Limits,
  type Session,
} from "./state.ts";

const COUNTS = ["first", "received", "consumed"];
const GRANT = COUNTS.concat(["ping", "timeout", "window", "max", "acks"]);

/** No carrier is given up for a silence shorter than this, whatever the server says. */
const LEAST = 500;

/** What is sent with it goes at once: a volatile event that it takes along is gone for the current carrier. */
export function attach(session: Session, now: number, carrier: Carrier): void {
  carrier._attach = ++session._attaches;
  carrier._token = session._token;
  carrier._deadline = now + carrier._patience;
  // Only an opening client knows where the server stands: at nothing.
  carrier._cursor = session._id ? -1 : session._base;
  carrier._ticket = carrier._way._kind === SCRIPT ? session._secret() : "";
  session._carriers = session._carriers.concat(carrier);
  carrier._way._attach(session, now, carrier);
}

/** The first packet, or line, of what attaches or posts. */
export function header(session: Session, type: string, fields: Body): string {
  fields["received"] = session._received;
  fields["consumed"] = session._consumed;
  if (session._id) {
    fields["session"] = session._id;
    fields["token"] = session._token;
  } else {
    fields["key"] = session._key;
  }
  return type + JSON.stringify(fields);
}

/** What begins a body or carrier going down. False if it cannot be read. */
export function welcome(session: Session, now: number, carrier: Carrier, down: Down, body: Body): boolean {
  const full = !!body["session"];
  const base = session._base;
  if (!(full || carrier._welcomed) || !body["first"] || (full && (typeof body["session"] !== "string" || typeof body["token"] !== "string"))) {
    return false;
  }
  for (const key of full ? GRANT : COUNTS) {
    if (!isCount(body[key])) {
      return false;
    }
  }
  down._position = body["first"] as number;
  if (
    (!full || carrier._welcomed || adopt(session, now, carrier, body)) &&
    counts(session, body["received"] as number, body["consumed"] as number)
  ) {
    if (session._base > base) {
      brought(session, now, carrier);
    }
    if (carrier._way._welcomed) {
      carrier._way._welcomed(session, now, carrier, body, full);
    }
  }
  return true;
}

/** The carrier is the current one from now on. False if it cannot be. */
function adopt(session: Session, now: number, carrier: Carrier, body: Body): boolean {
  const state = session._state;
  if (session._id && body["session"] !== session._id) {
    // The key has opened another session: the server knows nothing of this one.
    end(session, "unknown_session");
    return false;
  }
  if (carrier._cursor < 0) {
    carrier._cursor = body["received"] as number;
  }
  if (!carrier._way._kind && carrier._cursor < session._base) {
    // Counts that came another way were faster: what must come first on this WebSocket is gone.
    lose(session, carrier, "stale");
    return false;
  }
  carrier._welcomed = true;
  session._id = body["session"] as string;
  session._token = body["token"] as string;
  session._limits = body as unknown as Limits;
  session._limits["timeout"] = Math.max(session._limits["timeout"], LEAST);
  carrier._deadline = now + patienceOf(session);
  session._current = carrier;
  // Older ones have nothing more to say. Newer ones may still win.
  while (session._carriers[0] !== carrier) {
    drop(session, session._carriers[0] as Carrier, null);
  }
  if (state !== CLOSING) {
    session._state = OPENED;
  }
  session._queue.push(() => session._host._opened(carrier, state === SUSPENDED, state === OPENED));
  if (!carrier._way._kind) {
    // What is confirmed from now on has its place here too, since what follows is numbered by it: it is written while it is still kept.
    carrier._way._flush(session, now, carrier);
  }
  // What was emitted before this server's limit was known must not be tried for ever.
  if (find(session._log, (message) => message._size > session._limits["max"])) {
    end(session, "too_large");
  }
  return session._state !== ENDED;
}

/** The server's counts. False if they end the session. */
export function counts(session: Session, received: number, consumed: number): boolean {
  const fine = confirm(session, received, consumed);
  if (!fine) {
    end(session, "bad_ack");
  }
  return fine;
}
