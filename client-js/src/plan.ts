// What decides which transport is tried when, as the driver knows it.
import type { Carrier } from "./session/state.ts";
import type { Duplex, Transport } from "./transports/transport.ts";

/** How a client comes back. */
export interface Limits {
  /** Rounds through all transports. */
  _attempts: number;
  /** The pause before try number `tries`, from 0. */
  _pause(tries: number): number;
}

/** A connection that is made, and from its attach on a carrier. */
export interface Attempt extends Carrier {
  _way: Transport;
  /** The place of the transport in the order of preference. */
  _rank: number;
  /** The plan is done with it. */
  _over?: boolean;
  _at: number;
  /** When a duplex had its connection. */
  _openedAt?: number;
  /** When the next one starts beside it. */
  _due: number;

  // ---- the driver's
  _duplex?: Duplex;
  /** Nothing of it is wanted any more. */
  _closed?: boolean;
  /** Its stream, which the server has told of, has said something. */
  _heard?: boolean;
  /** How to stop its connection or requests, and its stream. */
  _aborts: (() => void)[];
  /** What its stream has carried since it was last to be replaced. */
  _length: number;
  /** The timer for what is asked beside it. */
  _waits?: unknown;
}

export function createAttempt(way: Transport, rank: number, now: number, patience: number): Attempt {
  return {
    _way: way,
    _rank: rank,
    _patience: patience,
    _deadline: now + patience,
    _at: now,
    _due: 0,
    _aborts: [],
    _length: 0,
    _requests: [],
    _polls: 0,
    _rested: now,
    _strikes: 0,
  } as Partial<Attempt> as Attempt;
}

/** What a plan asks for, and tells. */
export interface PlanHost {
  /** Attach over this transport, beside what there is. */
  _start(attempt: Attempt): void;
  /** Nothing works at present. The code is that of the last that failed. */
  _failing(code: string): void;
  _giveUp(): void;
}

/** What the driver asks and tells. */
export interface Plan {
  _begin(now: number): void;
  /** The session is about to end: nothing better is looked for, but a carrier at once if there is none. */
  _close(now: number): void;
  /** A two-way connection stands, and its attach is under way. */
  _opened(now: number, attempt: Attempt): void;
  /** Data has come: this one works, and the session is on it. */
  _carried(now: number, attempt: Attempt): void;
  /** The server has accepted another attach. */
  _overtaken(now: number, attempt: Attempt): void;
  /** It has failed, or was lost, with the code of a refusal, `timeout`, `end` or `""`. */
  _failed(now: number, attempt: Attempt, code: string): void;
  /** What is to be done next, if anything. */
  _next(now: number): (() => void) | undefined;
  _nextTimeout(): number;
  _end(): void;
}
