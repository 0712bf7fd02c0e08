// A session closes, or is closed (protocol.md, section 9).
import type { Session } from "../session.ts";
import { numberOf, type Body } from "./body.ts";
import { drop, type Carrier } from "./carrier.ts";
import { closing, header } from "./up.ts";

export const CLOSE_TIME = 5000;

export function close(session: Session, now: number, code: string): void {
  if (session.state === "closing" || session.state === "ended") {
    return;
  }
  session.closeCode = code;
  session.closeDeadline = now + CLOSE_TIME;
  session.state = "closing";
  if (!session.attaches && !session.send.bytesCredited()) {
    end(session, code, "", 0);
  }
}

/** The server's `z`. */
export function closed(session: Session, now: number, body: Body): void {
  if (session.state === "closing") {
    if (session.saidClose && body["code"] === session.closeCode) {
      // An answer: everything has arrived.
      session.send.confirm(session.send.sent, 0);
    }
    end(session, session.closeCode, "", 0);
  } else {
    session.farewell = body;
    session.closeDeadline = now + CLOSE_TIME;
    finish(session);
  }
}

/** Answers the server's `z` once everything before it is here. */
export function finish(session: Session): void {
  const z = session.farewell;
  if (!z || session.receive.received < numberOf(z["final"], 0)) {
    return;
  }
  farewell(session, String(z["code"]));
  endAs(session, z);
}

/** The last word, on whatever carries it. */
export function farewell(session: Session, code: string): void {
  const current = session.current;
  session.closeCode = code;
  const line = closing(session);
  if (current && current.kind === "duplex") {
    session.queue.push({ type: "write", carrier: current.id, data: line });
  } else {
    session.queue.push({ type: "farewell", body: header(session, "P", { serial: ++session.serial }) + line });
  }
}

/** A close has taken too long. */
export function giveUp(session: Session): void {
  if (session.farewell) {
    endAs(session, session.farewell);
  } else {
    end(session, session.closeCode, "", 0);
  }
}

function endAs(session: Session, z: Body): void {
  end(session, String(z["code"]), typeof z["reason"] === "string" ? z["reason"] : "", numberOf(z["retry"], 0));
}

export function end(session: Session, code: string, reason: string, retry: number): void {
  if (session.state === "ended") {
    return;
  }
  if (session.state === "closing") {
    code = session.closeCode;
  }
  session.state = "ended";
  while (session.carriers.length) {
    drop(session, session.carriers[0] as Carrier, null);
  }
  session.current = null;
  session.queue.push({ type: "ended", code, reason, retry, unconfirmed: session.send.log });
}
