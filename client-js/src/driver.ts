// Binds one session to transports and time. What is tried when, negotiation decides.
import type { Message } from "./halves.ts";
import { Crowd } from "./crowd.ts";
import { CROWDED, Negotiation, type Memory, type Step } from "./negotiation.ts";
import { load, save } from "./memory.ts";
import type { Reconnection } from "./options.ts";
import type { Data, Packet } from "./packet.ts";
import { Session, type Output, type Request } from "./session.ts";
import type { Duplex, Io, Transport } from "./transports/index.ts";

/** What the owner of a session is told. */
export interface Listener {
  deliver(packet: Packet): void;
  /** The session is on this transport now, for the first time or anew. */
  carried(name: string, resumed: boolean): void;
  suspended(code: string): void;
  rejected(message: Message): void;
  /** No transport works at present. */
  failing(code: string, why: string): void;
  ended(code: string, reason: string, retry: number, unconfirmed: Message[]): void;
  /** Its stream stands, too, if it has one. */
  proven?(): void;
}

/** Tries a transport with a session of its own: `done` is told null, or why it does not work. Answers with how to stop. */
export type Probe = (io: Io, transport: Transport, done: (why: string | null) => void) => () => void;

interface Link {
  transport: Transport;
  duplex: Duplex | null;
  /** Overtaken, no carrier any more. */
  late: boolean;
  /** The server has told of a stream, which has not said anything yet. */
  silent: boolean;
  /** Where connections are few. */
  crowd: Crowd | null;
  /** What its stream has carried since it was last to be replaced. */
  length: number;
  /** How to stop each of its requests, and its stream. */
  aborts: { [request: string]: () => void };
}

/** A volatile event does not wait behind more bytes than this. */
const CONGESTED = 65536;
/** How often to look whether the machine has slept, and how late a heartbeat may be after that. */
const PULSE = 5000;
/** The pause between polls that do not hang. */
const REST = 1000;
const LATE_HEARTBEAT = 1000;

export class Driver {
  readonly session: Session;
  private plan: Negotiation;
  private memory: Memory;
  private links: { [carrier: string]: Link } = {};
  private timer: unknown = null;
  private timerAt = 0;
  private pulse: unknown = null;
  /** Time of day of the last pulse, and when something came over the carrier. */
  private pulseAt = 0;
  private heardAt = 0;
  /** How the last carrier was lost. */
  private lostBy = "";
  private draining = false;
  private soon = false;
  private stopWatching = (): void => {};
  private stopProbe = (): void => {};

  /** Without `probe` this is one, which keeps what it finds to itself. */
  constructor(
    private io: Io,
    private usable: Transport[],
    limits: Required<Reconnection>,
    private listener: Listener,
    private probe?: Probe,
  ) {
    const env = io.env;
    this.session = new Session(io.options.window || 1048576, env.secret);
    this.memory = load(env, this.place());
    this.plan = new Negotiation(usable, limits, env.random, this.memory);
  }

  start(): void {
    const env = this.io.env;
    if (this.probe) {
      this.stopWatching = env.watchPage(
        env.root,
        (stored) => this.leave(stored),
        (surely) => this.check(surely),
      );
      this.beat();
    }
    this.plan.begin(env.now());
    this.drain();
  }

  /** Sends what this turn has given to the session once the turn is over, so that it goes in one piece. */
  flush(): void {
    if (!this.soon) {
      this.soon = true;
      this.io.env.soon(() => {
        this.soon = false;
        this.drain();
      });
    }
  }

  pushVolatile(data: Data): void {
    for (const id in this.links) {
      const { duplex, late } = this.links[id] as Link;
      if (duplex && !late && duplex.buffered() > CONGESTED) {
        return;
      }
    }
    this.session.pushVolatile(data);
    this.flush();
  }

  close(code: string): void {
    this.plan.closing = true;
    this.session.close(this.io.env.now(), code);
    this.check(false);
  }

  /** Attaches at once if there is no carrier; if there is one, it has to show soon, or at once, that it lives. */
  private check(surely: boolean): void {
    const env = this.io.env;
    const now = env.now();
    const left = this.heardAt + this.session.ping + LATE_HEARTBEAT - env.wall();
    this.plan.check(now, surely ? now : now + Math.max(LATE_HEARTBEAT, left));
    this.drain();
  }

  /** Machines sleep without a word, and their clocks may stop. */
  private beat(): void {
    const env = this.io.env;
    const wall = env.wall();
    if (this.pulseAt && wall - this.pulseAt > PULSE + this.session.ping) {
      this.check(false);
    }
    this.pulseAt = wall;
    this.pulse = env.later(() => this.beat(), PULSE);
  }

  /** The page is going away: the last words go by beacon. Only stored, it may come back and resume: what it holds is let go. */
  private leave(stored: boolean): void {
    if (stored) {
      this.unlinkAll();
      return;
    }
    const navigator = this.io.env.root.navigator;
    const body = this.session.beacon(32768);
    if (body && navigator && navigator.sendBeacon) {
      navigator.sendBeacon(this.io.url + "/send", body);
    }
  }

  // ---- what negotiation wants

  private take(step: Step): void {
    if (step.type === "start") {
      this.attempt(step.id, step.name, step.patience);
    } else if (step.type === "cancel") {
      this.unlink(step.id);
    } else if (step.type === "learnt") {
      if (this.probe && this.usable.length > 1) {
        save(this.io.env, this.place(), this.memory);
      }
    } else if (step.type === "failing") {
      this.listener.failing(step.code, step.why);
    } else if (step.type === "give_up") {
      this.session.abort("no_transport");
    } else if (this.probe && this.named(step.name).kind === "stream" && this.isTight()) {
      this.plan.probed(this.io.env.now(), step.name, CROWDED);
    } else if (this.probe) {
      this.stopProbe = this.probe(this.io, this.named(step.name), (why) => {
        this.plan.probed(this.io.env.now(), step.name, why);
        this.drain();
      });
    }
  }

  /** What is learnt counts for this origin, and among these transports. */
  private place(): string {
    const names = this.io.options.transports;
    return "everwire " + this.io.url.replace(/^(\w+:\/\/[^/]+).*/, "$1") + (names ? " " + names.join() : "");
  }

  private named(name: string): Transport {
    let i = 0;
    while ((this.usable[i] as Transport).name !== name) {
      i++;
    }
    return this.usable[i] as Transport;
  }

  private attempt(id: number, name: string, patience: number): void {
    const transport = this.named(name);
    const env = this.io.env;
    // Pages and workers have a location, and a browser's few connections.
    const crowd = env.root.location && transport.kind !== "duplex" ? new Crowd(env, () => this.yieldTo(id)) : null;
    const link: Link = { transport, duplex: null, late: false, silent: false, crowd, length: 0, aborts: {} };
    this.links[id] = link;
    if (transport.open) {
      this.connect(id, link, patience);
    } else {
      this.session.attach(env.now(), id, transport.kind, patience);
    }
  }

  private connect(id: number, link: Link, patience: number): void {
    const env = this.io.env;
    const session = this.session;
    let attached = false;
    const gone = (code: string): void => {
      if (attached && !link.late) {
        session.lost(env.now(), id, code);
      } else {
        this.unlink(id);
        this.plan.failed(env.now(), id, code);
      }
      this.drain();
    };
    const opened = (): void => {
      attached = true;
      session.attach(env.now(), id, "duplex", patience);
      this.plan.opened(env.now(), id);
      this.drain();
    };
    const packet = (data: Data): void => {
      if (link.late) {
        this.plan.alive(env.now(), id);
      } else {
        this.heard(id);
        session.packet(env.now(), id, data);
      }
      this.drain();
    };
    try {
      link.duplex = (link.transport.open as NonNullable<Transport["open"]>)(this.io, opened, packet, gone);
    } catch (_) {
      // As a WebSocket without TLS on a page with it.
      gone("");
    }
  }

  // ---- between session and transports

  private drain(): void {
    if (this.draining) {
      return;
    }
    this.draining = true;
    try {
      for (let step: Step | null | undefined; step !== null; ) {
        if (step) {
          this.take(step);
        }
        this.session.rest = this.memory.tight > this.io.env.now() ? REST : 0;
        for (let output; (output = this.session.next(this.io.env.now())); ) {
          this.perform(output);
        }
        step = this.session.state === "ended" ? null : this.plan.next(this.io.env.now());
      }
    } finally {
      this.draining = false;
    }
    this.schedule();
  }

  private perform(output: Output): void {
    const listener = this.listener;
    if (output.type === "deliver") {
      listener.deliver(output.packet);
      this.session.consumed(output.size);
    } else if (output.type === "write") {
      const link = this.links[output.carrier];
      if (link && link.duplex) {
        link.duplex.send(output.data);
      }
    } else if (output.type === "request") {
      this.request(output.request);
    } else if (output.type === "stream") {
      this.stream(output.carrier, output.ticket);
    } else if (output.type === "drop") {
      this.dropped(output.carrier, output.code);
    } else if (output.type === "opened" || output.type === "moved") {
      const link = this.links[output.carrier];
      if (link) {
        listener.carried(link.transport.name, output.type === "opened" && output.resumed);
        if (link.transport.stream) {
          link.silent = true;
        } else {
          this.proven(output.carrier);
        }
      }
    } else if (output.type === "suspended") {
      listener.suspended(this.lostBy);
    } else if (output.type === "rejected") {
      listener.rejected(output.message);
    } else if (output.type === "farewell") {
      this.farewell(output.body);
    } else if (output.type === "ended") {
      this.end();
      listener.ended(output.code, output.reason, output.retry, output.unconfirmed);
    }
  }

  private dropped(id: number, code: string | null): void {
    const link = this.links[id];
    const now = this.io.env.now();
    if (code !== null) {
      this.lostBy = code;
      this.unlink(id);
      this.plan.failed(now, id, code);
    } else if (link && this.plan.overtaken(now, id)) {
      link.late = true;
    } else {
      this.unlink(id);
    }
  }

  private proven(id: number): void {
    this.plan.carried(this.io.env.now(), id);
    this.heard(id);
    if (this.listener.proven) {
      this.listener.proven();
    }
    const link = this.links[id] as Link;
    if (link.crowd) {
      const tight = this.isTight();
      if (link.transport.kind === "stream") {
        if (tight) {
          this.yieldTo(id);
        } else {
          // Is there a connection left for this?
          this.session.owesCounts = true;
        }
      }
    }
  }

  /** Another page may have found out. */
  private isTight(): boolean {
    const env = this.io.env;
    const memory = this.memory;
    memory.tight = Math.max(memory.tight, load(env, this.place()).tight);
    return memory.tight > env.now();
  }

  /** Lets go of the connections of this carrier: polls that do not hang do with what is left to them. */
  private yieldTo(id: number): void {
    let able = !this.probe;
    for (let i = 0; i < this.usable.length; i++) {
      able = able || (this.usable[i] as Transport).kind === "poll";
    }
    if (able) {
      this.session.lost(this.io.env.now(), id, CROWDED);
      this.drain();
    }
  }

  private heard(id: number, text = ""): void {
    this.heardAt = this.io.env.wall();
    // The other half of the time-out is for finding another way before this one is given up.
    this.plan.heard(id, this.io.env.now() + (this.session.ping + this.session.mute) / 2);
    const link = this.links[id];
    // A character is three bytes at most.
    if (link && (link.length += text.length) * 4 > this.session.stream) {
      link.length = 0;
      this.plan.replace(this.io.env.now(), id);
    }
  }

  private request(request: Request): void {
    const { env } = this.io;
    const link = this.links[request.carrier];
    const run = link && link.transport.request;
    if (!link || !run) {
      return;
    }
    let over = false;
    const crowd = link.crowd;
    const polls = link.transport.kind === "poll";
    const line = (text: string): void => {
      if (crowd && request.kind !== "attach") {
        crowd.answered();
      }
      // What keeps a stream alive is its own lines.
      if (link.transport.kind !== "stream" || (request.kind === "attach" && !link.transport.stream)) {
        this.heard(request.carrier, text);
      }
      this.session.answer(env.now(), request.id, text);
      this.drain();
    };
    const done = (failure: string | null): void => {
      over = true;
      if (crowd) {
        crowd.answered();
      }
      delete link.aborts[request.id];
      if (failure === null) {
        this.session.answered(request.id);
      } else {
        this.session.failed(env.now(), request.id, failure);
      }
      this.drain();
    };
    if (crowd && request.kind !== "attach" && !this.session.rest) {
      let hanging = !polls;
      for (const _ in link.aborts) {
        hanging = true;
      }
      if (hanging) {
        crowd.asked(request, this.memory.rtt);
      } else if (request.poll === 1) {
        // Is there a connection left for another?
        env.soon(() => {
          this.session.owesCounts = true;
          this.drain();
        });
      }
    }
    const abort = run(this.io, request, line, done);
    if (!over) {
      link.aborts[request.id] = abort;
    }
  }

  private stream(carrier: number, ticket: string): void {
    const { env } = this.io;
    const link = this.links[carrier];
    const open = link && link.transport.stream;
    if (!link || !open) {
      return;
    }
    const line = (text: string): void => {
      this.heard(carrier, text);
      this.session.line(env.now(), carrier, text);
      if (link.silent && this.links[carrier]) {
        link.silent = false;
        this.proven(carrier);
      }
      this.drain();
    };
    const closed = (): void => {
      this.session.lost(env.now(), carrier, "");
      this.drain();
    };
    link.aborts["stream"] = open(this.io, ticket, line, closed);
  }

  private farewell(body: string): void {
    const { env, url, options } = this.io;
    if (env.post) {
      env.post(url + "/send", body, options, null, () => {});
    }
  }

  private unlink(carrier: number): void {
    const link = this.links[carrier];
    delete this.links[carrier];
    if (link) {
      if (link.crowd) {
        link.crowd.answered();
      }
      for (const id in link.aborts) {
        (link.aborts[id] as () => void)();
      }
      if (link.duplex) {
        link.duplex.close();
      }
    }
  }

  private schedule(): void {
    const env = this.io.env;
    const next = this.session.state === "ended" ? Infinity : Math.min(this.session.nextTimeout() || Infinity, this.plan.nextTimeout());
    // One that is too early does no harm: it sets the next.
    if (next === Infinity || (this.timer !== null && this.timerAt <= next)) {
      return;
    }
    env.cancel(this.timer);
    this.timerAt = next;
    this.timer = env.later(
      () => {
        this.timer = null;
        this.session.timeout(env.now());
        this.drain();
      },
      Math.max(0, next - env.now()),
    );
  }

  private end(): void {
    const env = this.io.env;
    env.cancel(this.timer);
    env.cancel(this.pulse);
    this.stopProbe();
    this.stopWatching();
    this.unlinkAll();
  }

  private unlinkAll(): void {
    for (const id in this.links) {
      this.unlink(+id);
    }
  }
}
