// What the namespaces of one URL share: a session, and a new one when that has ended.
import { backoff } from "./backoff.ts";
import { NEVER, OPEN, textOr, thenOf } from "./codes.ts";
import { createDriver, type Driver } from "./driver.ts";
import { later, now, soon } from "./env/index.ts";
import { platform } from "./env/platform.ts";
import { failure } from "./errors.ts";
import type { Kit } from "./kit.ts";
import { filter, find, without } from "./lists.ts";
import type { AnyOptions } from "./options.ts";
import { encode, withBinary, type Binary, type Packet } from "./packet.ts";
import { messageOf } from "./session/halves.ts";
import type { Limits } from "./plan.ts";
import type { Message } from "./session/state.ts";
import { createSocket, type AnySocket, type Host } from "./socket.ts";
import type { Io } from "./transports/transport.ts";

interface Client extends Host {
  _io: Io;
  _socketOf(namespace: string): AnySocket | undefined;
}

/** Those that have a session, or want one. */
let clients: Client[] = [];

/** A session's second socket of the same namespace would be the first one: that one gets a session of its own. */
export function open(kit: Kit, url: string | undefined, options: AnyOptions | undefined): AnySocket {
  const given = options || {};
  const namespace = given.namespace || "/";
  const io = createIo(kit, url, given);
  withBinary(kit._binary || (given.binary as unknown as Binary | undefined));
  const client = find(clients, (one) => suits(one._io, io) && !one._socketOf(namespace)) || createClient(io);
  const socket = createSocket(client, namespace, given.auth);
  client._open(socket);
  return socket;
}

/** Where it connects to, and by what. Throws if that is no URL, as one without a host where there is no page. */
export function createIo(kit: Kit, url = "", options: AnyOptions = {}): Io {
  const path = options.path || "/everwire";
  const place = url || path;
  const { protocol, host, pathname } = platform._locate(place);
  const mount = pathname.replace(/\/+$/, "") || path;
  return { _kit: kit, _url: protocol.replace("ws", "http") + "//" + host + mount, _options: options };
}

/** Options of one session are those of its first socket: who wants others says that it is not to be shared. */
function suits(mine: Io, other: Io): boolean {
  return mine._options.multiplex !== false && other._options.multiplex !== false && mine._kit === other._kit && mine._url === other._url;
}

function createClient(io: Io): Client {
  const { reconnection } = io._options;
  const { attempts = Infinity, delay = 500, maxDelay = 10000 } = reconnection === false ? { attempts: 0 } : reconnection || {};
  const limits: Limits = { _attempts: attempts, _pause: (tries) => backoff(tries, delay, maxDelay, Math.random) };
  let sockets: AnySocket[] = [];
  let driver: Driver | null = null;
  let timer: unknown = null;
  let tries = 0;
  let openedAt = 0;
  let name: string | null = null;

  const socketOf = (namespace: string): AnySocket | undefined => find(sockets, (one) => one.namespace === namespace);

  const driverOf = (): Driver | null => driver;

  const control = (type: string, namespace: string, body: unknown, id: number | null = null): void => {
    if (driver) {
      driver._push(messageOf(namespace, encode(type, namespace, id, body), false));
    }
  };

  /** Opens a session, unless there is one by then. */
  const start = (): void => {
    timer = null;
    if (sockets.length && !driver) {
      openSession();
    }
  };

  const openSession = (): void => {
    const each = (tell: (socket: AnySocket) => void): void => {
      for (const socket of sockets) {
        if (socket._joined) {
          tell(socket);
        }
      }
    };
    const mine: Driver = createDriver(io, filter(io._kit._choose(io._options.transports), (way) => way._enabled(io)), limits, {
      _deliver: deliver,
      _carried(carrier, resumed) {
        const changed = name !== carrier;
        name = carrier;
        openedAt = openedAt || now();
        each((socket) => {
          socket.transport = carrier;
          if (resumed) {
            socket._fire("resumed");
          }
          if (changed) {
            socket._fire("transport", carrier);
          }
        });
      },
      _suspended: () =>
        each((socket) => {
          socket.transport = null;
          socket._fire("suspended");
        }),
      _sent: () => each((socket) => socket._drain()),
      _failing: (code) =>
        each((socket) => {
          if (!socket.connected) {
            socket._fire("connect_error", failure(code || "no_transport", "no transport works"));
          }
        }),
      _ended: ended,
    }, true);
    const joining = sockets;
    // One flight opens the session and its namespaces, so all auths have to be there.
    let missing = joining.length;
    driver = mine;
    name = null;
    for (const socket of joining) {
      join(socket, () => {
        if (!--missing && driver === mine) {
          mine._start();
        }
      });
    }
  };

  /** Asks for the socket's auth, then for its namespace; or says it again with fresh auth. */
  const join = (socket: AnySocket, then?: () => void): void => {
    const mine = driver;
    platform._promise(
      (done) => ask(socket.auth, done),
      (auth) => {
        if (driver === mine && socket._wanted) {
          control("c", socket.namespace, auth);
          if (!socket._joined) {
            socket.transport = name;
            socket._release();
          }
        }
      },
      (error) => {
        // What there is holds until the server ends it: then it is asked for again.
        if (!socket._joined) {
          refuse(socket, "auth", String((error && (error as Error).message) || error));
        }
      },
      then,
    );
  };

  const refuse = (socket: AnySocket, code: string, message: string, data?: unknown): void => {
    forget(socket);
    socket._end(code, message, 0);
    socket._fire("connect_error", failure(code, message, data));
  };

  /** The socket is not wanted any more; without any, the session is not. */
  const forget = (socket: AnySocket): void => {
    socket._wanted = false;
    sockets = without(sockets, socket);
    if (!sockets.length) {
      const last = driver;
      driver = null;
      clearTimeout(timer as number);
      timer = null;
      clients = without(clients, client);
      if (last) {
        last._close("client_disconnect");
      }
    }
  };

  const deliver = (packet: Packet): void => {
    const { _type: type, _namespace: namespace } = packet;
    const socket = socketOf(namespace);
    const body = (packet._body || {}) as { [key: string]: unknown };
    if (!socket || !socket._joined) {
      if (type === "e") {
        control("x", namespace, { code: "unknown_namespace" }, packet._id);
      }
    } else if (type === "o") {
      socket.id = body["id"] as string;
      if (!socket.connected) {
        socket.connected = true;
        socket._fire("connect", { recovered: false });
      }
    } else if (type === "q") {
      join(socket);
    } else if (type === "d") {
      refuse(socket, "denied", textOr("", body["message"]), body["data"]);
    } else if (type === "l") {
      forget(socket);
      socket._end(textOr("server_disconnect", body["code"]), textOr("", body["reason"]), 0);
    } else {
      socket._take(packet);
    }
  };

  const ended = (code: string, reason: string, retry: number, unconfirmed: Message[]): void => {
    const then = thenOf(code);
    const over = then === NEVER || code === "no_transport" || !attempts;
    const opened = openedAt;
    const stood = opened && now() - opened > 1000;
    driver = null;
    openedAt = 0;
    for (const socket of sockets) {
      const { connected } = socket;
      if (over) {
        forget(socket);
      }
      socket._end(code, reason, countEvents(unconfirmed, socket.namespace));
      // That no transport works has been told when the last of them failed.
      if (!connected && (over || !opened) && code !== "no_transport") {
        socket._fire("connect_error", failure(code, reason));
      }
    }
    if (!over && sockets.length) {
      tries = stood ? 0 : tries + 1;
      if (then === OPEN && stood) {
        soon(start);
      } else {
        timer = later(start, Math.max(retry, limits._pause(tries)));
      }
    }
  };

  const client: Client = {
    _io: io,
    _acks: 0,
    _socketOf: socketOf,
    _driver: driverOf,
    _open(socket) {
      if (!socket._wanted) {
        const other = socketOf(socket.namespace);
        if (other && other !== socket) {
          throw failure("bad_data", "another socket has this namespace");
        }
        sockets = without(sockets, socket).concat(socket);
        clients = without(clients, client).concat(client);
        socket._wanted = true;
        if (driver) {
          join(socket);
        } else if (timer === null) {
          // Once this turn is over: handlers and events of the same turn are part of it.
          soon(start);
        }
      }
    },
    _close(socket) {
      if (socket._wanted) {
        const log = driver ? driver._session._log : [];
        if (socket._joined) {
          control("l", socket.namespace, { code: "client_disconnect" });
        }
        forget(socket);
        socket._end("client_disconnect", "", countEvents(log, socket.namespace));
      }
    },
  };
  return client;
}

function countEvents(log: Message[], namespace: string): number {
  return filter(log, (message) => message._credited && message._namespace === namespace).length;
}

/** An auth may be a value, a function that gives one or a promise, or one that calls back. */
function ask(auth: unknown, answer: (value: unknown) => void): void {
  const value: unknown = typeof auth === "function" ? auth(answer) : auth;
  if (value !== undefined || !auth || !(auth as unknown[]).length) {
    answer(value);
  }
}
