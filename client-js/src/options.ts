/** The transports of the default entry by name. */
export type ModernName = "websocket" | "streaming" | "event_source" | "long_polling";

/** All transports by name. */
export type TransportName = ModernName | "forever_iframe" | "jsonp";

/** A transport, as `everwire/websocket` and its siblings export it. */
export interface Transport {
  /** As in `options.transports`. */
  readonly name: TransportName;
}

/** What a namespace's middleware on the server is given: any JSON value, or a function that is asked at each new session, and whenever the server wants fresh auth. */
export type Auth = unknown | (() => unknown) | ((done: (auth: unknown) => void) => void);

/** How a client comes back. Pauses grow from `delay` up to `maxDelay`, each drawn at random below that. */
export interface Reconnection {
  /** Rounds through all transports, after the first, before it gives up. Default: no limit. */
  attempts?: number;
  /** Milliseconds, default 500. */
  delay?: number;
  /** Milliseconds, default 10,000. */
  maxDelay?: number;
}

/** What can be set, each with its default. */
export interface Options {
  /** Where the server is mounted, if the URL has no path. Default: `/everwire`. */
  path?: string;
  /** The transports that may be used, in order of preference, by name or imported one by one. Default: all of the entry. */
  transports?: (ModernName | Transport)[];
  /** Default: none. */
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
  /** How it comes back. Default: for as long as it takes. False: it does not. */
  reconnection?: Reconnection | false;
  /** For `jsonp` on a page whose Content-Security-Policy names it in `script-src`. */
  nonce?: string;
  /** A class to use instead of the global one, as that of the package `ws` in node before 22. */
  WebSocket?: unknown;
  /** A function to use instead of the global one, as one that adds certificates. */
  fetch?: unknown;
  /** A class to use instead of the global one, as that of the package `eventsource` in node. */
  EventSource?: unknown;
  /** False: a session of its own, even if one to this URL exists. Default: true. */
  multiplex?: boolean;
  /** Where to keep what was learnt of a server's transports. Default: a page's localStorage, else the memory of the process. */
  memory?: {
    /** What was set last, null or undefined if nothing was. */
    get(key: string): string | null | undefined;
    /** Keeps a short text. May throw, as storage does that is full: then it is not kept. */
    set(key: string, value: string): void;
  };
  /** How many bytes the server may send ahead of the handlers. Default: 1 MiB. */
  window?: number;
}

/** With `everwire/legacy` all transports have names. Default: all but `jsonp`. */
export type LegacyOptions = Omit<Options, "transports"> & {
  /** The transports that may be used, in order of preference, by name or imported. */
  transports?: (TransportName | Transport)[];
};

/** What `everwire/binary` exports. */
export interface BinaryForm {
  /** What it is. */
  readonly name: "binary";
}

/** With `everwire/core` transports are imported one by one, and so is what binary in arguments needs. */
export type CoreOptions = Omit<Options, "transports" | "memory"> & {
  /** The transports that may be used, in order of preference, imported one by one. */
  transports: Transport[];
  /** What `everwire/binary` exports. Default: none, and binary cannot be sent or received. */
  binary?: BinaryForm;
};

/** The options of any entry. */
export type AnyOptions = LegacyOptions & { binary?: BinaryForm };
