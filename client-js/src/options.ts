/** The transports of the default entry by name. */
export type ModernName = "websocket" | "streaming" | "event_source" | "long_polling";

/** All transports by name. */
export type TransportName = ModernName | "forever_iframe" | "jsonp";

/** A transport, as `everwire/websocket` and its siblings export it. */
export interface Transport {
  readonly name: TransportName;
}

/** What a namespace's middleware on the server is given: any JSON value, or a function that is asked at each new session. */
export type Auth = unknown | (() => unknown) | ((done: (auth: unknown) => void) => void);

/** How a client comes back. Pauses grow from `delay` up to `maxDelay`, each drawn at random below that. */
export interface Reconnection {
  /** Rounds through all transports without success before it gives up. Default: no limit. */
  attempts?: number;
  /** Milliseconds, default 500. */
  delay?: number;
  /** Milliseconds, default 10,000. */
  maxDelay?: number;
}

export interface Options {
  /** Where the server is mounted, if the URL has no path. Default: `/everwire`. */
  path?: string;
  /** The transports that may be used, in order of preference, by name or imported one by one. Default: all of the entry. */
  transports?: (ModernName | Transport)[];
  auth?: Auth;
  /** Default: `/`, the main one. */
  namespace?: string;
  /** Send cookies to another origin, too. Default: false. */
  withCredentials?: boolean;
  /**
   * For node: on every request, and on a WebSocket whose class was handed in and takes `{ headers }`, as that of `ws` does.
   * In a browser they make the requests to another origin need a preflight.
   */
  extraHeaders?: { [name: string]: string };
  reconnection?: Reconnection | false;
  /** For `jsonp` on a page whose Content-Security-Policy names it in `script-src`. */
  nonce?: string;
  /** An implementation to use instead of the global one. */
  WebSocket?: unknown;
  fetch?: unknown;
  EventSource?: unknown;
  /** False: a session of its own, even if one to this URL exists. Default: true. */
  multiplex?: boolean;
  /** Where to keep what was learnt of a server's transports. Default: a page's localStorage, else the memory of the process. */
  memory?: { get(key: string): string | null | undefined; set(key: string, value: string): void };
  /** How many bytes the server may send ahead of the handlers. Default: 1 MiB. */
  window?: number;
}

/** With `everwire/legacy` all transports have names. Default: all but `jsonp`. */
export type LegacyOptions = Omit<Options, "transports"> & { transports?: (TransportName | Transport)[] };

/** What `everwire/binary` exports. */
export interface BinaryForm {
  readonly name: "binary";
}

/** With `everwire/core` transports are imported one by one, and so is what binary in arguments needs. */
export type CoreOptions = Omit<Options, "transports" | "memory"> & { transports: Transport[]; binary?: BinaryForm };

/** The options of any entry. */
export type AnyOptions = LegacyOptions & { binary?: BinaryForm };
