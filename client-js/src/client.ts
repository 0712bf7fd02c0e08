// What the namespaces of one URL share: a session, and a new one when that has ended.
import { backoff } from "./backoff.ts";
import { NEVER, OPEN, actionOf } from "./codes.ts";
import { createDriver, type Driver } from "./driver.ts";
import { now, root, soon } from "./env/index.ts";
import { failure } from "./errors.ts";
import { usable, type Kit } from "./kit.ts";
import { find, without } from "./lists.ts";
import type { AnyOptions } from "./options.ts";
import { encode, isObject, withBinary, type Binary, type Packet } from "./packet.ts";
import { messageOf, push as pushTo } from "./session/halves.ts";
import type { Message } from "./session/state.ts";
import { createSocket, type AnySocket, type Host, type Known } from "./socket.ts";
import type { Io } from "./transports/transport.ts";

interface Client extends Host {
  _io: Io;
  _socketOf(namespace: string): AnySocket | undefined;
}

/** What holds before there is a session. */
const UNKNOWN: Known = { _max: Infinity, _acks: 1000, _bytes: 0, _log: [] };

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

/** Where it connects to, and by what. */
export function createIo(kit: Kit, url = "", options: AnyOptions = {}): Io {
  const parts = /^(?:(?:http|ws)(s?):)?(?:\/\/([^/?#]+))?([^?#]*)/i.exec(url) as RegExpExecArray;
  const here = root.location;
  const secure = /^\w+:/.test(url) ? parts[1] : here && here.protocol === "https:" ? "s" : "";
  const host = parts[2] || (here && here.host);
  if (!host) {
    throw failure("bad_data", "the URL needs a host here: " + url);
  }
  const mount = ((parts[3] as string).replace(/\/+$/, "") || options.path || "/everwire").replace(/\/+$/, "");
  return { _kit: kit, _url: "http" + secure + "://" + host + (mount.charAt(0) === "/" ? "" : "/") + mount, _options: options };
}

function suits(mine: Io, other: Io): boolean {
  const a = mine._options;
  const b = other._options;
  const plain = (options: AnyOptions): string => JSON.stringify([!!options.withCredentials, options.extraHeaders, String(options.transports)]);
  return (
    a.multiplex !== false &&
    b.multiplex !== false &&
    mine._kit === other._kit &&
    mine._url === other._url &&
    plain(a) === plain(b) &&
    a.WebSocket === b.WebSocket &&
    a.fetch === b.fetch &&
    a.EventSource === b.EventSource &&
    a.memory === b.memory
  );
}

function createClient(io: Io): Client {
  const wanted = io._options.reconnection === false ? { attempts: 0 } : io._options.reconnection || {};
  const limits = {
    _attempts: wanted.attempts === undefined ? Infinity : wanted.attempts,
    _delay: wanted.delay || 500,
    _maxDelay: wanted.maxDelay || 10000,
  };
  let sockets: AnySocket[] = [];
  let driver: Driver | null = null;
  let starting = false;
  let timer: unknown = null;
  let tries = 0;
  let openedAt = 0;
  let name: string | null = null;

  const socketOf = (namespace: string): AnySocket | undefined => find(sockets, (one) => one.namespace === namespace);

  const sessionOf = (): Known => (driver ? driver._session : UNKNOWN);

  const push = (message: Message): void => {
    if (driver) {
      pushTo(driver._session, message);
      driver._flush();
    }
  };

  const control = (type: string, namespace: string, body: unknown, id: number | null = null): void => {
    push(messageOf(namespace, encode(type, namespace, id, body), false, null));
  };

  /** Opens a session once this turn is over, so that handlers and events of the same turn are part of it. */
  const start = (): void => {
    timer = null;
    if (!starting) {
      starting = true;
      soon(() => {
        starting = false;
        if (sockets.length && !driver) {
          openSession();
        }
      });
    }
  };

  const openSession = (): void => {
    /** Is this still the session of the sockets, or one that only ends in peace? */
    const live = (): boolean => driver === mine;
    const each = (tell: (socket: AnySocket) => void): void => {
      for (const socket of live() ? sockets.slice() : []) {
        if (socket._joined) {
          tell(socket);
        }
      }
    };
    const mine: Driver = createDriver(io, usable(io, io._options.transports || io._kit._usual), limits, {
      _deliver(packet) {
        if (live()) {
          deliver(packet);
        }
      },
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
      _rejected: (message) =>
        each((socket) => {
          if (socket.namespace === message._namespace) {
            socket._rejected(message);
          }
        }),
      _failing: (code) =>
        each((socket) => {
          if (!socket.connected) {
            socket._fire("connect_error", failure(code, "no transport works"));
          }
        }),
      _ended(code, reason, retry, unconfirmed) {
        if (live()) {
          ended(code, reason, retry, unconfirmed);
        }
      },
    }, true);
    const joining = sockets.slice();
    // One flight opens the session and its namespaces, so all auths have to be there.
    let missing = joining.length;
    driver = mine;
    name = null;
    for (const socket of joining) {
      join(socket, () => {
        if (!--missing && live()) {
          mine._start();
        }
      });
    }
  };

  /** Asks for the socket's auth, then for its namespace. */
  const join = (socket: AnySocket, then?: () => void): void => {
    const mine = driver;
    ask(
      socket.auth,
      (auth) => {
        if (driver === mine && socket._wanted && !socket._joined) {
          control("c", socket.namespace, auth);
          socket.transport = name;
          socket._release();
        }
      },
      (error) => refuse(socket, "auth", String((error && (error as Error).message) || error)),
      then || (() => {}),
    );
  };

  const refuse = (socket: AnySocket, code: string, message: string, data?: unknown): void => {
    forget(socket);
    socket._end(code, "", 0);
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
    const body = isObject(packet._body) ? packet._body : {};
    if (!socket || !socket._joined) {
      if (type === "e") {
        control("x", namespace, { code: "unknown_namespace" }, packet._id);
      }
    } else if (type === "o") {
      socket.id = String(body["id"]);
      socket.connected = true;
      socket._fire("connect", { recovered: false });
    } else if (type === "d") {
      refuse(socket, "denied", String(body["message"]), body["data"]);
    } else if (type === "l") {
      forget(socket);
      socket._end(String(body["code"]), String(body["reason"] || ""), 0);
    } else {
      socket._take(packet);
    }
  };

  const ended = (code: string, reason: string, retry: number, unconfirmed: Message[]): void => {
    const action = actionOf(code);
    const over = action === NEVER || code === "no_transport" || !limits._attempts;
    const opened = openedAt;
    const stood = opened && now() - opened > 1000;
    driver = null;
    openedAt = 0;
    for (const socket of sockets.slice()) {
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
    if (!over && sockets.length && !driver && timer === null) {
      tries = stood ? 0 : tries + 1;
      if (action === OPEN && stood) {
        start();
      } else {
        timer = setTimeout(start, Math.max(retry, backoff(tries, limits._delay, limits._maxDelay, Math.random)));
      }
    }
  };

  const client: Client = {
    _io: io,
    _socketOf: socketOf,
    _push: push,
    _pushVolatile(data) {
      if (driver) {
        driver._pushVolatile(data);
      }
    },
    _session: sessionOf,
    _abort(code) {
      if (driver) {
        driver._abort(code);
      }
    },
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
          start();
        }
      }
    },
    _close(socket) {
      if (socket._wanted) {
        const log = sessionOf()._log;
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
  let events = 0;
  for (const message of log) {
    if (message._credited && message._namespace === namespace) {
      events++;
    }
  }
  return events;
}

/** An auth may be a value, a function that gives one or a promise, or one that calls back. */
function ask(auth: unknown, answer: (value: unknown) => void, fail: (error: unknown) => void, then: () => void): void {
  let open = true;
  const once = (run: (value: unknown) => void) => (value: unknown) => {
    if (open) {
      open = false;
      try {
        run(value);
      } catch (error) {
        fail(error);
      }
      then();
    }
  };
  const done = once(answer);
  try {
    const value: unknown = typeof auth === "function" ? auth(done) : auth;
    if (isObject(value) && typeof value["then"] === "function") {
      (value as unknown as PromiseLike<unknown>).then(done, once(fail));
    } else if (value !== undefined || !auth || !(auth as unknown[]).length) {
      done(value);
    }
  } catch (error) {
    once(fail)(error);
  }
}
