// One namespace of a session, as its user sees it.
import { textOr } from "./codes.ts";
import type { Driver } from "./driver.ts";
import { ANY, createEmitter, type Handler } from "./emitter.ts";
import { failure, type EverwireError } from "./errors.ts";
import type { AckHandler, Answer, AnyEvents, CallArgs, EmitArgs, Listener, LocalEvents, Names, RemoteError } from "./events.ts";
import type { Auth } from "./options.ts";
import { encode, type Packet } from "./packet.ts";
import { messageOf } from "./session/halves.ts";
import { LIMITS, type Message, type Session } from "./session/state.ts";

/** What `volatile` gives. */
export interface Emits<Emit> {
  /** As `emit` of the socket, without an ack. */
  emit<E extends Names<Emit>>(event: E, ...args: CallArgs<Emit, E>): void;
}

/** What `timeout` gives. */
export interface Asks<Emit> {
  /** As `emit` of the socket. */
  emit<E extends Names<Emit>>(event: E, ...args: EmitArgs<Emit, E>): void;
  /** As `emitWithAck` of the socket. */
  emitWithAck<E extends Names<Emit>>(event: E, ...args: CallArgs<Emit, E>): Promise<Answer<Emit, E>>;
}

type AnyHandler = { bivariant(event: string, ...args: unknown[]): void }["bivariant"];

/** `const socket = connect("/everwire"); socket.on("said", text => show(text)); socket.emit("say", "hello");` */
export interface Socket<Listen extends object = AnyEvents, Emit extends object = AnyEvents> {
  /** As in the options. */
  readonly namespace: string;
  /** From `connect` to `disconnect`: a session that is suspended is still connected. */
  connected: boolean;
  /** The server's name for this socket. */
  id: string | null;
  /** The transport in use, or null. */
  transport: string | null;
  /** For those who come from Socket.IO, and never true: a session that has survived fires `resumed`. */
  recovered: boolean;
  /** As in the options; can be set anew before `connect()`. */
  auth: Auth;
  /** Emits what is only worth having now: at most once, and not at all if it cannot be sent at once. */
  readonly volatile: Emits<Emit>;

  /** Calls the handler at each of the socket's own events of this name. */
  on<E extends keyof LocalEvents>(event: E, handler: LocalEvents[E]): this;
  /** Calls the handler at each event of this name from the server. If the server waits for an ack, the last argument is the function that gives it. */
  on<E extends Names<Listen>>(event: E, handler: Listener<Listen, E>): this;

  /** As `on`, for the next one only. */
  once<E extends keyof LocalEvents>(event: E, handler: LocalEvents[E]): this;
  /** As `on`, for the next one only. */
  once<E extends Names<Listen>>(event: E, handler: Listener<Listen, E>): this;

  /** Without a handler: all of that event; without an event: all. */
  off<E extends keyof LocalEvents>(event: E, handler?: LocalEvents[E]): this;
  /** Without a handler: all of that event; without an event: all. */
  off<E extends Names<Listen>>(event?: E, handler?: Listener<Listen, E>): this;

  /** Every event from the server, its name first. */
  onAny(handler: AnyHandler): this;
  /** Without a handler: all that were given to `onAny`. */
  offAny(handler?: AnyHandler): this;

  /**
   * Sends an event, once and in order, now or as soon as there is a connection. A function as last argument is the ack:
   * `(err, ...values)`. Throws an EverwireError if it cannot be sent at all.
   */
  emit<E extends Names<Emit>>(event: E, ...args: EmitArgs<Emit, E>): this;

  /** Resolves to the first value of the answer. */
  emitWithAck<E extends Names<Emit>>(event: E, ...args: CallArgs<Emit, E>): Promise<Answer<Emit, E>>;

  /** Bytes that were emitted and the server has not confirmed, in all namespaces of the session: above 4 MiB `emit` throws `buffer_full`. */
  bufferedBytes(): number;

  /**
   * Resolves when all that was emitted has been sent: none of it waits for a connection, or because the server's handlers are behind. `if (socket.bufferedBytes() > 1e6) { await
   * socket.drained(); }` is as fast as they are.
   */
  drained(): Promise<void>;

  /** `socket.timeout(2000).emitWithAck("add", 1, 2)`: fails with `timeout` if there is no answer within so many milliseconds. */
  timeout(ms: number): Asks<Emit>;

  /** Connects again after the end. */
  connect(): this;

  /** Leaves the namespace, after what was emitted. The last one closes the session. */
  close(): this;
}

/** A socket whatever its events are, with what the client needs of it. */
export interface AnySocket extends Socket {
  /** Does the user want it connected? */
  _wanted: boolean;
  /** Has this session been asked for the namespace? */
  _joined: boolean;
  _fire<E extends keyof LocalEvents>(event: E, ...args: Parameters<LocalEvents[E]>): void;
  /** A packet of this namespace. */
  _take(packet: Packet): void;
  /** The namespace, or the whole session, is over. */
  _end(code: string, reason: string, unconfirmed: number): void;
  /** Something may have been sent. */
  _drain(): void;
  /** The namespace has been asked for: what has waited goes behind. */
  _release(): void;
}

type Known = Pick<Session, "_limits" | "_bytes" | "_log" | "_sent" | "_base">;

/** What holds before there is a session. */
const UNKNOWN: Known = { _limits: LIMITS, _bytes: 0, _log: [], _sent: 0, _base: 0 };

/** What a socket needs of the session it belongs to. */
export interface Host {
  /** Of the session that there is, or will be. */
  _driver(): Driver | null;
  _open(socket: AnySocket): void;
  _close(socket: AnySocket): void;
  /** Acks that its sockets wait for. */
  _acks: number;
}

const MAX_QUEUED = 4194304;

export function createSocket(host: Host, namespace: string, auth: Auth): AnySocket {
  const driverOf = host._driver;
  const events = createEmitter();
  let pending: { [id: string]: Handler } = {};
  let lastId = 0;
  /** What was emitted before the namespace was asked for. */
  let waiting: Message[] = [];
  let waitingBytes = 0;
  const draining: (() => void)[] = [];

  // ---- going out

  const sessionOf = (): Known => (driverOf() || { _session: UNKNOWN })._session;

  const post = (type: string, id: number | null, body: unknown): void => {
    const event = type === "e";
    const driver = driverOf();
    const session = sessionOf();
    const message = messageOf(namespace, encode(type, namespace, id, body), event);
    const size = message._size;
    const queued = size + socket.bufferedBytes();
    // An error report comes from no call that could fail.
    if (type !== "x" && size > session._limits["max"]) {
      throw failure("too_large");
    }
    if (type === "v") {
      if (driver && socket.connected) {
        driver._pushVolatile(message._data);
      }
    } else if (event && queued > MAX_QUEUED) {
      throw failure("buffer_full");
    } else if (!driver || !socket._joined) {
      if (event) {
        waiting.push(message);
        waitingBytes += size;
      }
    } else {
      driver._push(message);
    }
  };

  const send = (event: unknown, args: unknown[], ms?: number, type = "e"): void => {
    const done = args[args.length - 1];
    if (type === "v" || typeof done !== "function") {
      post(type, null, [event].concat(args));
      return;
    }
    if (host._acks >= sessionOf()._limits["acks"]) {
      throw failure("pending_acks");
    }
    const id = ++lastId;
    post("e", id, [event].concat(args.slice(0, -1)));
    host._acks++;
    const timer = ms && setTimeout(() => settle(id, failure("timeout")), ms);
    pending[id] = (...answer) => {
      host._acks--;
      clearTimeout(timer as number);
      try {
        (done as Handler).apply(undefined, answer);
      } catch (thrown) {
        rethrow(thrown);
      }
    };
  };

  const ask = (event: string, args: unknown[], ms?: number): Promise<never> =>
    new Promise((resolve, reject) => {
      const done: AckHandler = (error, value) => (error ? reject(error) : resolve(value as never));
      send(event, args.concat(done), ms);
    });

  // ---- coming in

  /** False if nobody waits for this answer. */
  const settle = (id: number | null, error: EverwireError | null, values: unknown[] = []): boolean => {
    const done = pending[id as number];
    delete pending[id as number];
    if (done) {
      done.apply(undefined, [error as unknown].concat(values));
    }
    return !!done;
  };

  const handle = (packet: Packet, event: string, args: unknown[]): void => {
    const { _type: type, _id: id } = packet;
    let open = type === "e" && id !== null;
    const fail = (code: string): void => {
      if (open) {
        open = false;
        // Which event is known by its id; a name from a server may be one that cannot be said.
        post("x", id, { code });
      }
    };
    const thrown = (error: unknown): void => {
      fail("handler_error");
      rethrow(error);
    };
    if (open) {
      args.push((...values: unknown[]) => {
        if (open) {
          post("a", id, values);
          open = false;
        }
      });
    }
    if (typeof event !== "string") {
      fail("bad_event");
      return;
    }
    events._fire(ANY, [event].concat(args as string[]), thrown);
    if (!events._fire(event, args, thrown)) {
      fail("no_handler");
    }
  };

  const on = (place: string | null, handler: Handler, once?: boolean): AnySocket => {
    events._on(place, handler, once);
    return socket;
  };

  const off = (place?: string | null, handler?: Handler): AnySocket => {
    events._off(place, handler);
    return socket;
  };

  const socket = {
    namespace,
    auth,
    connected: false,
    id: null,
    transport: null,
    recovered: false,
    // In quotes: a reserved word of ES3.
    "volatile": {
      emit: (event, ...args) => send(event, args, 0, "v"),
    },
    on,
    once: (event: string, handler: Handler) => on(event, handler, true),
    off,
    onAny: (handler: Handler) => on(ANY, handler),
    offAny: (handler?: Handler) => off(ANY, handler),
    emit(event, ...args) {
      send(event, args);
      return socket;
    },
    emitWithAck: (event, ...args) => ask(event, args),
    bufferedBytes: () => waitingBytes + sessionOf()._bytes,
    drained: () =>
      new Promise((resolve) => {
        draining.push(resolve);
        socket._drain();
      }),
    timeout: (ms) => ({
      emit: (event, ...args) => send(event, args, ms),
      emitWithAck: (event, ...args) => ask(event, args, ms),
    }),
    connect() {
      host._open(socket);
      return socket;
    },
    close() {
      host._close(socket);
      return socket;
    },

    _wanted: false,
    _joined: false,
    _fire: (event, ...args) => void events._fire(event, args, rethrow),
    _take(packet) {
      const { _type: type, _id: id } = packet;
      const body = packet._body || {};
      if (type === "a") {
        settle(id, null, body as unknown[]);
      } else if (type === "x") {
        const { event = null } = body as RemoteError;
        const code = textOr("bad_data", (body as RemoteError).code);
        const message = textOr("", (body as RemoteError).message);
        if (!settle(id, failure(code, message)) && id === null) {
          socket._fire("error", { code, event, message });
        }
      } else {
        const args = ([] as unknown[]).concat(body);
        handle(packet, args.shift() as string, args);
      }
    },
    _end(code, reason, unconfirmed) {
      const was = socket.connected;
      const failed = pending;
      socket.connected = socket.recovered = socket._joined = false;
      socket.id = socket.transport = null;
      pending = {};
      for (const id in failed) {
        (failed[id] as Handler)(failure("session_ended"));
      }
      // One that was never connected may have lost events, too.
      if (was || unconfirmed) {
        socket._fire("disconnect", { code, reason, unconfirmed });
      }
      socket._drain();
    },
    _drain() {
      const { _log: log, _sent: sent, _base: base } = sessionOf();
      if (!waitingBytes && !log[sent - base]) {
        for (const done of draining.splice(0)) {
          done();
        }
      }
    },
    _release() {
      socket._joined = true;
      for (const message of waiting) {
        (driverOf() as Driver)._push(message);
      }
      waiting = [];
      waitingBytes = 0;
    },
  } as AnySocket;
  return socket;
}

/** An error of the user's code is the user's: it appears as uncaught, and hurts nothing here. */
function rethrow(error: unknown): void {
  setTimeout(() => {
    throw error;
  }, 0);
}
