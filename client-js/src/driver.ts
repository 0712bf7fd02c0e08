// Binds one session to transports and time. What is tried when, a plan decides.
import type { Crowd } from "./crowd.ts";
import { later, now, secret, soon, wall } from "./env/index.ts";
import { without } from "./lists.ts";
import type { Data, Packet } from "./packet.ts";
import type { Attempt, Limits, Plan } from "./plan.ts";
import { attach } from "./session/attach.ts";
import { heard, refused } from "./session/down.ts";
import { close, end } from "./session/end.ts";
import { ENDED, OPENED, createSession, next, type Carrier, type Message, type Session } from "./session/state.ts";
import { nextTimeout, timeout } from "./session/timers.ts";
import type { Io, Transport } from "./transports/transport.ts";

/** What the owner of a session is told. */
export interface Listener {
  _deliver(packet: Packet): void;
  /** The session is on this transport now, for the first time or anew. */
  _carried(name: string, resumed: boolean): void;
  _suspended(code: string): void;
  _rejected(message: Message): void;
  /** No transport works at present. */
  _failing(code: string, why: string): void;
  _ended(code: string, reason: string, retry: number, unconfirmed: Message[]): void;
  /** Its stream stands, too, if it has one. */
  _proven?(): void;
}

export interface Driver {
  _session: Session;
  _start(): void;
  /** Sends what this turn has given to the session once the turn is over, so that it goes in one piece. */
  _flush(): void;
  _pushVolatile(data: Data): void;
  _close(code: string): void;
  _abort(code: string): void;
}

/** What the parts see of it that not every client has. */
export interface Hub {
  _io: Io;
  _ways: Transport[];
  _session: Session;
  _plan: Plan;
  /** Without it this is a trial, which keeps what it finds to itself. */
  _own: boolean;
  /** Where connections are few. */
  _crowd?: Crowd | undefined;
  /** When something came over the carrier, by the time of day. */
  _heardAt: number;
  /** Does what the machines ask for, and waits for the time when they want to be asked again. */
  _drain(): void;
  /** Closes all connections, and says nothing. */
  _letGo(): void;
  /** Something has come over it. */
  _heard(attempt: Attempt): void;
  /** It carries, and its stream does if it has one. */
  _proven(attempt: Attempt): void;
  /** Attaches at once if there is no carrier; if there is one, it has to show soon, or at once, that it lives. */
  _check(surely: boolean): void;
}

/** A volatile event does not wait behind more bytes than this. */
const CONGESTED = 65536;
/** How late a heartbeat may be. */
const LATE_HEARTBEAT = 1000;
/** A timer that is later than this says that the machine has slept. */
const SLEPT = 1000;

export function createDriver(io: Io, ways: Transport[], limits: Limits, listener: Listener, own: boolean): Driver {
  const kit = io._kit;
  let draining = false;
  let scheduled = false;
  let timer: unknown;
  let timerAt = 0;
  let lostBy = "";
  let live: Attempt[] = [];
  let stopWatching = (): void => {};

  const unlink = (attempt: Attempt): void => {
    const aborts = attempt._aborts;
    live = without(live, attempt);
    attempt._closed = true;
    attempt._aborts = [];
    for (const abort of aborts) {
      abort();
    }
    if (attempt._duplex) {
      attempt._duplex._close();
    }
  };

  const session = createSession(io._options.window || 1048576, secret, {
    _write(carrier, data) {
      const { _duplex: duplex } = ownerOf(carrier);
      if (duplex) {
        duplex._send(data);
      }
    },
    _request(request) {
      const attempt = ownerOf(request._carrier);
      if (!attempt._closed && attempt._transport._request) {
        attempt._transport._request(hub, attempt, request);
      }
    },
    _stream(carrier, ticket) {
      const attempt = ownerOf(carrier);
      if (!attempt._closed && attempt._transport._stream) {
        attempt._transport._stream(hub, attempt, ticket);
      }
    },
    _drop(carrier, code) {
      const attempt = ownerOf(carrier);
      if (code !== null) {
        lostBy = code;
        unlink(attempt);
        plan._failed(now(), attempt, code);
      } else {
        plan._overtaken(now(), attempt);
        if (!attempt._late) {
          unlink(attempt);
        }
      }
    },
    _deliver(packet, size) {
      listener._deliver(packet);
      session._consumed += size;
    },
    _opened(carrier, resumed) {
      const attempt = ownerOf(carrier);
      if (!attempt._closed) {
        attempt._silent = !!attempt._transport._stream;
        listener._carried(attempt._transport.name, resumed);
        if (!attempt._silent) {
          hub._proven(attempt);
        }
      }
    },
    _suspended: () => listener._suspended(lostBy),
    _rejected: (message) => listener._rejected(message),
    _farewell(line) {
      if (kit._farewell) {
        kit._farewell(hub, line);
      }
    },
    _ended(code, reason, retry, unconfirmed) {
      clearTimeout(timer as number);
      plan._end();
      stopWatching();
      hub._letGo();
      listener._ended(code, reason, retry, unconfirmed);
    },
  });

  const connect = (attempt: Attempt): void => {
    const gone = (code: string): void => {
      if (attempt._carrier && !attempt._late) {
        refused(session, attempt._carrier, code);
      } else {
        unlink(attempt);
        plan._failed(now(), attempt, code);
      }
      hub._drain();
    };
    try {
      attempt._duplex = (attempt._transport._open as NonNullable<Transport["_open"]>)(
        io,
        () => {
          begin(attempt);
          plan._opened(now(), attempt);
          hub._drain();
        },
        (data) => {
          if (attempt._late) {
            plan._alive(now(), attempt);
          } else {
            hub._heard(attempt);
            heard(session, now(), attempt._carrier as Carrier, data);
          }
          hub._drain();
        },
        gone,
      );
    } catch (_) {
      // As a WebSocket without TLS on a page with it.
      gone("");
    }
  };

  const begin = (attempt: Attempt): void => {
    attempt._carrier = attach(session, now(), attempt._transport, attempt._patience, attempt);
  };

  const flush = (): void => {
    if (!scheduled) {
      scheduled = true;
      soon(() => {
        scheduled = false;
        hub._drain();
      });
    }
  };

  const hub = {
    _io: io,
    _ways: ways,
    _session: session,
    _own: own,
    _heardAt: 0,
    _drain() {
      if (!draining) {
        draining = true;
        try {
          for (let run; (run = next(session, now()) || (session._state === ENDED ? undefined : plan._next(now()))); ) {
            run();
          }
        } finally {
          draining = false;
        }
        const due = session._state === ENDED ? Infinity : Math.min(nextTimeout(session), plan._nextTimeout());
        // One that is too early does no harm: it sets the next.
        if (due < Infinity && (timer === undefined || due < timerAt)) {
          clearTimeout(timer as number);
          timerAt = due;
          timer = later(() => {
            timer = undefined;
            // Who has slept has missed heartbeats: that says nothing of the transport, which is to be tried again.
            timeout(session, now(), now() > timerAt + SLEPT ? "heartbeat" : "timeout");
            hub._drain();
          }, Math.max(0, due - now()));
        }
      }
    },
    _letGo() {
      for (const attempt of live) {
        unlink(attempt);
      }
    },
    _heard(attempt) {
      hub._heardAt = wall();
      // The other half of the time-out is for finding another way before this one is given up.
      plan._heard(attempt, now() + (session._ping + session._mute) / 2);
    },
    _proven(attempt) {
      plan._carried(now(), attempt);
      hub._heard(attempt);
      if (listener._proven) {
        listener._proven();
      }
      if (hub._crowd) {
        hub._crowd._proven(attempt);
      }
    },
    _check(surely) {
      const left = hub._heardAt + session._ping + LATE_HEARTBEAT - wall();
      plan._check(now(), surely ? now() : now() + Math.max(LATE_HEARTBEAT, left));
      hub._drain();
    },
  } as Hub;

  const plan: Plan = (hub._plan = kit._plan(hub, limits, {
    _start(attempt) {
      live = live.concat(attempt);
      if (attempt._transport._open) {
        connect(attempt);
      } else {
        begin(attempt);
      }
    },
    _cancel: unlink,
    _failing: (code, why) => listener._failing(code, why),
    _giveUp: () => end(session, "no_transport"),
  }));

  return {
    _session: session,
    _start() {
      if (own && kit._watch) {
        stopWatching = kit._watch(hub);
      }
      plan._begin(now());
      hub._drain();
    },
    _flush: flush,
    _pushVolatile(data) {
      const { _duplex: duplex } = session._current ? ownerOf(session._current) : ({} as Partial<Attempt>);
      if (session._state === OPENED && !(duplex && duplex._buffered() > CONGESTED)) {
        session._fleeting.push(data);
        flush();
      }
    },
    _close(code) {
      plan._close();
      close(session, now(), code);
      hub._check(false);
    },
    _abort(code) {
      end(session, code);
      flush();
    },
  };
}

function ownerOf(carrier: Carrier): Attempt {
  return carrier._owner as Attempt;
}
