// Binds one session to transports and time: chooses the transport, takes the first that carries data, comes back after a loss.
import { backoff } from "./backoff.ts";
import { actionOf } from "./codes.ts";
import type { Message } from "./halves.ts";
import type { Reconnection } from "./options.ts";
import type { Data, Packet } from "./packet.ts";
import { Session, type Output, type Request } from "./session.ts";
import type { Duplex, Io, Transport } from "./transports/index.ts";

/** What the owner of a session is told. */
export interface Listener {
  deliver(packet: Packet): void;
  /** The session is on this transport now, for the first time or anew. */
  carried(name: string, resumed: boolean): void;
  suspended(): void;
  rejected(message: Message): void;
  /** No transport works at present. */
  failing(code: string): void;
  ended(code: string, reason: string, retry: number, unconfirmed: Message[]): void;
}

interface Link {
  transport: Transport;
  duplex: Duplex | null;
  /** How to stop each of its requests, and its stream. */
  aborts: { [request: string]: () => void };
}

/** Time for a new carrier to show that it carries; more after each round without success. */
const PATIENCE = 5000;
const MAX_PATIENCE = 20000;
/** A carrier that held this long was a good one. */
const STOOD = 1000;
/** A volatile event does not wait behind more bytes than this. */
const CONGESTED = 65536;

export class Driver {
  readonly session: Session;
  private links: { [carrier: string]: Link } = {};
  private carriers = 0;
  /** The transports of this round, and the one in use. */
  private round: Transport[] = [];
  private at = 0;
  private rounds = 0;
  private hasty = 0;
  private carriedAt = 0;
  private retry: unknown = null;
  private timer: unknown = null;
  private timerAt = 0;
  private draining = false;
  private soon = false;
  private stopWatching = (): void => {};

  /** `memory` holds the transport that worked last, from one session to the next. */
  constructor(
    private io: Io,
    private usable: Transport[],
    private limits: Required<Reconnection>,
    private memory: { best: string },
    private listener: Listener,
  ) {
    this.session = new Session(io.options.window || 1048576, io.env.secret);
  }

  start(): void {
    const env = this.io.env;
    this.stopWatching = env.watchPage(
      env.root,
      () => this.leave(),
      () => this.wake(),
    );
    this.plan();
    this.attempt();
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
      const duplex = (this.links[id] as Link).duplex;
      if (duplex && duplex.buffered() > CONGESTED) {
        return;
      }
    }
    this.session.pushVolatile(data);
    this.flush();
  }

  close(code: string): void {
    this.session.close(this.io.env.now(), code);
    this.wake();
    this.drain();
  }

  /** Does at once what waits for a pause to end. */
  private wake(): void {
    if (this.retry !== null) {
      this.attempt();
    }
  }

  /** The page is going away: the last words go by beacon. */
  private leave(): void {
    const navigator = this.io.env.root.navigator;
    const body = this.session.beacon(32768);
    if (body && navigator && navigator.sendBeacon) {
      navigator.sendBeacon(this.io.url + "/send", body);
    }
  }

  // ---- which transport, and when

  /** A round goes through all transports, first the one that worked last. */
  private plan(): void {
    this.at = 0;
    this.round = this.usable.slice();
    for (let i = 0; i < this.round.length; i++) {
      if ((this.round[i] as Transport).name === this.memory.best) {
        this.round.unshift(this.round.splice(i, 1)[0] as Transport);
      }
    }
  }

  private attempt(): void {
    const env = this.io.env;
    env.cancel(this.retry);
    this.retry = null;
    const transport = this.round[this.at];
    if (!transport) {
      this.session.abort("no_transport");
      this.drain();
      return;
    }
    const id = ++this.carriers;
    const link: Link = { transport, duplex: null, aborts: {} };
    const patience = Math.min(MAX_PATIENCE, PATIENCE * (this.rounds + 1));
    this.links[id] = link;
    if (transport.open) {
      this.connect(id, link, patience);
    } else {
      this.session.attach(env.now(), id, transport.kind, patience);
      this.drain();
    }
  }

  private connect(id: number, link: Link, patience: number): void {
    const env = this.io.env;
    const session = this.session;
    let attached = false;
    const gone = (code: string): void => {
      env.cancel(waiting);
      if (attached) {
        session.lost(env.now(), id, code);
        this.drain();
      } else {
        this.unlink(id);
        this.lost(code, false);
      }
    };
    const waiting = env.later(() => gone(""), patience);
    const opened = (): void => {
      env.cancel(waiting);
      attached = true;
      session.attach(env.now(), id, "duplex", patience);
      this.drain();
    };
    const packet = (data: Data): void => {
      session.packet(env.now(), id, data);
      this.drain();
    };
    link.aborts["open"] = () => env.cancel(waiting);
    try {
      link.duplex = (link.transport.open as NonNullable<Transport["open"]>)(this.io, opened, packet, gone);
    } catch (_) {
      // As a WebSocket without TLS on a page with it.
      gone("");
    }
  }

  /** The session has no carrier. What comes next depends on why. */
  private lost(code: string, welcomed: boolean): void {
    const env = this.io.env;
    if (this.over()) {
      return;
    }
    const action = actionOf(code);
    let pause = 0;
    if (welcomed) {
      const stood = code === "end" || env.now() - this.carriedAt >= STOOD;
      if (code === "timeout") {
        this.distrust(this.round[this.at]);
      }
      this.plan();
      this.rounds = stood ? 0 : this.rounds + 1;
      pause = action === "backoff" || !stood ? this.pause() : 0;
    } else if (action === "backoff") {
      this.rounds++;
      pause = this.pause();
    } else if (action !== "attach" || code === "timeout" || this.hasty++ > 2) {
      // Silence would be silent again: something on the way swallows what is sent, or holds answers back.
      this.at++;
      if (this.at >= this.round.length) {
        this.rounds++;
        this.plan();
        pause = this.pause();
        this.listener.failing(code || "no_transport");
      }
    }
    if (this.rounds > this.limits.attempts) {
      this.session.abort("no_transport");
      this.drain();
    } else if (!this.over()) {
      this.retry = env.later(() => this.attempt(), pause);
    }
  }

  /** A stream that fell silent may be held back on the way, and only get through by the heap: what comes behind it is tried first. */
  private distrust(transport: Transport | undefined): void {
    for (let i = 1; i < this.usable.length; i++) {
      if (this.usable[i - 1] === transport && transport && transport.kind === "stream") {
        this.memory.best = (this.usable[i] as Transport).name;
      }
    }
  }

  private over(): boolean {
    return this.session.state === "ended";
  }

  private pause(): number {
    return backoff(this.rounds - 1, this.limits.delay, this.limits.maxDelay, this.io.env.random);
  }

  // ---- between session and transports

  private drain(): void {
    if (this.draining) {
      return;
    }
    this.draining = true;
    try {
      for (let output; (output = this.session.next(this.io.env.now())); ) {
        this.perform(output);
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
      this.unlink(output.carrier);
    } else if (output.type === "lost") {
      this.lost(output.code, output.welcomed);
    } else if (output.type === "opened" || output.type === "moved") {
      const link = this.links[output.carrier];
      this.carriedAt = this.io.env.now();
      this.hasty = 0;
      if (link) {
        this.memory.best = link.transport.name;
        listener.carried(link.transport.name, output.type === "opened" && output.resumed);
      }
    } else if (output.type === "suspended") {
      listener.suspended();
    } else if (output.type === "rejected") {
      listener.rejected(output.message);
    } else if (output.type === "farewell") {
      this.farewell(output.body);
    } else {
      this.end();
      listener.ended(output.code, output.reason, output.retry, output.unconfirmed);
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
    const line = (text: string): void => {
      this.session.answer(env.now(), request.id, text);
      this.drain();
    };
    const done = (failure: string | null): void => {
      over = true;
      delete link.aborts[request.id];
      if (failure === null) {
        this.session.answered(request.id);
      } else {
        this.session.failed(env.now(), request.id, failure);
      }
      this.drain();
    };
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
      this.session.line(env.now(), carrier, text);
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
    const next = this.session.nextTimeout();
    // One that is too early does no harm: it sets the next.
    if (next === null || (this.timer !== null && this.timerAt <= next)) {
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
    env.cancel(this.retry);
    this.retry = null;
    this.stopWatching();
    for (const id in this.links) {
      this.unlink(+id);
    }
  }
}
