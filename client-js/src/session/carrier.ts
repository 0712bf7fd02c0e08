// The carriers that were not given up, their requests, and how they are given up.
import type { Session } from "../session.ts";
import type { Request } from "./io.ts";

/**
 * How a carrier works. `duplex`: a WebSocket. `stream`: one answer down, posts up. `poll`: a loop of requests, both ways.
 * `script`: polls by URL, posts up whose answer cannot be read.
 */
export type Kind = "duplex" | "stream" | "poll" | "script";

/** A body or carrier going down. Its position is 0 until its `W` has come. */
export interface Down {
  position: number;
}

export interface OpenRequest extends Down {
  id: number;
  kind: Request["kind"];
  /** When the carrier is given up over it. */
  deadline: number;
}

export interface Carrier extends Down {
  id: number;
  kind: Kind;
  attach: number;
  /** The token that its attach has used. */
  token: string;
  patience: number;
  welcomed: boolean;
  /** When it is given up, unless something is heard. */
  deadline: number;
  /** Duplex: the last message written, or -1 while the welcome has to tell where to go on. */
  cursor: number;
  polls: number;
  /** When the next poll is due. */
  rested: number;
  ticket: string;
  strikes: number;
  requests: OpenRequest[];
}

/** A carrier is gone, or given up. */
export function lose(session: Session, carrier: Carrier, code: string): void {
  // A stream by ticket has to show that it carries, too.
  const welcomed = carrier.welcomed && (carrier.kind !== "stream" || !carrier.ticket || carrier.position > 0);
  // The server may tell the old carrier sooner than the new one: the session has one.
  const moving = code === "taken_over" && carrier !== session.carriers[session.carriers.length - 1];
  drop(session, carrier, code);
  if (carrier === session.current) {
    session.current = null;
  }
  if (!session.current && !moving && session.state === "open") {
    session.state = "suspended";
    session.queue.push({ type: "suspended" });
  }
  if (!session.carriers.length) {
    session.queue.push({ type: "lost", carrier: carrier.id, code, welcomed });
  }
}

export function drop(session: Session, carrier: Carrier, code: string | null): void {
  remove(session.carriers, carrier.id);
  const batch = session.batch;
  if (batch && find(carrier.requests, batch.request)) {
    batch.request = 0;
  }
  session.saidClose = false;
  session.queue.push({ type: "drop", carrier: carrier.id, code });
}

export function carrierOf(session: Session, request: number): Carrier | null {
  for (let i = 0; i < session.carriers.length; i++) {
    if (find((session.carriers[i] as Carrier).requests, request)) {
      return session.carriers[i] as Carrier;
    }
  }
  return null;
}

export function find<T extends { id: number }>(list: T[], id: number): T | null {
  for (let i = 0; i < list.length; i++) {
    if ((list[i] as T).id === id) {
      return list[i] as T;
    }
  }
  return null;
}

export function remove<T extends { id: number }>(list: T[], id: number): T | null {
  for (let i = 0; i < list.length; i++) {
    if ((list[i] as T).id === id) {
      return list.splice(i, 1)[0] as T;
    }
  }
  return null;
}
