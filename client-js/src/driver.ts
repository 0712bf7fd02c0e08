// Binds one session to transports and time. What is tried when, a plan decides.
import type { Crowd } from "./crowd.ts";
import { later, now, secret, soon } from "./env/index.ts";
import { without } from "./lists.ts";
import type { Data, Packet } from "./packet.ts";
import type { Attempt, Limits, Plan } from "./plan.ts";
import { attach } from "./session/attach.ts";
import { heard, refused } from "./session/down.ts";
import { close, end } from "./session/end.ts";
import { push } from "./session/halves.ts";
import { ENDED, OPENED, createSession, next, type Message, type Session } from "./session/state.ts";
import { nextTimeout, timeout } from "./session/timers.ts";
import type { Io, Transport } from "./transports/transport.ts";

/** What the owner of a session is told. */
export interface Listener {
  _deliver(packet: Packet): void;
  /** The session is on this transport now, for the first time or anew. */
  _carried(name: string, resumed: boolean): void;
  _suspended(code: string): void;
  /** Something may have been sent, and nothing waits for it. */
  _sent(): void;
  /** No transport works at present. */
  _failing(code: string): void;
  _ended(code: string, reason: string, retry: number, unconfirmed: Message[]): void;
  /** Its stream stands, too, if it has one. */
  _proven?(): void;
}

export interface Driver {
  _session: Session;
  _start(): void;
  /** Sends it once this turn is over, so that all that the turn gives goes in one piece. */
  _push(message: Message): void;
  _pushVolatile(data: Data): void;
  _close(code: string): void;
}

/** What the parts see of it that not every client has. */
export interface Hub {
  _io: Io;
  _ways: Transport[];
  _session: Session;
  /** Without it this is a trial, which keeps what it finds to itself. */
  _own: boolean;
  /** Where connections are few. */
  _crowd?: Crowd | undefined;
  /** Does what the machines ask for, and waits for the time when they want to be asked again. */
  _drain(): void;
  /** Closes all connections, and says nothing. */
  _letGo(): void;
  /** It carries, and its stream does if it has one. */
  _proven(attempt: Attempt): void;

  // ---- what a plan brings that looks after its carrier
  /** Something has come over it. */
  _heard(attempt: Attempt): void;
  /** Attaches at once if there is no carrier; if there is one, it has to show soon, or at once, that it lives. */
  _check(surely: boolean): void;
  /** It works but will be ended: another of its kind is to take its place. */
  _replace(attempt: Attempt): void;
}

/** Who has closed a session is not told anything any more. */
const DEAF: Listener = {
  _deliver() {},
  _carried() {},
  _suspended() {},
  _sent() {},
  _failing() {},
  _ended() {},
};

/** A volatile event does not wait behind more bytes than this. */
const CONGESTED = 65536;
/** Bytes: twice what a user may have waiting. */
const MAX_UNCONFIRMED = 8388608;
/** A timer that is later than this says that the machine has slept. */
const SLEPT = 1000;

export function createDriver(io: Io, ways: Transport[], limits: Limits, listener: Listener, own: boolean): Driver {
  const kit = io._kit;
  let draining = false;
  let scheduled = false;
  let timer: unknown;
  let timerAt = Infinity;
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
  };

  const fail = (attempt: Attempt, code: string): void => {
    unlink(attempt);
    plan._failed(now(), attempt, code);
  };

  const session = createSession(io._options.window || 1048576, secret, {
    _write({ _duplex: duplex }: Attempt, data) {
      if (duplex) {
        duplex._send(data);
      }
    },
    _request(request) {
      const attempt = request._carrier as Attempt;
      if (!attempt._closed) {
        (attempt._way as Required<Transport>)._request(hub, attempt, request);
      }
    },
    _stream(attempt: Attempt, ticket) {
      if (!attempt._closed && attempt._way._stream) {
        attempt._way._stream(hub, attempt, ticket);
      }
    },
    _drop(attempt: Attempt, code) {
      if (code !== null) {
        lostBy = code;
        fail(attempt, code);
      } else {
        plan._overtaken(now(), attempt);
        unlink(attempt);
      }
    },
    _deliver(packet, size) {
      listener._deliver(packet);
      session._consumed += size;
    },
    _opened(attempt: Attempt, resumed) {
      if (!attempt._closed) {
        listener._carried(attempt._way.name, resumed);
        if (!attempt._way._stream) {
          hub._proven(attempt);
        }
      }
    },
    _suspended: () => listener._suspended(lostBy),
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
    const gone = (): void => {
      if (attempt._attach) {
        refused(session, attempt, "");
      } else {
        fail(attempt, "");
      }
      hub._drain();
    };
    try {
      const duplex = (attempt._way as Required<Transport>)._open(
        io,
        () => {
          attach(session, now(), attempt);
          plan._opened(now(), attempt);
          hub._drain();
        },
        (data) => {
          hub._heard(attempt);
          heard(session, now(), attempt, data);
          hub._drain();
        },
        gone,
      );
      attempt._duplex = duplex;
      attempt._aborts.push(duplex._close);
    } catch (_) {
      // As a WebSocket without TLS on a page with it.
      gone();
    }
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

  const hub: Hub = {
    _io: io,
    _ways: ways,
    _session: session,
    _own: own,
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
        listener._sent();
        let due = session._state === ENDED ? Infinity : Math.min(nextTimeout(session), plan._nextTimeout());
        for (const attempt of live) {
          // Of a connection that does not stand yet only this keeps the time.
          due = Math.min(due, attempt._deadline);
        }
        // One that is too early does no harm: it sets the next.
        if (due < timerAt) {
          clearTimeout(timer as number);
          timerAt = due;
          timer = later(() => {
            // Who has slept has missed heartbeats: that says nothing of the transport, which is to be tried again.
            const code = now() > timerAt + SLEPT ? "heartbeat" : "timeout";
            timerAt = Infinity;
            timeout(session, now(), code);
            for (const attempt of live) {
              if (!attempt._attach && attempt._deadline <= now()) {
                fail(attempt, code);
              }
            }
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
    _proven(attempt) {
      plan._carried(now(), attempt);
      hub._heard(attempt);
      if (listener._proven) {
        listener._proven();
      }
    },
    _heard() {},
    _check() {},
    _replace() {},
  };

  const plan: Plan = kit._plan(hub, limits, {
    _start(attempt) {
      live = live.concat(attempt);
      if (attempt._way._open) {
        connect(attempt);
      } else {
        attach(session, now(), attempt);
      }
    },
    _failing: (code) => listener._failing(code),
    _giveUp: () => end(session, "no_transport"),
  });

  return {
    _session: session,
    _start() {
      if (own && kit._watch) {
        stopWatching = kit._watch(hub);
      }
      if (ways.length) {
        plan._begin(now());
      } else {
        listener._failing("");
        end(session, "no_transport");
      }
      hub._drain();
    },
    _push(message) {
      // Answers do not wait for room; a server that asks on and on without confirming any is not served for ever.
      if (session._bytes > MAX_UNCONFIRMED) {
        end(session, "buffer_full");
      } else {
        push(session, message);
      }
      flush();
    },
    _pushVolatile(data) {
      const current = session._current as Attempt | null;
      const duplex = current && current._duplex;
      if (session._state === OPENED && !(duplex && duplex._buffered() > CONGESTED)) {
        session._fleeting.push(data);
        flush();
      }
    },
    _close(code) {
      listener = DEAF;
      plan._close(now());
      close(session, now(), code);
      hub._drain();
    },
  };
}
