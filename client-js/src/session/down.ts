// What comes down, and what becomes of a request.
import { endsSession } from "../codes.ts";
import { isArray, isCounted, isObject, parse, sizeOf, type Data, type Packet } from "../packet.ts";
import type { Session } from "../session.ts";
import { counts, welcome } from "./attach.ts";
import type { Body } from "./body.ts";
import { carrierOf, lose, remove, type Carrier, type Down, type OpenRequest } from "./carrier.ts";
import { closed, end, farewell, finish } from "./end.ts";
import { narrow } from "./up.ts";

export function take(session: Session, now: number, carrier: Carrier, down: Down, data: Data): void {
  if (session.state === "ended") {
    return;
  }
  // What keeps a stream alive is its own lines, not the answers to posts.
  const alive = carrier.kind !== "stream" || down === carrier || (!carrier.ticket && (down as OpenRequest).kind === "attach");
  if (carrier.welcomed && alive) {
    carrier.deadline = now + session.mute;
  }
  const packet = parse(data);
  if (typeof packet === "string") {
    malformed(session, carrier, packet);
    return;
  }
  const body = (isObject(packet.body) ? packet.body : {}) as Body;
  if (packet.type === "r") {
    // After a welcome, what was refused in a body is a ticket: spent, perhaps, by a browser that asked twice. It is no proof.
    const ticket = carrier.welcomed && carrier.kind !== "duplex" && body["error"] === "unknown_session";
    refused(session, now, carrier, ticket ? "stale" : String(body["error"]));
  } else if (packet.type === "W" ? !welcome(session, now, carrier, down, body) : !down.position) {
    malformed(session, carrier, "bad_packet");
  } else if (isCounted(packet.type)) {
    counted(session, carrier, down, packet, sizeOf(data));
  } else if (packet.type === "v") {
    session.queue.push({ type: "deliver", packet, size: 0 });
  } else if (packet.type === "h") {
    // The next poll answers it anyway.
    session.owesCounts = carrier.kind !== "poll";
  } else if (packet.type === "n" && isArray(packet.body)) {
    counts(session, packet.body[0], packet.body[1]);
  } else if (packet.type === "z") {
    closed(session, now, body);
  } else if (packet.type !== "W") {
    malformed(session, carrier, "bad_packet");
  }
}

function counted(session: Session, carrier: Carrier, down: Down, packet: Packet, size: number): void {
  const ahead = session.receive.accept(down.position++, size);
  if (ahead === 0) {
    session.queue.push({ type: "deliver", packet, size: packet.type === "e" ? size : 0 });
    finish(session);
  } else if (ahead > 0 && (carrier.kind !== "poll" || carrier.requests.length < 2)) {
    // With two polls under way the later may be answered first: what it skips, the next one asks for.
    lose(session, carrier, "gap");
  }
}

/** A carrier is given up for a packet that cannot be read; the session, if the same one cannot be read twice. */
function malformed(session: Session, carrier: Carrier, code: string): void {
  if (carrier.welcomed && session.poison === session.receive.received) {
    end(session, code, "", 0);
  } else {
    session.poison = carrier.welcomed ? session.receive.received : -1;
    lose(session, carrier, code);
  }
}

/** The server will not have the carrier, or it is gone without a code (`""`). */
export function refused(session: Session, now: number, carrier: Carrier, code: string): void {
  // Said of a proof that has a successor by now, it is no news of the session.
  const outdated = code === "unknown_session" && !carrier.welcomed && carrier.token !== session.token;
  if (endsSession(code) && !outdated) {
    end(session, code, "", 0);
  } else if (code === "stale_poll" && carrier.kind === "poll" && !carrier.strikes++) {
    // The next poll has a higher number, and is made at once.
    carrier.deadline = now + session.mute;
  } else if (code === "stale_token" && carrier.token === session.token) {
    end(session, code, "", 0);
  } else {
    lose(session, carrier, code);
  }
}

/** The answer to a request is over. */
export function answered(session: Session, id: number): void {
  const carrier = carrierOf(session, id);
  if (!carrier) {
    return;
  }
  const request = remove(carrier.requests, id) as OpenRequest;
  const batch = session.batch;
  carrier.strikes = 0;
  if (batch && batch.request === id && (carrier.kind !== "script" || batch.last <= session.send.base)) {
    session.batch = null;
  }
  // A stream without ticket is the answer to its attach. An answer without welcome is no answer, only scripts have one elsewhere.
  const over = request.kind === "attach" && carrier.kind === "stream" && !carrier.ticket;
  if (over || (request.position === 0 && (carrier.kind !== "script" || request.kind !== "post"))) {
    lose(session, carrier, carrier.welcomed && over ? "end" : "");
  }
}

/** A request got no answer (`""`), or a refusal with this code. */
export function failed(session: Session, now: number, id: number, code: string): void {
  const carrier = carrierOf(session, id);
  if (!carrier) {
    return;
  }
  const request = remove(carrier.requests, id) as OpenRequest;
  const batch = session.batch;
  if (batch && batch.request === id) {
    batch.request = 0;
    if ((!code || code === "too_large" || code === "too_many_packets") && narrow(session, batch, carrier.welcomed)) {
      farewell(session, "undeliverable");
      end(session, "undeliverable", "", 0);
      return;
    }
  }
  if (!code && request.kind === "post" && !carrier.strikes++) {
    session.owesCounts = true;
  } else {
    refused(session, now, carrier, code);
  }
}
