// The only folder that touches globals, and only when a client connects: so the module loads anywhere.
import { newBytes } from "../bytes.ts";
import { failure } from "../errors.ts";
import type { Options } from "../options.ts";
import { fetchPost } from "./fetch.ts";
import { storage, watchPage, type Store } from "./browser.ts";
import { xhrPost, type XhrRoot } from "./legacy.ts";

/** What a page or process may have. */
export interface Root extends XhrRoot {
  location?: Location;
  document?: Document;
  navigator?: Navigator;
  performance?: { now(): number };
  crypto?: { getRandomValues?(bytes: Uint8Array): unknown };
  fetch?: typeof fetch;
  AbortController?: typeof AbortController;
  ReadableStream?: unknown;
  TextDecoder?: typeof TextDecoder;
  Promise?: PromiseConstructor;
  WebSocket?: unknown;
  EventSource?: unknown;
  addEventListener?: Window["addEventListener"];
  removeEventListener?: Window["removeEventListener"];
  postMessage?: unknown;
  localStorage?: Storage;
}

/**
 * Sends a body by POST. `progress` is given text as it arrives, as long as the status is 200; `done` the rest, at the end.
 * A status of 0 means that there was no whole answer.
 */
export type Post = (
  url: string,
  body: string,
  options: Options,
  progress: ((text: string) => void) | null,
  done: (status: number, text: string) => void,
) => () => void;

export interface Env {
  root: Root;
  /** Milliseconds, never going back where the platform has such a clock. */
  now(): number;
  /** The time of day, which goes on while the machine sleeps. */
  wall(): number;
  random(): number;
  /** 128 random bits, as 22 characters of base64url. */
  secret(): string;
  later(run: () => void, ms: number): unknown;
  cancel(timer: unknown): void;
  /** Runs when the code that runs now is done. */
  soon(run: () => void): void;
  /** Null if requests cannot be made here. */
  post: Post | null;
  /** Whether `post` tells its progress. */
  streams: boolean;
  watchPage: typeof watchPage;
  store: Store;
}

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export function environment(options: Options): Env {
  const root = (typeof globalThis !== "undefined" ? globalThis : typeof window !== "undefined" ? window : {}) as Root;
  if (typeof JSON === "undefined") {
    throw failure("bad_data", "JSON is missing here: load json2.js before Everwire");
  }
  const clock = root.performance;
  const given = options.fetch as typeof fetch | undefined;
  // A fetch that cannot be aborted (Chrome before 66) is worse than XMLHttpRequest; its streams are held back, too.
  const usable = given || (root.fetch && (root.AbortController || !root.XMLHttpRequest) ? root.fetch : undefined);
  return {
    root,
    now: clock && clock.now ? () => Math.floor(clock.now()) : () => new Date().getTime(),
    wall: () => new Date().getTime(),
    random: Math.random,
    secret: () => secret(root),
    later: (run, ms) => setTimeout(run, ms),
    cancel: (timer) => clearTimeout(timer as number),
    soon(run) {
      if (root.Promise) {
        root.Promise.resolve().then(run);
      } else {
        setTimeout(run, 0);
      }
    },
    post: usable ? fetchPost(usable, root) : xhrPost(root),
    // XMLHttpRequest shows a growing answer since it knows other origins.
    streams: usable ? !!(root.ReadableStream && root.TextDecoder) : !!root.XMLHttpRequest && "withCredentials" in new root.XMLHttpRequest(),
    watchPage,
    store: options.memory || storage(root),
  };
}

function secret(root: Root): string {
  const source = root.crypto;
  const random = newBytes(22);
  if (source && source.getRandomValues) {
    // PhantomJS 1.9 fills the array and returns nothing.
    source.getRandomValues(random as Uint8Array);
  } else {
    // Engines before 2012 and node 18 have nothing better. What is drawn here is good for seconds only.
    for (let i = 0; i < 22; i++) {
      random[i] = Math.floor(Math.random() * 256);
    }
  }
  let text = "";
  for (let i = 0; i < 22; i++) {
    // The last of 22 characters stands for two bits.
    text += BASE64URL.charAt((random[i] as number) & (i < 21 ? 63 : 48));
  }
  return text;
}
