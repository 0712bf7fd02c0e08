import type { Hub } from "../driver.ts";
import type { Kit } from "../kit.ts";
import type { AnyOptions, TransportName } from "../options.ts";
import type { Data } from "../packet.ts";
import type { Attempt } from "../plan.ts";
import type { Request, Way } from "../session/state.ts";

/** Where a transport works. */
export interface Io {
  _kit: Kit;
  /** The server's mount, `http(s)://…`, without a slash at the end. */
  _url: string;
  _options: AnyOptions;
}

/** A two-way carrier. */
export interface Duplex {
  _send(data: Data): void;
  _close(): void;
  /** Bytes that wait in the platform's own queue. */
  _buffered(): number;
}

/** The end of a request: null if all went well, else the code of the refusal, `""` if there was none to believe. */
export type Done = (failure: string | null) => void;

/** A way to carry packets. It tells what it sees and decides nothing. */
export interface Transport extends Way {
  readonly name: TransportName;
  _enabled(io: Io): boolean;
  /** A duplex: connects. `closed` comes last and once. */
  _open?(io: Io, opened: () => void, packet: (data: Data) => void, closed: () => void): Duplex;
  /** The others: makes one request. */
  _request?(hub: Hub, attempt: Attempt, request: Request): void;
  /** Opens the stream for a ticket. */
  _stream?(hub: Hub, attempt: Attempt, ticket: string): void;
}
