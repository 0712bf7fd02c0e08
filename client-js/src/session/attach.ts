// A carrier attaches, and is welcomed (protocol.md, section 4).
import { isInteger } from "../packet.ts";
import type { Session } from "../session.ts";
import { drop, find, lose, type Carrier, type Down, type Kind } from "./carrier.ts";
import { end } from "./end.ts";
import { numberOf, type Body } from "./body.ts";
import { header, request } from "./up.ts";

/** What is sent with it goes at once: a volatile event that it takes along is gone for the current carrier. */
export function attach(session: Session, now: number, id: number, kind: Kind, patience: number): void {
  const number = ++session.attaches;
  // Only an opening client knows where the server stands: at nothing.
  const opening = !session.id;
  const base = session.send.base;
  const carrier: Carrier = {
    id,
    kind,
    attach: number,
    token: session.token,
    patience,
    welcomed: false,
    deadline: now + patience,
    position: 0,
    cursor: opening ? base : -1,
    polls: 0,
    rested: now,
    ticket: kind === "script" ? session.secret() : "",
    strikes: 0,
    requests: [],
  };
  session.carriers.push(carrier);
  if (kind === "duplex") {
    const data = header(session, "A", { attach: number, first: opening ? base + 1 : undefined }).slice(0, -1);
    session.queue.push({ type: "write", carrier: id, data });
  } else {
    request(session, now, carrier, "attach", true);
  }
}

/** What begins a body or carrier going down. False if it cannot be read. */
export function welcome(session: Session, now: number, carrier: Carrier, down: Down, body: Body): boolean {
  const full = body["session"] !== undefined;
  if (!isInteger(body["first"]) || !body["first"] || (full ? typeof body["token"] !== "string" : !carrier.welcomed)) {
    return false;
  }
  down.position = body["first"];
  if (carrier.kind !== "script" && session.batch && find(carrier.requests, session.batch.request) === down) {
    // The answer has begun, so the whole request has arrived.
    session.batch = null;
  }
  if (full && !carrier.welcomed && !adopt(session, now, carrier, body)) {
    return true;
  }
  if (counts(session, body["received"], body["consumed"]) && typeof body["ticket"] === "string") {
    carrier.ticket = body["ticket"];
    if (carrier.kind === "stream" && full) {
      carrier.deadline = now + carrier.patience;
      session.queue.push({ type: "stream", carrier: carrier.id, ticket: carrier.ticket });
    }
  }
  return true;
}

/** The carrier is the current one from now on. False if it cannot be. */
function adopt(session: Session, now: number, carrier: Carrier, body: Body): boolean {
  if (session.id && body["session"] !== session.id) {
    // The key has opened another session: the server knows nothing of this one.
    end(session, "unknown_session", "", 0);
    return false;
  }
  if (carrier.cursor < 0) {
    carrier.cursor = numberOf(body["received"], 0);
  }
  if (carrier.kind === "duplex" && carrier.cursor < session.send.base) {
    // Counts that came another way were faster: what must come first on this WebSocket is gone.
    lose(session, carrier, "stale");
    return false;
  }
  carrier.welcomed = true;
  session.id = String(body["session"]);
  session.token = String(body["token"]);
  session.ping = numberOf(body["ping"], 10000);
  session.mute = session.ping + numberOf(body["timeout"], 8000);
  session.send.window = numberOf(body["window"], session.send.window);
  session.max = numberOf(body["max"], session.max);
  session.acks = numberOf(body["acks"], session.acks);
  session.stream = numberOf(body["stream"], Infinity);
  carrier.deadline = now + session.mute;
  const dropped = session.send.dropLarger(session.max);
  for (let i = 0; i < dropped.length; i++) {
    session.queue.push({ type: "rejected", message: dropped[i] as (typeof dropped)[0] });
  }
  session.current = carrier;
  // Older ones have nothing more to say. Newer ones may still win.
  while (session.carriers[0] !== carrier) {
    drop(session, session.carriers[0] as Carrier, null);
  }
  const before = session.state;
  if (before !== "closing") {
    session.state = "open";
  }
  if (before === "open") {
    session.queue.push({ type: "moved", carrier: carrier.id });
  } else {
    session.queue.push({ type: "opened", carrier: carrier.id, resumed: before === "suspended" });
  }
  return true;
}

/** The server's counts. False if they end the session. */
export function counts(session: Session, received: unknown, consumed: unknown): boolean {
  if (!session.send.confirm(numberOf(received, 0), numberOf(consumed, 0))) {
    end(session, "bad_ack", "", 0);
    return false;
  }
  const batch = session.batch;
  if (batch && batch.last && batch.last <= session.send.base) {
    session.batch = null;
  }
  return true;
}
