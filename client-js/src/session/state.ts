// The client's session (protocol.md): no clock, no timer, no randomness, no I/O. Every function that it is told something by takes
// the time if it matters; after each, run what `next(session, now)` gives until that is nothing, then come back at `nextTimeout`
// at the latest.
import type { Data, Packet } from "../packet.ts";

export const OPENING = 0;
export const OPENED = 1;
export const SUSPENDED = 2;
export const CLOSING = 3;
export const ENDED = 4;

/**
 * How a carrier works. `DUPLEX`: a WebSocket. `STREAM`: one answer down, posts up. `POLL`: a loop of requests, both ways.
 * `SCRIPT`: polls by URL, posts up whose answer cannot be read.
 */
export const DUPLEX = 0;
export const STREAM = 1;
export const POLL = 2;
export const SCRIPT = 3;

/** What the object of a packet says. */
export type Body = { [key: string]: unknown };

/** What the welcome grants (protocol.md, section 4.3). */
export interface Limits {
  /** The server's heartbeat interval, and how much longer a carrier that has answered may be mute. */
  "ping": number;
  "timeout": number;
  "window": number;
  "max": number;
  "acks": number;
  /** Bytes after which the server ends a stream. */
  "stream"?: number;
}

/** What holds before the first welcome (protocol.md, sections 6.2 and 13). */
export const LIMITS: Limits = { "ping": 10000, "timeout": 8000, "window": 65536, "max": 1000000, "acks": 1000 };

/** What makes a carrier: what it does differs by that alone. */
export interface Way {
  _kind: number;
  /** Says the first word. */
  _attach(session: Session, now: number, carrier: Carrier): void;
  /** Gives it what there is for it. */
  _flush(session: Session, now: number, carrier: Carrier): void;
  /** Its welcome has been taken. */
  _welcomed?(session: Session, now: number, carrier: Carrier, body: Body, full: boolean): void;
}

/** A counted packet, encoded once and kept until the peer has confirmed it. */
export interface Message {
  _namespace: string;
  _data: Data;
  _size: number;
  /** Events need credit; nothing else does. */
  _credited: boolean;
  /** The size of all credited messages up to this one. */
  _credit?: number;
}

/** A body or carrier going down. It has no position until its `W` has come. */
export interface Down {
  _position?: number;
  /** When the carrier is given up over it. */
  _deadline: number;
}

export interface Carrier extends Down {
  _way: Way;
  /** How long it may take to carry anything. */
  _patience: number;
  /** Given up, or not wanted any more. */
  _gone?: boolean;
  _welcomed?: boolean;

  // ---- from its attach on
  _attach?: number;
  /** The token that its attach has used. */
  _token?: string | undefined;
  /** Duplex: the last message written, or -1 while the welcome has to tell where to go on. */
  _cursor: number;
  _ticket: string;

  // ---- over HTTP
  _requests: Request[];
  _polls: number;
  /** When the next poll, or the next answer to a heartbeat, is due. */
  _rested: number;
  _strikes: number;
}

/** Larger batches would only wait longer to be confirmed; a first body goes to a server whose limit is not known. */
export const MAX_BODY = 64512;

/** So long a client waits before it asks again for nothing, or answers another heartbeat. */
export const QUIET = 100;

export const ATTACHING = 0;
export const POLLING = 1;
export const POSTING = 2;

/** What is asked by HTTP. */
export interface Request extends Down {
  _carrier: Carrier;
  /** ATTACHING, POLLING or POSTING. */
  _kind: number;
  /** Lines, the first is `A` or `P`. */
  _body: string;
  /** What a `script` poll names, and the one that its attach has named. */
  _ticket: string;
  /** Answered, or failed. */
  _over?: boolean;
  /** How to stop it. */
  _abort?: () => void;
}

/** What was sent by HTTP and is not confirmed yet. A serial is repeated until it is. */
export interface Batch {
  _serial: number;
  /** The number of its last message; 0 if there is none. */
  _last: number;
  /** The request that carries it, if that may still be. */
  _request: Request | null;
  /** When a script, which cannot know whether it arrived, sends it again. */
  _deadline: number;
}

/** What the session asks for, and tells. */
export interface Host {
  _write(carrier: Carrier, data: Data): void;
  _request(request: Request): void;
  /** Open the stream for this ticket, and feed it to `heard`. */
  _stream(carrier: Carrier, ticket: string): void;
  /** Close it and its requests; nothing of it is wanted any more. `code` is null if another was accepted, or the session is over. */
  _drop(carrier: Carrier, code: string | null): void;
  _deliver(packet: Packet, size: number): void;
  /** The session has a carrier: for the first time, or again, or another one without having been suspended. */
  _opened(carrier: Carrier, resumed: boolean, moved: boolean): void;
  _suspended(): void;
  /** Send this behind a `P`, if it can be done; the answer does not matter. */
  _farewell(line: string): void;
  _ended(code: string, reason: string, retry: number, unconfirmed: Message[]): void;
}

/** What is left out is not the case, or not known yet. */
export interface Session {
  _host: Host;
  _secret: () => string;
  _state: number;
  _limits: Limits;
  /** Until when polls do not hang, and the pause between them then. */
  _tight?: number;
  _rest: number;

  _id?: string;
  _token?: string;
  _key: string;
  /** The numbers of the last attach and body. */
  _attaches: number;
  _serial: number;
  _batch?: Batch | null;
  /** Bytes of messages in one body: fewer where the path has not let more through. */
  _fits: number;
  /** A message that did not pass alone, and how often. */
  _stuck?: number;
  _tries: number;
  /** In the order of their attaches. */
  _carriers: Carrier[];
  /** The carrier that has answered last. */
  _current?: Carrier | null;
  _fleeting: Data[];
  _queue: (() => void)[];
  /** When what goes up has to be looked at. */
  _wake: number;
  /** A heartbeat waits for the counts. */
  _owesCounts?: boolean;
  /** The count at which a packet could not be read. */
  _poison?: number | null;
  _closeCode?: string;
  _closeDeadline: number;
  _saidClose?: boolean;
  /** The server's `z`, while messages before it are still missing. */
  _farewell?: Body;

  // ---- going up
  /** The messages after `_base`: sent and unconfirmed, then waiting. */
  _log: Message[];
  /** How many the server has confirmed. */
  _base: number;
  /** The highest number ever sent. */
  _sent: number;
  /** Of the log. */
  _bytes: number;
  /** What the server has consumed. */
  _returned: number;
  /** The size of all credited messages. */
  _credited: number;

  // ---- coming down
  _window: number;
  _received: number;
  /** The size of the credited messages that the application is done with. */
  _consumed: number;
  /** The size of what has come since the counts were said last, and what was said to be consumed. */
  _taken: number;
  _saidConsumed: number;
}

/** `secret` draws 128 random bits, as a key of the protocol. */
export function createSession(window: number, secret: () => string, host: Host): Session {
  return {
    _host: host,
    _secret: secret,
    _state: OPENING,
    _limits: LIMITS,
    _rest: 1000,
    _key: secret(),
    _attaches: 0,
    _serial: 0,
    _fits: MAX_BODY,
    _tries: 0,
    _carriers: [],
    _fleeting: [],
    _queue: [],
    _wake: Infinity,
    _closeDeadline: Infinity,
    _log: [],
    _base: 0,
    _sent: 0,
    _bytes: 0,
    _returned: 0,
    _credited: 0,
    _window: window,
    _received: 0,
    _consumed: 0,
    _taken: 0,
    _saidConsumed: 0,
  };
}

/** So long a carrier that has answered may be mute. */
export function patienceOf(session: Session): number {
  return session._limits["ping"] + session._limits["timeout"];
}

/** Is it a count, a size or a time (protocol.md, section 2.1)? */
export function isCount(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value < 9007199254740992 && value % 1 === 0;
}

/** Something has come: who asks for more is not asking for nothing. */
export function brought(session: Session, now: number, carrier: Carrier): void {
  if (carrier._way._kind >= POLL && !((session._tight as number) > now)) {
    carrier._rested = now;
  }
}

/** What is to be done next, if anything. */
export function next(session: Session, now: number): (() => void) | undefined {
  if (!session._queue.length && session._state !== ENDED) {
    session._wake = Infinity;
    for (const carrier of session._carriers) {
      carrier._way._flush(session, now, carrier);
    }
    // What no carrier could take at once is gone.
    session._fleeting = [];
  }
  return session._queue.shift();
}
