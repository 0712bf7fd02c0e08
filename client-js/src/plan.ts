// What decides which transport is tried when, as the driver knows it.
import type { Carrier } from "./session/state.ts";
import type { Duplex, Transport } from "./transports/transport.ts";

/** How a client comes back: attempts, and the bounds of its pauses. */
export interface Limits {
  _attempts: number;
  _delay: number;
  _maxDelay: number;
}

/** A connection that is made, or a carrier. */
export interface Attempt {
  _transport: Transport;
  /** The place of the transport in the order of preference. */
  _rank: number;
  _patience: number;
  _over: boolean;
  /** Another was faster: it is no carrier, but may still show that it works. */
  _late: boolean;
  _at: number;
  /** When a duplex had its connection, else -1. */
  _openedAt: number;
  /** When the next one starts beside it. */
  _due: number;
  /** When it is given up, if nobody else watches it. */
  _until: number;

  // ---- the driver's
  _carrier?: Carrier;
  _duplex?: Duplex;
  /** Nothing of it is wanted any more. */
  _closed?: boolean;
  /** The server has told of a stream, which has not said anything yet. */
  _silent?: boolean;
  /** How to stop its requests, and its stream. */
  _aborts: (() => void)[];
  /** What its stream has carried since it was last to be replaced. */
  _length?: number;
  /** The timer for what is asked beside it. */
  _waits?: unknown;
}

/** What a plan asks for, and tells. */
export interface PlanHost {
  /** Attach over this transport, beside what there is. */
  _start(attempt: Attempt): void;
  /** A connection that never became a carrier is not wanted any more. */
  _cancel(attempt: Attempt): void;
  /** Nothing works at present. */
  _failing(code: string, why: string): void;
  _giveUp(): void;
}

/** What a plan that looks for something better needs besides. */
export interface Upward {
  /** See with a session of its own whether this one works by now: `done` is told the time, and null, or why it does not. */
  _probe(transport: Transport, done: (now: number, why: string | null) => void): void;
  /** The memory has changed. */
  _learnt(): void;
  /** The session is over. */
  _stop(): void;
}

export interface Plan {
  _begin(now: number): void;
  /** The session is about to end: nothing better is looked for. */
  _close(): void;
  /** A two-way connection stands, and its attach is under way. */
  _opened(now: number, attempt: Attempt): void;
  /** Data has come: this one works, and the session is on it. */
  _carried(now: number, attempt: Attempt): void;
  /** The server has accepted another attach. One that is late then keeps its connection: it may still show that it carries. */
  _overtaken(now: number, attempt: Attempt): void;
  /** Something has come over a connection that was overtaken. */
  _alive(now: number, attempt: Attempt): void;
  /** Something has come over the carrier, and something more has to come until `by`. */
  _heard(attempt: Attempt, by: number): void;
  /** The carrier works but will be ended: another of its kind is to take its place. */
  _replace(now: number, attempt: Attempt): void;
  /** It has failed, or was lost, with the code of a refusal, `timeout`, `end` or `""`. */
  _failed(now: number, attempt: Attempt, code: string): void;
  /** There is reason for a look: attaches at once if there is no carrier, and anew if it shows no life by then. */
  _check(now: number, by: number): void;
  /** What is to be done next, if anything. */
  _next(now: number): (() => void) | undefined;
  _nextTimeout(): number;
  _end(): void;
}
