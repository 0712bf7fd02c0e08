// What goes up: frames on a WebSocket, posts and polls (protocol.md, sections 3 and 4.4).
import { toLine, type Data } from "../packet.ts";
import type { Session } from "../session.ts";
import type { Carrier } from "./carrier.ts";
import type { Request } from "./io.ts";

/** What was sent by HTTP and is not confirmed yet. A serial is repeated until it is. */
export interface Batch {
  serial: number;
  /** The number of its last message; 0 if there is none. */
  last: number;
  /** The request that carries it; 0 if that failed. */
  request: number;
  /** When a script, which cannot know whether it arrived, sends it again. */
  deadline: number;
}

interface Fields {
  attach?: number | undefined;
  poll?: number;
  first?: number | undefined;
  serial?: number;
  ticket?: string | undefined;
}

const SCRIPT_RESEND = 5000;
const MAX_LINES = 1000;
/** Larger batches would only wait longer to be confirmed; a first body goes to a server whose limit is not known. */
export const MAX_BODY = 64512;
/** For the head. */
const HEAD = 1024;
/** A body that has passed lets the next be so many bytes larger. */
const GROWTH = 1024;
/** A batch of so many bytes passes wherever anything does. */
const SMALL = 1024;
/** So often a message is tried alone, while other requests pass. */
const TRIES = 8;

/** Gives each carrier what there is for it. */
export function flush(session: Session, now: number): void {
  for (let i = 0; i < session.carriers.length; i++) {
    const carrier = session.carriers[i] as Carrier;
    if (carrier.kind === "duplex") {
      write(session, carrier);
    } else if (carrier === session.current) {
      post(session, now, carrier);
    }
  }
  // What no carrier could take at once is gone.
  session.fleeting = [];
}

function write(session: Session, carrier: Carrier): void {
  const out = (data: Data): void => {
    session.queue.push({ type: "write", carrier: carrier.id, data });
  };
  // Once another carrier has opened, only its own welcome tells what this one opened: after a restart of the server it is another session.
  if (carrier.cursor < 0 || (session.id && carrier !== session.current)) {
    return;
  }
  for (let message; (message = session.send.ready(carrier.cursor + 1)); ) {
    out(message.data);
    session.send.markSent(++carrier.cursor);
  }
  if (carrier !== session.current) {
    return;
  }
  const done = carrier.cursor === session.send.last();
  for (let i = 0; done && i < session.fleeting.length; i++) {
    out(session.fleeting[i] as Data);
  }
  if (session.owesCounts || session.receive.due()) {
    out("n" + session.receive.received + "," + session.receive.consumed);
    said(session);
  }
  if (done && session.state === "closing" && !session.saidClose) {
    out(closing(session));
  }
}

/** Makes the requests that the current carrier needs. */
function post(session: Session, now: number, carrier: Carrier): void {
  // Behind messages that wait for credit the close waits too.
  const last = session.state === "closing" && !session.saidClose && session.send.sent === session.send.last();
  const free = !session.batch || !session.batch.request;
  const load = free && (session.send.ready(session.send.base + 1) !== null || session.fleeting.length > 0 || last);
  const due = load || session.owesCounts || session.receive.due();
  const polls = pollsOf(carrier);
  if (carrier.kind === "poll") {
    if ((polls === 0 && carrier.rested <= now) || (polls < 2 && due)) {
      request(session, now, carrier, "poll", free);
    }
    return;
  }
  if (carrier.kind === "script" && polls === 0 && carrier.ticket) {
    request(session, now, carrier, "poll", false);
  }
  if (due) {
    request(session, now, carrier, "post", free);
  }
}

/** How many are under way. */
export function pollsOf(carrier: Carrier): number {
  let polls = 0;
  for (let i = 0; i < carrier.requests.length; i++) {
    polls += (carrier.requests[i] as { kind: string }).kind === "poll" ? 1 : 0;
  }
  return polls;
}

/** Makes a request; with `loaded` it takes along what there is to send. */
export function request(session: Session, now: number, carrier: Carrier, kind: Request["kind"], loaded: boolean): void {
  const id = ++session.requests;
  const lines: string[] = [];
  const ticket = carrier.ticket;
  const fields: Fields = { attach: kind === "post" ? undefined : carrier.attach };
  if (kind === "poll") {
    fields.poll = ++carrier.polls;
    carrier.rested = now + session.rest;
    carrier.ticket = "";
  } else if (kind === "attach") {
    fields.ticket = ticket || undefined;
  }
  // What may not pass must not keep a carrier from attaching.
  const message = session.send.log[0];
  if (loaded && (kind !== "attach" || !message || message.size <= session.body)) {
    load(session, now, id, carrier, lines, fields);
  }
  const body = header(session, kind === "attach" ? "A" : "P", fields) + lines.join("\n");
  const deadline = kind === "attach" || carrier.kind === "script" ? Infinity : now + session.mute;
  carrier.requests.push({ id, kind, position: 0, deadline });
  session.queue.push({
    type: "request",
    request: {
      id,
      kind,
      carrier: carrier.id,
      body,
      ticket,
      poll: carrier.polls,
      received: session.receive.received,
      consumed: session.receive.consumed,
    },
  });
  said(session);
}

function load(session: Session, now: number, id: number, carrier: Carrier, lines: string[], fields: Fields): void {
  const repeated = session.batch;
  const first = session.send.base + 1;
  if (!repeated) {
    session.body = Math.min(session.body + GROWTH, MAX_BODY);
  }
  const last = fill(session, lines, Math.min(session.max - HEAD, session.body));
  if (lines.length) {
    fields.first = first;
    session.send.markSent(last);
  }
  const done = last === session.send.last();
  // Volatile events of a repeated serial would be dropped.
  for (let i = 0; done && !repeated && i < session.fleeting.length; i++) {
    lines.push(toLine(session.fleeting[i] as Data));
  }
  session.fleeting = [];
  if (done && session.state === "closing" && carrier.welcomed && !session.saidClose) {
    lines.push(closing(session));
  }
  if (lines.length) {
    fields.serial = repeated ? repeated.serial : ++session.serial;
    const deadline = carrier.kind === "script" ? now + SCRIPT_RESEND : Infinity;
    session.batch = { serial: fields.serial, last: last >= first ? last : 0, request: id, deadline };
  } else if (repeated) {
    session.batch = null;
  }
}

/** A body with this batch has not passed, perhaps for its size: the next one is smaller. True if it cannot be. */
export function narrow(session: Session, batch: Batch, welcomed: boolean): boolean {
  const count = batch.last - session.send.base;
  let size = 0;
  for (let i = 0; i < count; i++) {
    size += (session.send.log[i] as { size: number }).size;
  }
  if (size <= SMALL) {
    return false;
  }
  session.body = size >> 1;
  if (count > 1 || !welcomed) {
    return false;
  }
  session.tries = session.stuck === batch.last ? session.tries + 1 : 1;
  session.stuck = batch.last;
  return session.tries >= TRIES;
}

/** Adds what may be sent, in lines of about `limit` characters in all; at least one. Says the number of the last. */
function fill(session: Session, lines: string[], limit: number): number {
  let last = session.send.base;
  let room = limit;
  for (let message; lines.length < MAX_LINES && (message = session.send.ready(last + 1)); last++) {
    room -= message.size * (typeof message.data === "string" ? 1 : 4 / 3) + 1;
    if (room < 0 && lines.length) {
      break;
    }
    lines.push(toLine(message.data));
  }
  return last;
}

/** A last body for a page that goes away, or null if there is no session to close. It changes nothing here. */
export function beacon(session: Session, limit: number): string | null {
  if (!session.token || session.state === "ended") {
    return null;
  }
  const lines: string[] = [];
  const last = fill(session, lines, limit - HEAD);
  lines.push("z" + JSON.stringify({ code: "client_disconnect", "final": Math.max(last, session.send.sent) }));
  return header(session, "P", { serial: session.serial + 1, first: session.send.base + 1 }) + lines.join("\n");
}

/** The first line of a body. */
export function header(session: Session, type: "A" | "P", fields: Fields): string {
  const known = type === "P" || session.id;
  return (
    type +
    JSON.stringify({
      v: type === "A" ? 1 : undefined,
      attach: fields.attach,
      poll: fields.poll,
      wait: fields.poll && session.rest ? 0 : undefined,
      key: known ? undefined : session.key,
      session: known ? session.id : undefined,
      token: known ? session.token : undefined,
      received: session.receive.received,
      consumed: session.receive.consumed,
      window: type === "A" ? session.receive.window : undefined,
      first: fields.first,
      serial: fields.serial,
      ticket: fields.ticket,
    }) +
    "\n"
  );
}

/** The client's `z`. */
export function closing(session: Session): string {
  session.saidClose = true;
  return "z" + JSON.stringify({ code: session.closeCode, "final": session.send.sent });
}

function said(session: Session): void {
  session.owesCounts = false;
  session.receive.said();
}
