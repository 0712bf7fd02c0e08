// What comes down.
import { endsSession, learn } from "../codes.ts";
import { isCounted, parse, sizeOf, type Data, type Packet } from "../packet.ts";
import { counts, welcome } from "./attach.ts";
import { lose } from "./carrier.ts";
import { closed, end, finish } from "./end.ts";
import { confirm } from "./halves.ts";
import { POLL, QUIET, brought, isCount, patienceOf, type Body, type Carrier, type Down, type Session } from "./state.ts";

/** A packet of a WebSocket, or of a stream that was opened by ticket. */
export function heard(session: Session, now: number, carrier: Carrier, data: Data): void {
  take(session, now, carrier, carrier, data, true);
}

/** `alive`: what keeps a stream alive is its own lines, not the answers to posts. */
export function take(session: Session, now: number, carrier: Carrier, down: Down, data: Data, alive: boolean): void {
  if (carrier._gone) {
    return;
  }
  if (carrier._welcomed && alive) {
    carrier._deadline = now + patienceOf(session);
  }
  const packet = parse(data);
  if (typeof packet === "string") {
    malformed(session, carrier, packet);
    return;
  }
  const type = packet._type;
  const body = (packet._body || {}) as Body;
  if (type === "r") {
    // After a welcome, what was refused in a body is a ticket: spent, perhaps, by a browser that asked twice. It is no proof.
    const code = learn(body["error"], body["then"]);
    refused(session, carrier, carrier._welcomed && carrier._way._kind && code === "unknown_session" ? "stale" : code);
  } else if (type === "W" ? !welcome(session, now, carrier, down, body) : !down._position) {
    malformed(session, carrier, "bad_packet");
  } else if (isCounted(type)) {
    counted(session, carrier, down, packet, sizeOf(data));
    brought(session, now, carrier);
  } else if (type === "v") {
    brought(session, now, carrier);
    session._queue.push(() => session._host._deliver(packet, 0));
  } else if (type === "h") {
    // The next poll answers it anyway. A flood of them for nothing is not followed.
    if (carrier._way._kind !== POLL && (session._taken || carrier._rested <= now)) {
      session._owesCounts = true;
      carrier._rested = now + QUIET;
    }
  } else if (type === "n") {
    counts(session, (body as unknown as number[])[0] as number, (body as unknown as number[])[1] as number);
  } else if (type === "z" && typeof body["code"] === "string" && isCount(body["final"]) && (!body["retry"] || isCount(body["retry"]))) {
    learn(body["code"], body["then"]);
    closed(session, now, body);
  } else if (type !== "W") {
    malformed(session, carrier, "bad_packet");
  }
}

function counted(session: Session, carrier: Carrier, down: Down, packet: Packet, size: number): void {
  const ahead = (down._position as number)++ - session._received - 1;
  if (!ahead) {
    session._received++;
    session._taken += size;
    session._queue.push(() => session._host._deliver(packet, packet._type === "e" ? size : 0));
    finish(session);
  } else if (ahead > 0 && (carrier._way._kind !== POLL || carrier._requests.length < 2)) {
    // With two polls under way the later may be answered first: what it skips, the next one asks for.
    lose(session, carrier, "gap");
  }
}

/** A carrier is given up for a packet that cannot be read; the session, if the same one cannot be read twice. */
function malformed(session: Session, carrier: Carrier, code: string): void {
  if (carrier._welcomed && session._poison === session._received) {
    end(session, code);
  } else {
    session._poison = carrier._welcomed ? session._received : null;
    lose(session, carrier, code);
  }
}

/** The server will not have the carrier, or it is gone without a code (`""`). */
export function refused(session: Session, carrier: Carrier, code: string): void {
  const newest = carrier._token === session._token;
  // Said of a proof that has a successor by now, it is no news of the session.
  const outdated = code === "unknown_session" && !carrier._welcomed && !newest;
  if (carrier._gone) {
    return;
  }
  if ((endsSession(code) && !outdated) || (code === "stale_token" && newest)) {
    if (code === session._closeCode) {
      // The answer to our close was overtaken or is lost: everything has arrived.
      confirm(session, session._sent, 0);
    }
    end(session, code);
  } else {
    lose(session, carrier, code);
  }
}
