// connect(), and what the namespaces of one URL share: a session, and a new one when that has ended.
import { backoff } from "./backoff.ts";
import { actionOf } from "./codes.ts";
import { Driver, type Listener } from "./driver.ts";
import { without } from "./emitter.ts";
import { environment, type Env } from "./env/index.ts";
import { failure } from "./errors.ts";
import type { AnyEvents } from "./events.ts";
import type { Message } from "./halves.ts";
import type { Options, Reconnection } from "./options.ts";
import { encode, isObject, sizeOf, type Data, type Packet } from "./packet.ts";
import { probe } from "./trial.ts";
import { Socket, type AnySocket, type Host } from "./socket.ts";
import { transports, type Io, type Transport } from "./transports/index.ts";

/**
 * Connects to a namespace of a server. Several namespaces of one URL share a session.
 *
 * ```js
 * const socket = connect("https://example.com/everwire");
 * socket.on("said", text => show(text));
 * socket.emit("say", "hello");
 * ```
 */
export function connect<Listen extends object = AnyEvents, Emit extends object = AnyEvents>(
  url?: string,
  options?: Options,
): Socket<Listen, Emit> {
  const given = options || {};
  const env = environment(given);
  const io = { env, url: resolve(url || "", given.path || "/everwire", env), options: given };
  const namespace = given.namespace || "/";
  let client = given.multiplex === false ? null : shared(io, namespace);
  if (!client) {
    client = new Client(io);
  }
  const socket = new Socket(client, namespace, given.auth);
  client.open(socket);
  return socket as unknown as Socket<Listen, Emit>;
}

/** Those that have a session, or want one. */
let clients: Client[] = [];

/** A session's second socket of the same namespace would be the first one: that one gets a session of its own. */
function shared(io: Io, namespace: string): Client | null {
  for (let i = 0; i < clients.length; i++) {
    const client = clients[i] as Client;
    if (client.suits(io) && !client.socketOf(namespace)) {
      return client;
    }
  }
  return null;
}

class Client implements Host {
  private sockets: AnySocket[] = [];
  private driver: Driver | null = null;
  private starting = false;
  private timer: unknown = null;
  private tries = 0;
  private openedAt = 0;
  private name: string | null = null;
  private env: Env;
  private limits: Required<Reconnection>;

  constructor(private io: Io) {
    const wanted = io.options.reconnection;
    const limits = wanted || {};
    this.env = io.env;
    this.limits = {
      attempts: wanted === false ? 0 : limits.attempts === undefined ? Infinity : limits.attempts,
      delay: limits.delay || 500,
      maxDelay: limits.maxDelay || 10000,
    };
  }

  suits(io: Io): boolean {
    const mine = this.io.options;
    const other = io.options;
    return (
      mine.multiplex !== false &&
      this.io.url === io.url &&
      String(mine.transports) === String(other.transports) &&
      !mine.withCredentials === !other.withCredentials &&
      JSON.stringify(mine.extraHeaders) === JSON.stringify(other.extraHeaders) &&
      mine.WebSocket === other.WebSocket &&
      mine.fetch === other.fetch &&
      mine.EventSource === other.EventSource &&
      mine.memory === other.memory
    );
  }

  socketOf(namespace: string): AnySocket | null {
    for (let i = 0; i < this.sockets.length; i++) {
      if ((this.sockets[i] as AnySocket).namespace === namespace) {
        return this.sockets[i] as AnySocket;
      }
    }
    return null;
  }

  // ---- what sockets ask for

  open(socket: AnySocket): void {
    if (socket.wanted) {
      return;
    }
    const other = this.socketOf(socket.namespace);
    if (other && other !== socket) {
      throw failure("bad_data", "another socket has this namespace");
    }
    if (!other) {
      this.sockets.push(socket);
    }
    clients = without(clients, (one) => one === this).concat(this);
    socket.wanted = true;
    if (this.driver) {
      this.join(this.driver, socket, () => {});
    } else if (this.timer === null) {
      this.start();
    }
  }

  close(socket: AnySocket): void {
    const driver = this.driver;
    if (!socket.wanted) {
      return;
    }
    if (driver && socket.joined) {
      this.push(control("l", socket.namespace, { code: "client_disconnect" }));
    }
    this.forget(socket);
    socket.end("client_disconnect", "", driver ? countEvents(driver.session.send.log, socket.namespace) : 0);
  }

  push(message: Message): void {
    if (this.driver) {
      this.driver.session.push(message);
      this.driver.flush();
    }
  }

  pushVolatile(data: Data): void {
    if (this.driver) {
      this.driver.pushVolatile(data);
    }
  }

  max(): number {
    return this.driver ? this.driver.session.max : Infinity;
  }

  acks(): number {
    return this.driver ? this.driver.session.acks : 1000;
  }

  queued(): number {
    return this.driver ? this.driver.session.send.bytes : 0;
  }

  abort(code: string): void {
    if (this.driver) {
      this.driver.session.abort(code);
      this.driver.flush();
    }
  }

  later(run: () => void, ms: number): unknown {
    return this.env.later(run, ms);
  }

  cancel(timer: unknown): void {
    this.env.cancel(timer);
  }

  // ---- sessions

  /** Opens a session once this turn is over, so that handlers and events of the same turn are part of it. */
  private start(): void {
    if (!this.starting) {
      this.starting = true;
      this.env.soon(() => {
        this.starting = false;
        if (this.sockets.length && !this.driver) {
          this.openSession();
        }
      });
    }
  }

  private openSession(): void {
    const current = (): boolean => this.driver === driver;
    const driver: Driver = new Driver(this.io, usable(this.io), this.limits, this.listener(current), probe);
    this.driver = driver;
    this.name = null;
    const sockets = this.sockets.slice();
    // One flight opens the session and its namespaces, so all auths have to be there.
    let missing = sockets.length;
    for (let i = 0; i < sockets.length; i++) {
      this.join(driver, sockets[i] as AnySocket, () => {
        if (!--missing && this.driver === driver) {
          driver.start();
        }
      });
    }
  }

  /** Asks for the socket's auth, then for its namespace. */
  private join(driver: Driver, socket: AnySocket, then: () => void): void {
    const answer = (auth: unknown): void => {
      if (this.driver === driver && socket.wanted && !socket.joined) {
        this.push(control("c", socket.namespace, auth));
        socket.transport = this.name;
        socket.release();
      }
      then();
    };
    const fail = (error: unknown): void => {
      this.refuse(socket, "auth", error instanceof Error ? error.message : String(error), undefined);
      then();
    };
    ask(socket.auth, answer, fail);
  }

  private refuse(socket: AnySocket, code: string, message: string, data: unknown): void {
    this.forget(socket);
    socket.end(code, "", 0);
    socket.fire("connect_error", failure(code, message, data));
  }

  /** The socket is not wanted any more; without any, the session is not. */
  private forget(socket: AnySocket): void {
    socket.wanted = false;
    this.sockets = without(this.sockets, (one) => one === socket);
    if (!this.sockets.length) {
      const driver = this.driver;
      this.driver = null;
      this.env.cancel(this.timer);
      this.timer = null;
      clients = without(clients, (one) => one === this);
      if (driver) {
        driver.close("client_disconnect");
      }
    }
  }

  /** `current` says whether this is still the session of its sockets, or one that only ends in peace. */
  private listener(current: () => boolean): Listener {
    const each = (tell: (socket: AnySocket) => void): void => {
      const sockets = current() ? this.sockets.slice() : [];
      for (let i = 0; i < sockets.length; i++) {
        const socket = sockets[i] as AnySocket;
        if (socket.joined) {
          tell(socket);
        }
      }
    };
    return {
      deliver: (packet) => {
        if (current()) {
          this.deliver(packet);
        }
      },
      carried: (name, resumed) => {
        const changed = this.name !== name;
        this.name = name;
        this.openedAt = this.openedAt || this.env.now();
        each((socket) => {
          socket.transport = name;
          if (resumed) {
            socket.fire("resumed");
          }
          if (changed) {
            socket.fire("transport", name);
          }
        });
      },
      suspended: () =>
        each((socket) => {
          socket.transport = null;
          socket.fire("suspended");
        }),
      rejected: (message) => {
        const socket = current() ? this.socketOf(message.namespace) : null;
        if (socket) {
          socket.rejected(message);
        }
      },
      failing: (code) =>
        each((socket) => {
          if (!socket.connected) {
            socket.fire("connect_error", failure(code, "no transport works"));
          }
        }),
      ended: (code, reason, retry, unconfirmed) => {
        if (current()) {
          this.ended(code, reason, retry, unconfirmed);
        }
      },
    };
  }

  private deliver(packet: Packet): void {
    const socket = this.socketOf(packet.namespace);
    const body = isObject(packet.body) ? packet.body : {};
    if (!socket || !socket.joined) {
      if (packet.type === "e") {
        this.push(control("x", packet.namespace, { code: "unknown_namespace" }, packet.id));
      }
    } else if (packet.type === "o") {
      socket.id = String(body["id"]);
      socket.connected = true;
      socket.fire("connect", { recovered: false });
    } else if (packet.type === "d") {
      this.refuse(socket, "denied", String(body["message"]), body["data"]);
    } else if (packet.type === "l") {
      this.forget(socket);
      socket.end(String(body["code"]), String(body["reason"] || ""), 0);
    } else {
      socket.take(packet);
    }
  }

  private ended(code: string, reason: string, retry: number, unconfirmed: Message[]): void {
    const action = actionOf(code);
    const over = action === "never" || code === "no_transport" || this.limits.attempts === 0;
    const sockets = this.sockets.slice();
    const stood = this.openedAt && this.env.now() - this.openedAt > 1000;
    const opened = this.openedAt;
    this.driver = null;
    this.openedAt = 0;
    for (let i = 0; i < sockets.length; i++) {
      const socket = sockets[i] as AnySocket;
      const connected = socket.connected;
      if (over) {
        this.forget(socket);
      }
      socket.end(code, reason, countEvents(unconfirmed, socket.namespace));
      if (!connected && (over || !opened)) {
        socket.fire("connect_error", failure(code, reason));
      }
    }
    if (over || !this.sockets.length || this.driver || this.timer !== null) {
      return;
    }
    this.tries = stood ? 0 : this.tries + 1;
    if (action === "open" && stood) {
      this.start();
    } else {
      const pause = backoff(this.tries, this.limits.delay, this.limits.maxDelay, this.env.random);
      this.timer = this.env.later(() => {
        this.timer = null;
        this.start();
      }, Math.max(retry, pause));
    }
  }
}

function control(type: string, namespace: string, body: unknown, id: number | null = null): Message {
  const data = encode(type, namespace, id, body);
  return { namespace, data, size: sizeOf(data), credited: false, id: null };
}

function countEvents(log: Message[], namespace: string): number {
  let events = 0;
  for (let i = 0; i < log.length; i++) {
    const message = log[i] as Message;
    events += message.credited && message.namespace === namespace ? 1 : 0;
  }
  return events;
}

/** An auth may be a value, a function that gives one or a promise, or one that calls back. */
function ask(auth: unknown, answer: (value: unknown) => void, fail: (error: unknown) => void): void {
  if (typeof auth !== "function") {
    answer(auth);
    return;
  }
  let open = true;
  const once = (run: (value: unknown) => void) => (value: unknown) => {
    if (open) {
      open = false;
      run(value);
    }
  };
  try {
    const value: unknown = auth(once(answer));
    if (isObject(value) && typeof value["then"] === "function") {
      (value as unknown as PromiseLike<unknown>).then(once(answer), once(fail));
    } else if (value !== undefined || !auth.length) {
      once(answer)(value);
    }
  } catch (error) {
    once(fail)(error);
  }
}

function usable(io: Io): Transport[] {
  const names = io.options.transports;
  const chosen: Transport[] = [];
  const wanted = names || [];
  for (let n = 0; n < (names ? wanted.length : 1); n++) {
    for (let i = 0; i < transports.length; i++) {
      const transport = transports[i] as Transport;
      if ((names ? wanted[n] === transport.name : transport.name !== "jsonp") && transport.enabled(io)) {
        chosen.push(transport);
      }
    }
  }
  return chosen;
}

/** The mount as an absolute HTTP URL without a slash at the end. */
export function resolve(url: string, path: string, env: Env): string {
  const parts = /^(?:(?:http|ws)(s?):)?(?:\/\/([^/?#]+))?([^?#]*)/i.exec(url) as RegExpExecArray;
  const here = env.root.location;
  const secure = /^\w+:/.test(url) ? parts[1] : here && here.protocol === "https:" ? "s" : "";
  const host = parts[2] || (here && here.host);
  if (!host) {
    throw failure("bad_data", "the URL needs a host here: " + url);
  }
  const mount = (parts[3] as string).replace(/\/+$/, "") || path;
  return "http" + secure + "://" + host + (mount.charAt(0) === "/" ? "" : "/") + mount.replace(/\/+$/, "");
}
