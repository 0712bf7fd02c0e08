// The server's role, as small as the protocol allows: one mount, sessions in memory, no limits, no time.
import { encode, fromLine, toLine, type Data } from "../../src/packet.ts";
import { refusal } from "../codes.ts";
import { parse, type Plain } from "../machine.ts";

type Json = { [key: string]: unknown };

/** A way down that stands: a WebSocket, a stream, or a poll that hangs. */
export interface Down {
  attach: number;
  /** Polls are answered once; the others go on. */
  once: boolean;
  /** The last message written to it. */
  cursor: number;
  write(packets: Data[]): void;
}

export class FakeSession {
  received = 0;
  confirmed = 0;
  toldReceived = 0;
  log: Data[] = [];
  attach = 0;
  serial = 0;
  poll = 0;
  down: Down | null = null;
  tokens: string[] = [];
  /** What the handlers of this session have seen, in order. */
  seen: unknown[] = [];
  /** What came with `c`. */
  auths: unknown[] = [];
  volatiles: unknown[] = [];
  closed: Json | null = null;

  constructor(readonly key: string, readonly id: string) {}

  emit(...body: unknown[]): void {
    this.push("e", "/", null, body);
  }

  push(type: string, namespace: string, id: number | null, body: unknown): void {
    this.log.push(encode(type, namespace, id, body));
    this.flush();
  }

  /** Writes what the current carrier has not got. */
  flush(): void {
    const down = this.down;
    if (!down || (down.once && down.cursor >= this.log.length && this.toldReceived >= this.received)) {
      return;
    }
    const packets = this.log.slice(down.cursor);
    if (down.once) {
      this.down = null;
      down.write([this.shortWelcome(down.cursor + 1), ...packets]);
    } else if (packets.length) {
      down.cursor = this.log.length;
      down.write(packets);
    }
  }

  shortWelcome(first: number): string {
    this.toldReceived = this.received;
    return "W" + JSON.stringify({ first, received: this.received, consumed: 0 });
  }
}

export interface Limits {
  ping?: number;
  timeout?: number;
  window?: number;
  max?: number;
  acks?: number;
}

export class FakeServer {
  sessions: FakeSession[] = [];
  attaches: Json[] = [];
  posts: Json[] = [];
  deny = "";

  constructor(readonly limits: Limits = {}) {}

  get last(): FakeSession {
    return this.sessions[this.sessions.length - 1] as FakeSession;
  }

  restart(): void {
    this.sessions = [];
  }

  /** The first packet of a carrier. `connect` makes the way down that stands from now on. A string is a refusal. */
  attach(head: Json, connect: (session: FakeSession) => Down | null): FakeSession | string {
    this.attaches.push(head);
    let session = this.sessions.find((one) => (head["key"] ? one.key === head["key"] : one.id === head["session"]));
    if (!session && head["key"]) {
      session = new FakeSession(String(head["key"]), `s${this.sessions.length + 1}`);
      this.sessions.push(session);
    }
    if (!session || (head["token"] && session.tokens.indexOf(String(head["token"])) < 0)) {
      return "unknown_session";
    }
    if (Number(head["attach"]) <= session.attach) {
      return "stale";
    }
    session.attach = Number(head["attach"]);
    session.poll = 0;
    session.confirmed = Math.max(session.confirmed, Number(head["received"]));
    const old = session.down;
    session.down = null;
    if (old) {
      old.write(old.once ? [session.shortWelcome(old.cursor + 1)] : ["r" + refusal("taken_over")]);
    }
    session.down = connect(session);
    return session;
  }

  welcome(session: FakeSession, first: number, ticket?: string): string {
    const token = `t${session.attach}`;
    session.tokens.push(token);
    session.toldReceived = session.received;
    return (
      "W" +
      JSON.stringify({
        session: session.id,
        token,
        attach: session.attach,
        first,
        received: session.received,
        consumed: 0,
        ping: this.limits.ping ?? 10000,
        timeout: this.limits.timeout ?? 8000,
        grace: 120000,
        window: this.limits.window ?? 1048576,
        max: this.limits.max ?? 1000000,
        acks: this.limits.acks ?? 1000,
        ticket,
      })
    );
  }

  /** The packets of a body or frame; `position` is the number of the first message. Answers the next position or a refusal. */
  take(session: FakeSession, position: number, packets: Plain[], repeated = false): number | string {
    for (const packet of packets) {
      if (packet.type === "v") {
        if (!repeated) {
          session.volatiles.push(packet.body);
        }
      } else if (packet.type === "z") {
        session.closed = packet.body as Json;
        this.goodbye(session);
      } else if (packet.type === "n") {
        session.confirmed = Math.max(session.confirmed, Number((packet.body as number[])[0]));
      } else if (position > session.received + 1) {
        return "gap";
      } else if (position++ === session.received + 1) {
        session.received++;
        this.handle(session, packet);
      }
    }
    return position;
  }

  /** A POST that begins with `P`: what it brings is taken; the head and the session are for the caller, who answers. */
  post(body: string): { head: Json; session: FakeSession } | string {
    const packets = linesOf(body);
    const head = packets.shift()?.body as Json;
    this.posts.push(head);
    const session = this.sessions.find((one) => one.id === head["session"]);
    if (!session) {
      return "unknown_session";
    }
    session.confirmed = Math.max(session.confirmed, Number(head["received"]));
    const serial = Number(head["serial"] ?? 0);
    const refusal = this.take(session, Number(head["first"] ?? 1), packets, serial <= session.serial);
    session.serial = Math.max(session.serial, serial);
    return typeof refusal === "string" ? refusal : { head, session };
  }

  private goodbye(session: FakeSession): void {
    const z = "z" + JSON.stringify({ code: session.closed?.["code"], final: session.log.length });
    const down = session.down;
    this.sessions = this.sessions.filter((one) => one !== session);
    down?.write(down.once ? [session.shortWelcome(down.cursor + 1), z] : [z]);
  }

  private handle(session: FakeSession, packet: Plain): void {
    const { type, namespace, id, body } = packet;
    if (type === "c" && (body as Json | undefined)?.["undecided"]) {
      return;
    }
    if (type === "c") {
      session.auths.push(body);
      const denied = this.deny || (body as Json | undefined)?.["deny"] ? "denied" : "";
      session.push(denied ? "d" : "o", namespace, null, denied ? { message: denied } : { id: session.id + namespace });
    } else if (type === "e") {
      const [name, ...args] = body as [string, ...unknown[]];
      session.seen.push(body);
      if (name === "echo") {
        session.push("e", namespace, null, body);
      } else if (name === "boom") {
        session.push("x", namespace, id, { code: "handler_panic", event: name });
      } else if (id !== null && name !== "silent") {
        session.push("a", namespace, id, args);
      }
    }
  }
}

/** The packets of a body. */
export function linesOf(body: string): Plain[] {
  return body
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => parse(fromLine(line)) as Plain);
}

export function toBody(packets: Data[]): string {
  return packets.map((packet) => toLine(packet) + "\n").join("");
}
