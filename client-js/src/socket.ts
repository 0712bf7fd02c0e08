// One namespace of a session, as its user sees it.
import { utf8Length } from "./bytes.ts";
import { Emitter, type Handler } from "./emitter.ts";
import { failure, type EverwireError } from "./errors.ts";
import type { AckHandler, Answer, AnyEvents, CallArgs, EmitArgs, Listener, LocalEvents, Names } from "./events.ts";
import type { Message } from "./halves.ts";
import type { Auth } from "./options.ts";
import { encode, isArray, isObject, sizeOf, type Data, type Packet } from "./packet.ts";

/** What a socket needs of the session it belongs to. */
export interface Host {
  /** Puts the message behind all others. */
  push(message: Message): void;
  pushVolatile(data: Data): void;
  /** The largest message that is taken, and how many acks may be pending. */
  max(): number;
  acks(): number;
  /** Bytes that wait or are not confirmed. */
  queued(): number;
  later(run: () => void, ms: number): unknown;
  cancel(timer: unknown): void;
  /** Ends the session at once. */
  abort(code: string): void;
  open(socket: AnySocket): void;
  close(socket: AnySocket): void;
}

/** A socket whatever its events are. */
export type AnySocket = Socket<AnyEvents, AnyEvents>;

/** What `volatile` and `timeout` give. */
export interface Emits<Emit> {
  emit<E extends Names<Emit>>(event: E, ...args: EmitArgs<Emit, E>): void;
}

export interface Asks<Emit> extends Emits<Emit> {
  emitWithAck<E extends Names<Emit>>(event: E, ...args: CallArgs<Emit, E>): Promise<Answer<Emit, E>>;
}

const RESERVED = " connect connect_error disconnect disconnecting suspended resumed transport error ";
const MAX_QUEUED = 4194304;

interface Pending {
  done: AckHandler;
  timer: unknown;
}

/** `const socket = connect("/everwire"); socket.on("said", text => show(text)); socket.emit("say", "hello");` */
export class Socket<Listen extends object = AnyEvents, Emit extends object = AnyEvents> {
  /** From `connect` to `disconnect`: a session that is suspended is still connected. */
  connected = false;
  /** The server's name for this socket. */
  id: string | null = null;
  /** The transport in use, or null. */
  transport: string | null = null;
  recovered = false;
  /** Emits what is only worth having now: at most once, and not at all if it cannot be sent at once. */
  readonly volatile: Emits<Emit>;

  /** @internal Does the user want it connected? */
  wanted = false;
  /** @internal Has this session been asked for the namespace? */
  joined = false;
  /** @internal What was emitted before that. */
  waiting: Message[] = [];
  private waitingBytes = 0;
  private events = new Emitter();
  private pending: { [id: string]: Pending } = {};
  private pendingCount = 0;
  private lastId = 0;

  constructor(
    private host: Host,
    readonly namespace: string,
    public auth: Auth,
  ) {
    // In brackets: a reserved word of ES3.
    this["volatile"] = {
      emit: (event, ...args) => {
        const data = encodeEvent("v", namespace, null, event, args);
        if (sizeOf(data) > host.max()) {
          throw failure("too_large");
        }
        if (this.connected) {
          host.pushVolatile(data);
        }
      },
    };
  }

  on<E extends keyof LocalEvents>(event: E, handler: LocalEvents[E]): this;
  on<E extends Names<Listen>>(event: E, handler: Listener<Listen, E>): this;
  on(event: string, handler: Handler): this {
    this.events.on(event, handler);
    return this;
  }

  once<E extends keyof LocalEvents>(event: E, handler: LocalEvents[E]): this;
  once<E extends Names<Listen>>(event: E, handler: Listener<Listen, E>): this;
  once(event: string, handler: Handler): this {
    this.events.on(event, handler, true);
    return this;
  }

  /** Without a handler: all of that event; without an event: all. */
  off<E extends keyof LocalEvents>(event: E, handler?: LocalEvents[E]): this;
  off<E extends Names<Listen>>(event?: E, handler?: Listener<Listen, E>): this;
  off(event?: string, handler?: Handler): this {
    this.events.off(event, handler);
    return this;
  }

  /** Every event from the server, its name first. */
  onAny(handler: { bivariant(event: string, ...args: unknown[]): void }["bivariant"]): this {
    this.events.onAny(handler as Handler);
    return this;
  }

  offAny(handler?: { bivariant(event: string, ...args: unknown[]): void }["bivariant"]): this {
    this.events.offAny(handler as Handler);
    return this;
  }

  /**
   * Sends an event, once and in order, now or as soon as there is a connection. A function as last argument is the ack:
   * `(err, ...values)`. Throws an EverwireError if it cannot be sent at all.
   */
  emit<E extends Names<Emit>>(event: E, ...args: EmitArgs<Emit, E>): this {
    this.send(event, args, 0);
    return this;
  }

  /** Resolves to the first value of the answer. */
  emitWithAck<E extends Names<Emit>>(event: E, ...args: CallArgs<Emit, E>): Promise<Answer<Emit, E>> {
    return this.ask(event, args, 0) as Promise<Answer<Emit, E>>;
  }

  /** `socket.timeout(2000).emitWithAck("add", 1, 2)`: fails with `timeout` if there is no answer within so many milliseconds. */
  timeout(ms: number): Asks<Emit> {
    return {
      emit: (event, ...args) => {
        this.send(event, args, ms);
      },
      emitWithAck: <E extends Names<Emit>>(event: E, ...args: CallArgs<Emit, E>) =>
        this.ask(event, args, ms) as Promise<Answer<Emit, E>>,
    };
  }

  /** Connects again after the end. */
  connect(): this {
    this.host.open(this as unknown as AnySocket);
    return this;
  }

  /** Leaves the namespace, after what was emitted. The last one closes the session. */
  close(): this {
    this.host.close(this as unknown as AnySocket);
    return this;
  }

  // ---- for the host

  /** @internal */
  fire<E extends keyof LocalEvents>(event: E, ...args: Parameters<LocalEvents[E]>): void {
    this.events.fire(event, args, (error) => this.rethrow(error));
  }

  /** @internal A packet of this namespace. */
  take(packet: Packet): void {
    const body = packet.body;
    if (packet.type === "a" || packet.type === "x") {
      this.answered(packet);
    } else if (isArray(body)) {
      const name = body[0];
      const bad = nameError(name);
      if (bad) {
        this.refuse(packet, bad, "");
      } else {
        this.handle(packet, String(name), body.slice(1));
      }
    }
  }

  /** @internal */
  refuse(packet: Packet, code: string, message: string): void {
    if (packet.type === "e") {
      const body = packet.body as unknown[];
      const event = typeof body[0] === "string" ? body[0].slice(0, 128) : undefined;
      this.post("x", packet.id, { code, event, message: message || undefined });
    }
  }

  /** @internal The namespace, or the whole session, is over. */
  end(code: string, reason: string, unconfirmed: number): void {
    const was = this.connected;
    this.connected = this.recovered = this.joined = false;
    this.id = this.transport = null;
    const pending = this.pending;
    this.pending = {};
    this.pendingCount = 0;
    for (const id in pending) {
      const one = pending[id] as Pending;
      this.host.cancel(one.timer);
      this.call(one.done, failure("session_ended"), []);
    }
    // One that was never connected may have lost events, too.
    if (was || unconfirmed) {
      this.fire("disconnect", { code, reason, unconfirmed });
    }
  }

  /** @internal The namespace has been asked for: what has waited goes behind. */
  release(): void {
    const waiting = this.waiting;
    this.joined = true;
    this.waiting = [];
    this.waitingBytes = 0;
    for (let i = 0; i < waiting.length; i++) {
      this.host.push(waiting[i] as Message);
    }
  }

  /** @internal The server would not take this message. */
  rejected(message: Message): void {
    const pending = message.id === null ? null : this.settle(message.id);
    if (pending) {
      this.call(pending.done, failure("too_large"), []);
    } else {
      this.fire("error", { code: "too_large", event: null, message: "" });
    }
  }

  // ---- going out

  private ask(event: string, args: unknown[], ms: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const done: AckHandler = (error, value) => (error ? reject(error) : resolve(value));
      this.send(event, args.concat(done), ms);
    });
  }

  private send(event: string, args: unknown[], ms: number): void {
    const done = args[args.length - 1];
    if (typeof done !== "function") {
      this.post("e", null, undefined, event, args);
      return;
    }
    if (this.pendingCount >= this.host.acks()) {
      throw failure("pending_acks");
    }
    const id = ++this.lastId;
    this.post("e", id, undefined, event, args.slice(0, -1));
    this.pendingCount++;
    this.pending[id] = {
      done: done as AckHandler,
      timer: ms
        ? this.host.later(() => {
            this.settle(id);
            this.call(done as AckHandler, failure("timeout"), []);
          }, ms)
        : null,
    };
  }

  private post(type: string, id: number | null, body: unknown, event?: unknown, args?: unknown[]): void {
    const data = args ? encodeEvent(type, this.namespace, id, event, args) : encode(type, this.namespace, id, body);
    const size = sizeOf(data);
    const queued = size + this.waitingBytes + this.host.queued();
    // An error report comes from no call that could fail.
    if (type !== "x" && size > this.host.max()) {
      throw failure("too_large");
    }
    if (type === "e" && queued > MAX_QUEUED) {
      throw failure("buffer_full");
    }
    if (queued > 2 * MAX_QUEUED) {
      // Answers do not wait for room; a server that asks on and on without confirming any is not served for ever.
      this.host.abort("buffer_full");
      return;
    }
    const message = { namespace: this.namespace, data, size, credited: type === "e", id };
    if (this.joined) {
      this.host.push(message);
    } else if (type === "e") {
      this.waiting.push(message);
      this.waitingBytes += size;
    }
  }

  // ---- coming in

  private handle(packet: Packet, event: string, args: unknown[]): void {
    const id = packet.type === "e" ? packet.id : null;
    let open = id !== null;
    if (open) {
      args.push((...values: unknown[]) => {
        if (open) {
          this.post("a", id, values);
          open = false;
        }
      });
    }
    const thrown = (error: unknown): void => {
      if (open) {
        open = false;
        this.post("x", id, { code: "handler_error", event });
      }
      this.rethrow(error);
    };
    if (!this.events.fire(event, args, thrown, true) && open) {
      open = false;
      this.post("x", id, { code: "no_handler", event });
    }
  }

  private answered(packet: Packet): void {
    const body = packet.body;
    const pending = packet.id === null ? null : this.settle(packet.id);
    if (packet.type === "a") {
      if (pending) {
        this.call(pending.done, null, body as unknown[]);
      }
    } else if (isObject(body)) {
      const code = String(body["code"]);
      const message = typeof body["message"] === "string" ? body["message"] : "";
      if (pending) {
        this.call(pending.done, failure(code, message), []);
      } else if (packet.id === null) {
        this.fire("error", { code, event: typeof body["event"] === "string" ? body["event"] : null, message });
      }
    }
  }

  private settle(id: number): Pending | null {
    const pending = this.pending[id];
    if (!pending) {
      return null;
    }
    delete this.pending[id];
    this.pendingCount--;
    this.host.cancel(pending.timer);
    return pending;
  }

  private call(done: AckHandler, error: EverwireError | null, values: unknown[]): void {
    try {
      done.apply(undefined, [error, ...values]);
    } catch (thrown) {
      this.rethrow(thrown);
    }
  }

  /** An error of the user's code is the user's: it appears as uncaught, and hurts nothing here. */
  private rethrow(error: unknown): void {
    this.host.later(() => {
      throw error;
    }, 0);
  }
}

function encodeEvent(type: string, namespace: string, id: number | null, event: unknown, args: unknown[]): Data {
  const bad = nameError(event);
  if (bad) {
    throw failure(bad, String(event));
  }
  return encode(type, namespace, id, [event].concat(args));
}

function nameError(name: unknown): string | null {
  return typeof name !== "string" || !name || utf8Length(name) > 128
    ? "bad_event"
    : RESERVED.indexOf(" " + name + " ") >= 0
      ? "reserved_event"
      : null;
}
