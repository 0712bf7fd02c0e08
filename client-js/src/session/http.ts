// What a carrier over HTTP has beside a WebSocket: requests, and batches that are repeated until they are confirmed
// (protocol.md, section 4.4).
import { fromLine, toLine } from "../packet.ts";
import { without } from "../lists.ts";
import { header } from "./attach.ts";
import { lose } from "./carrier.ts";
import { refused, take } from "./down.ts";
import { closing, end, farewell } from "./end.ts";
import { isDue, lastOf, markSent, ready, said } from "./halves.ts";
import {
  ATTACHING,
  CLOSING,
  ENDED,
  MAX_BODY,
  POLL,
  POLLING,
  POSTING,
  QUIET,
  SCRIPT,
  STREAM,
  brought,
  patienceOf,
  type Batch,
  type Body,
  type Carrier,
  type Message,
  type Request,
  type Session,
} from "./state.ts";

const SCRIPT_RESEND = 5000;
const MAX_LINES = 1000;
/** For the head. */
const HEAD = 1024;
/** A body that has passed lets the next be so many bytes larger. */
const GROWTH = 1024;
/** A batch of so many bytes passes wherever anything does. */
const SMALL = 1024;
/** So often a message is tried alone, while other requests pass. */
const TRIES = 8;

/** Attaches, and takes along what there is to send. */
export function ask(session: Session, now: number, carrier: Carrier): void {
  request(session, now, carrier, ATTACHING, true);
}

/** Makes the requests that the current carrier needs. */
export function post(session: Session, now: number, carrier: Carrier): void {
  const kind = carrier._way._kind;
  let batch = session._batch;
  if (carrier === session._current) {
    if (batch && batch._last && batch._last <= session._base) {
      session._batch = batch = null;
    }
    if (batch && batch._deadline <= now) {
      batch._request = null;
      batch._deadline = Infinity;
    }
    const free = !batch || !batch._request || isOver(batch._request);
    // Behind messages that wait for credit the close waits too.
    const load = free && (ready(session, session._base + 1) || session._fleeting.length || (mayClose(session) && session._sent === lastOf(session)));
    const due = load || isDue(session);
    let polls = 0;
    for (const one of carrier._requests) {
      polls += one._kind === POLLING ? 1 : 0;
    }
    if (kind === POLL) {
      if ((!polls && carrier._rested <= now) || (polls < 2 && due)) {
        request(session, now, carrier, POLLING, free);
      } else if (!polls) {
        session._wake = carrier._rested;
      }
    } else {
      if (kind === SCRIPT && !polls && carrier._ticket) {
        if (carrier._rested <= now) {
          request(session, now, carrier, POLLING, false);
        } else {
          session._wake = carrier._rested;
        }
      }
      if (due) {
        request(session, now, carrier, POSTING, free);
      }
      if (session._batch) {
        session._wake = Math.min(session._wake, session._batch._deadline);
      }
    }
  }
}

function mayClose(session: Session): boolean {
  return session._state === CLOSING && !session._saidClose;
}

function isOver(request: Request): boolean | undefined {
  return request._over || request._carrier._gone;
}

/** Makes a request; with `loaded` it takes along what there is to send. */
function request(session: Session, now: number, carrier: Carrier, kind: number, loaded: boolean | undefined): void {
  const attaching = kind === ATTACHING;
  const scripted = carrier._way._kind === SCRIPT;
  const lines: string[] = [];
  const fields: Body = kind === POSTING ? {} : { attach: carrier._attach };
  const made: Request = {
    _carrier: carrier,
    _kind: kind,
    _body: "",
    _ticket: carrier._ticket,
    _over: false,
    _position: 0,
    _deadline: attaching || scripted ? Infinity : now + patienceOf(session),
  };
  if (attaching) {
    fields["v"] = 1;
    fields["window"] = session._window;
    fields["ticket"] = carrier._ticket || undefined;
  } else if (kind === POLLING) {
    fields["poll"] = ++carrier._polls;
    carrier._rested = now + QUIET;
    if ((session._tight as number) > now) {
      fields["wait"] = 0;
      carrier._rested = now + session._rest;
    }
    carrier._ticket = "";
  }
  // What may not pass must not keep a carrier from attaching.
  const message = session._log[0];
  if (loaded && (!attaching || !message || message._size <= session._fits)) {
    load(session, made, lines, fields, scripted ? now + SCRIPT_RESEND : Infinity);
  }
  if (lines.length) {
    brought(session, now, carrier);
  }
  made._body = header(session, attaching ? "A" : "P", fields) + "\n" + lines.join("\n");
  carrier._requests = carrier._requests.concat(made);
  session._queue.push(() => session._host._request(made));
  said(session);
}

function load(session: Session, made: Request, lines: string[], fields: Body, deadline: number): void {
  const repeated = session._batch;
  const first = session._base + 1;
  if (repeated) {
    // And so what it ended with.
    session._saidClose = false;
  } else {
    session._fits = Math.min(session._fits + GROWTH, MAX_BODY);
  }
  const last = fill(session, lines, Math.min(session._limits["max"] - HEAD, session._fits));
  if (lines.length) {
    fields["first"] = first;
    markSent(session, last);
  }
  if (last === lastOf(session)) {
    // Volatile events of a repeated serial would be dropped.
    for (const data of repeated ? [] : session._fleeting) {
      lines.push(toLine(data));
    }
    if (made._carrier._welcomed && mayClose(session)) {
      lines.push(closing(session));
    }
  }
  session._fleeting = [];
  session._batch = null;
  if (lines.length) {
    const serial = repeated ? repeated._serial : ++session._serial;
    fields["serial"] = serial;
    session._batch = { _serial: serial, _last: last < first ? 0 : last, _request: made, _deadline: deadline };
  }
}

/** A body with this batch has not passed, perhaps for its size: the next one is smaller. True if it cannot be. */
function narrow(session: Session, batch: Batch, welcomed: boolean | undefined): boolean {
  const count = batch._last - session._base;
  let size = 0;
  for (let i = 0; i < count; i++) {
    size += (session._log[i] as Message)._size;
  }
  if (size > SMALL) {
    session._fits = size >> 1;
    if (count < 2 && welcomed) {
      session._tries = session._stuck === batch._last ? session._tries + 1 : 1;
      session._stuck = batch._last;
      return session._tries >= TRIES;
    }
  }
  return false;
}

/** Adds what may be sent, in lines of about `limit` characters in all; at least one. Says the number of the last. */
function fill(session: Session, lines: string[], limit: number): number {
  let last = session._base;
  for (let message; lines.length < MAX_LINES && (message = ready(session, last + 1)); last++) {
    const line = toLine(message._data);
    // Of what is not ASCII each character is counted with its bytes.
    limit -= Math.max(line.length, message._size) + 1;
    if (limit < 0 && lines.length) {
      break;
    }
    lines.push(line);
  }
  return last;
}

/** A last body for a page that goes away, or `""` if there is no session to close. It changes nothing here. */
export function beacon(session: Session, limit: number): string {
  const lines: string[] = [];
  if (!session._token || session._state === ENDED) {
    return "";
  }
  const last = fill(session, lines, limit - HEAD);
  lines.push("z" + JSON.stringify({ code: "client_disconnect", "final": Math.max(last, session._sent) }));
  return header(session, "P", { serial: session._serial + 1, first: session._base + 1 }) + "\n" + lines.join("\n");
}

/** The last word, where no WebSocket can carry it. */
export function lastWord(session: Session, line: string): string {
  return header(session, "P", { serial: ++session._serial }) + "\n" + line;
}

/** Its welcome may name a ticket: of its stream, or of the next script. */
export function welcomed(session: Session, now: number, carrier: Carrier, body: Body, full: boolean): void {
  const ticket = body["ticket"];
  const first = !carrier._ticket;
  if (typeof ticket === "string") {
    carrier._ticket = ticket;
    if (full && first && carrier._way._kind === STREAM) {
      carrier._deadline = now + carrier._patience;
      session._queue.push(() => session._host._stream(carrier, ticket));
    }
  }
}

/** A line of the answer to a request. */
export function answer(session: Session, now: number, request: Request, line: string): void {
  const carrier = request._carrier;
  const batch = session._batch;
  const kind = carrier._way._kind;
  if (!isOver(request)) {
    take(session, now, carrier, request, fromLine(line), kind !== STREAM || (!carrier._ticket && request._kind === ATTACHING));
    if (kind !== SCRIPT && request._position && batch && batch._request === request) {
      // The answer has begun, so the whole request has arrived.
      session._batch = null;
    }
  }
}

/** The answer to a request is over: with `null`, with the code of a refusal, or not at all (`""`). */
export function answered(session: Session, now: number, request: Request, code: string | null): void {
  const carrier = request._carrier;
  const batch = session._batch;
  const kind = carrier._way._kind;
  if (isOver(request)) {
    return;
  }
  request._over = true;
  carrier._requests = without(carrier._requests, request);
  if (code === null) {
    carrier._strikes = 0;
    if (batch && batch._request === request && (kind !== SCRIPT || batch._last <= session._base)) {
      session._batch = null;
    }
    // A stream without ticket is the answer to its attach. An answer without welcome is no answer, only scripts have one elsewhere.
    const over = request._kind === ATTACHING && kind === STREAM && !carrier._ticket;
    if (over || (!request._position && (kind !== SCRIPT || request._kind !== POSTING))) {
      lose(session, carrier, carrier._welcomed && over ? "end" : "");
    }
  } else if (
    batch &&
    batch._request === request &&
    (!code || code === "too_large" || code === "too_many_packets") &&
    narrow(session, batch, carrier._welcomed)
  ) {
    farewell(session, "undeliverable");
    end(session, "undeliverable");
  } else if (!code && request._kind === POSTING && !carrier._strikes++) {
    session._owesCounts = true;
  } else if (code === "stale_poll" && kind === POLL && !carrier._strikes++) {
    // The next poll has a higher number, and is made at once.
    carrier._deadline = now + patienceOf(session);
    brought(session, now, carrier);
  } else {
    refused(session, carrier, code);
  }
}
