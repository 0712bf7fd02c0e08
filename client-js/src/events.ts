// The types of events. None of this is left at run time.
import type { Handler } from "./emitter.ts";
import type { EverwireError } from "./errors.ts";

/** Why a session or a namespace has ended, and how many emitted events the server has not confirmed. */
export interface Disconnected {
  /** `server_disconnect`, `unknown_session`, …: one of the protocol's codes; `denied` if fresh auth was refused. */
  code: string;
  /** What the side that ended it has said, or `""`. */
  reason: string;
  /** Events of this namespace that may have arrived or not, and do not come again. */
  unconfirmed: number;
}

/** What the server says about an event that could not be handled. */
export interface RemoteError {
  /** `bad_data`, `handler_error`, `handler_panic`, …: one of the protocol's codes. */
  code: string;
  /** The event's name, or null if the server did not say it. */
  event: string | null;
  /** For people; may be `""`. */
  message: string;
}

/** The events of the socket itself. Their names cannot be emitted. */
export interface LocalEvents {
  /** Once per session. */
  connect(info: { recovered: boolean }): void;
  /** The namespace was refused, or the server cannot be reached. */
  connect_error(error: EverwireError): void;
  /** The session or the namespace has ended; never for a lost connection alone. */
  disconnect(info: Disconnected): void;
  /** The connection is lost; the session lives on, and what is emitted waits. */
  suspended(): void;
  /** The session has a connection again, and nothing was lost. */
  resumed(): void;
  /** The transport in use, whenever it changes. */
  transport(name: string): void;
  /** The server could not handle an event that asked for no ack. */
  error(error: RemoteError): void;
}

/** Any name, any arguments: what holds if no types are given to `connect`. */
export interface AnyEvents {
  [event: string]: Handler;
}

export type Names<Events> = Extract<keyof Events, string>;

export type Listener<Events, Name extends keyof Events> = Events[Name] extends Handler ? Events[Name] : never;

type Params<F> = F extends (...args: infer Args) => unknown ? Args : never;

/** The last parameter of an event that is answered: `(err, ...values)`. */
type Split<Args extends unknown[]> = Args extends [...infer Rest, infer Last]
  ? Last extends (error: never, ...values: infer Values) => unknown
    ? { args: Rest; values: Values }
    : { args: Args; values: unknown[] }
  : { args: Args; values: unknown[] };

/** The arguments of an event, with or without its ack. Where no types are given, anything. */
export type EmitArgs<Events, Name extends keyof Events> = string extends keyof Events
  ? unknown[]
  : Params<Events[Name]> | Split<Params<Events[Name]>>["args"];

/** The arguments without the ack. */
export type CallArgs<Events, Name extends keyof Events> = string extends keyof Events
  ? unknown[]
  : Split<Params<Events[Name]>>["args"];

/** The first value of the ack. */
export type Answer<Events, Name extends keyof Events> = string extends keyof Events
  ? unknown
  : Split<Params<Events[Name]>>["values"][0];

/** What ends an ack: `(err, ...values)`. */
export type AckHandler = { bivariant(error: EverwireError | null, ...values: unknown[]): void }["bivariant"];
