import type { Env } from "../env/index.ts";
import type { Options, TransportName } from "../options.ts";
import type { Data } from "../packet.ts";
import type { Kind, Request } from "../session.ts";
import { eventSource } from "./event_source.ts";
import { foreverIframe } from "./forever_iframe.ts";
import { jsonp } from "./jsonp.ts";
import { longPolling } from "./long_polling.ts";
import { streaming } from "./streaming.ts";
import { websocket } from "./websocket.ts";

/** Where a transport works. */
export interface Io {
  env: Env;
  /** The server's mount, `http(s)://…`, without a slash at the end. */
  url: string;
  options: Options;
}

/** A two-way carrier. */
export interface Duplex {
  send(data: Data): void;
  close(): void;
  /** Bytes that wait in the platform's own queue. */
  buffered(): number;
}

/** The end of a request: null if all went well, else the code of the refusal, `""` if there was none to believe. */
export type Done = (failure: string | null) => void;

/** A way to carry packets. It tells what it sees and decides nothing. */
export interface Transport {
  name: TransportName;
  kind: Kind;
  enabled(io: Io): boolean;
  /** `duplex`: connects. `closed` comes last and once, with the code of a refusal or `""`. */
  open?(io: Io, opened: () => void, packet: (data: Data) => void, closed: (code: string) => void): Duplex;
  /** The others: makes one request, and answers with how to abort it. */
  request?(io: Io, request: Request, line: (line: string) => void, done: Done): () => void;
  /** Opens the stream for a ticket, and answers with how to close it. */
  stream?(io: Io, ticket: string, line: (line: string) => void, closed: () => void): () => void;
}

/** In order of preference. */
export const transports: Transport[] = [websocket, streaming, eventSource, longPolling, foreverIframe, jsonp];
