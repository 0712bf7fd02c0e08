// A client session and a fake server joined in virtual time. What goes either way waits in `wires` until `step` lets it
// through, and `cut` loses it.
import { encode, sizeOf, toLine, type Data } from "../../src/packet.ts";
import { refusal } from "../codes.ts";
import { Session, type Kind, type Output, type Plain, type Request } from "../machine.ts";
import { FakeServer, linesOf, toBody, type FakeSession, type Limits } from "./fake-server.ts";

interface Carrier {
  kind: Kind;
  session: FakeSession | null;
  position: number;
  alive: boolean;
}

type Wire = { carrier: number; run: () => void };

export class Pair {
  now = 0;
  readonly server: FakeServer;
  readonly client: Session;
  /** Bodies of the events that were delivered, in order. */
  delivered: unknown[] = [];
  packets: Plain[] = [];
  outputs: Output[] = [];
  requests: Request[] = [];
  written: Data[] = [];
  wires: Wire[] = [];
  /** How the client comes back when a carrier is lost. */
  again: Kind | null = null;
  private carriers: { [id: string]: Carrier } = {};
  private count = 0;
  private secrets = 0;

  constructor(limits: Limits = {}, window = 1048576) {
    this.server = new FakeServer(limits);
    this.client = new Session(window, () => `key-${++this.secrets}`);
  }

  get current(): number {
    return this.count;
  }

  attach(kind: Kind): number {
    this.carriers[++this.count] = { kind, session: null, position: 1, alive: true };
    this.client.attach(this.now, this.count, kind, 5000);
    this.drain();
    return this.count;
  }

  connect(namespace = "/", auth?: unknown): void {
    this.push("c", namespace, auth);
  }

  emit(...body: unknown[]): void {
    this.push("e", "/", body);
  }

  push(type: string, namespace: string, body: unknown, id: number | null = null): void {
    const data = encode(type, namespace, id, body);
    this.client.push({ namespace, data, size: sizeOf(data), credited: type === "e" });
  }

  /** Lets everything through until nothing is under way. */
  settle(): void {
    this.drain();
    while (this.wires.length) {
      this.step(0);
    }
  }

  step(index: number): void {
    this.wires.splice(index, 1)[0]?.run();
    this.drain();
  }

  /** Loses a carrier and what is on it, and tells the client. */
  cut(id = this.count): void {
    this.silence(id);
    this.client.lost(this.now, id, "");
    this.drain();
  }

  /** Loses a carrier and what is on it, and tells nobody. */
  silence(id = this.count): void {
    const carrier = this.carriers[id];
    if (carrier) {
      carrier.alive = false;
      this.wires = this.wires.filter((wire) => wire.carrier !== id);
    }
  }

  advance(ms: number): void {
    this.now += ms;
    this.client.timeout(this.now);
    this.drain();
  }

  of<T extends Output["type"]>(type: T): Extract<Output, { type: T }>[] {
    return this.outputs.filter((output): output is Extract<Output, { type: T }> => output.type === type);
  }

  drain(): void {
    for (let output; (output = this.client.next(this.now)); ) {
      this.outputs.push(output);
      this.perform(output);
    }
  }

  private perform(output: Output): void {
    if (output.type === "write") {
      this.written.push(output.data);
      this.up(output.carrier, output.data);
    } else if (output.type === "request") {
      this.requests.push(output.request);
      this.request(output.request);
    } else if (output.type === "drop") {
      this.silence(output.carrier);
    } else if (output.type === "lost" && this.again) {
      this.attach(this.again);
    } else if (output.type === "deliver") {
      this.packets.push(output.packet);
      if (output.packet.type === "e" || output.packet.type === "v") {
        this.delivered.push(output.packet.body);
      }
      this.client.consumed(output.size);
    } else if (output.type === "farewell") {
      this.server.post(output.body);
    }
  }

  private wire(id: number, run: () => void): void {
    if (this.carriers[id]?.alive) {
      this.wires.push({ carrier: id, run });
    }
  }

  private up(id: number, data: Data): void {
    this.wire(id, () => {
      const carrier = this.carriers[id] as Carrier;
      const packets = linesOf(toLine(data));
      if (packets[0]?.type === "A") {
        this.attachDuplex(id, carrier, packets[0].body as { [key: string]: unknown });
      } else if (carrier.session) {
        const next = this.server.take(carrier.session, carrier.position, packets);
        carrier.position = typeof next === "number" ? next : carrier.position;
        if (typeof next === "string") {
          this.down(id, ["r" + refusal(next)]);
        }
      }
    });
  }

  private attachDuplex(id: number, carrier: Carrier, head: { [key: string]: unknown }): void {
    const session = this.server.attach(head, (found) => {
      this.down(id, [this.server.welcome(found, Number(head["received"]) + 1)]);
      const cursor = Number(head["received"]);
      return { attach: found.attach, once: false, cursor, write: (packets) => this.down(id, packets) };
    });
    if (typeof session === "string") {
      this.down(id, ["r" + refusal(session)]);
    } else {
      carrier.session = session;
      carrier.position = Number(head["first"] ?? session.received + 1);
      session.flush();
    }
  }

  private down(id: number, packets: Data[]): void {
    for (const data of packets) {
      this.wire(id, () => this.client.packet(this.now, id, data));
    }
  }

  private request(request: Request): void {
    const id = request.carrier;
    this.wire(id, () => {
      const answer = (packets: Data[]): void => this.answer(request, packets);
      const refuse = (code: string): void => this.wire(id, () => this.client.failed(this.now, request.id, code));
      if (request.kind === "attach") {
        this.attachPoll(request, answer, refuse);
        return;
      }
      const result = this.server.post(request.body);
      if (typeof result === "string") {
        refuse(result);
        return;
      }
      const { head, session } = result;
      const from = Number(head["received"]);
      if (request.kind === "post") {
        answer([session.shortWelcome(session.log.length + 1)]);
      } else if (Number(head["attach"]) !== session.attach) {
        refuse("stale");
      } else {
        const old = session.down;
        session.down = null;
        old?.write([session.shortWelcome(old.cursor + 1), ...session.log.slice(old.cursor)]);
        const cursor = old ? session.log.length : from;
        session.down = { attach: session.attach, once: true, cursor, write: answer };
        session.flush();
      }
    });
  }

  private attachPoll(request: Request, answer: (packets: Data[]) => void, refuse: (code: string) => void): void {
    const packets = linesOf(request.body);
    const head = packets.shift()?.body as { [key: string]: unknown };
    const session = this.server.attach(head, () => null);
    if (typeof session === "string") {
      refuse(session);
      return;
    }
    this.server.take(session, Number(head["first"] ?? 1), packets, Number(head["serial"] ?? 0) <= session.serial);
    session.serial = Math.max(session.serial, Number(head["serial"] ?? 0));
    const from = Number(head["received"]);
    answer([this.server.welcome(session, from + 1), ...session.log.slice(from)]);
  }

  private answer(request: Request, packets: Data[]): void {
    this.wire(request.carrier, () => {
      for (const line of toBody(packets).split("\n").slice(0, -1)) {
        this.client.answer(this.now, request.id, line);
      }
      this.client.answered(request.id);
    });
  }
}
