// A carrier attaches, and is welcomed (protocol.md, section 4).
import { isInteger } from "../packet.ts";
import { numberOf, type Body } from "./body.ts";
import { drop, lose } from "./carrier.ts";
import { end } from "./end.ts";
import { confirm, dropLarger } from "./halves.ts";
import { CLOSING, OPENED, SCRIPT, SUSPENDED, type Carrier, type Down, type Session, type Way } from "./state.ts";

/**
 * A new carrier. It is given up after `patience` if it has not carried anything by then. What is sent with it goes at once: a
 * volatile event that it takes along is gone for the current carrier.
 */
export function attach(session: Session, now: number, way: Way, patience: number, owner?: unknown): Carrier {
  const carrier: Carrier = {
    _way: way,
    _owner: owner,
    _gone: false,
    _attach: ++session._attaches,
    _token: session._token,
    _patience: patience,
    _welcomed: false,
    _deadline: now + patience,
    _position: 0,
    // Only an opening client knows where the server stands: at nothing.
    _cursor: session._id ? -1 : session._base,
    _requests: [],
    _polls: 0,
    _rested: now,
    _ticket: way._kind === SCRIPT ? session._secret() : "",
    _strikes: 0,
  };
  session._carriers = session._carriers.concat(carrier);
  way._attach(session, now, carrier);
  return carrier;
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
  const full = body["session"] !== undefined;
  const first = body["first"];
  if (!first || !isInteger(first) || (full ? typeof body["token"] !== "string" : !carrier._welcomed)) {
    return false;
  }
  down._position = first;
  if (
    (!full || carrier._welcomed || adopt(session, now, carrier, body)) &&
    counts(session, body["received"], body["consumed"]) &&
    carrier._way._welcomed
  ) {
    carrier._way._welcomed(session, now, carrier, body, full);
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
    carrier._cursor = numberOf(body["received"]);
  }
  if (!carrier._way._kind && carrier._cursor < session._base) {
    // Counts that came another way were faster: what must come first on this WebSocket is gone.
    lose(session, carrier, "stale");
    return false;
  }
  carrier._welcomed = true;
  session._id = String(body["session"]);
  session._token = String(body["token"]);
  session._ping = numberOf(body["ping"], 10000);
  session._mute = session._ping + numberOf(body["timeout"], 8000);
  session._room = numberOf(body["window"], session._room);
  session._max = numberOf(body["max"], session._max);
  session._acks = numberOf(body["acks"], session._acks);
  session._streamEnds = numberOf(body["stream"], Infinity);
  carrier._deadline = now + session._mute;
  const dropped = dropLarger(session);
  session._queue.push(() => {
    for (const message of dropped) {
      session._host._rejected(message);
    }
  });
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
  return true;
}

/** The server's counts. False if they end the session. */
export function counts(session: Session, received: unknown, consumed: unknown): boolean {
  const fine = confirm(session, numberOf(received), numberOf(consumed));
  if (!fine) {
    end(session, "bad_ack");
  }
  return fine;
}
