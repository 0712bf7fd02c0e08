// The only folder that touches globals, and only when a client connects: so the module loads anywhere.
import { platform } from "./platform.ts";

/** What a page or process may have. */
export interface Root {
  location?: Location;
  document?: Document;
  navigator?: Navigator;
  performance?: { now(): number };
  fetch?: typeof fetch;
  AbortController?: typeof AbortController;
  ReadableStream?: unknown;
  TextDecoder?: typeof TextDecoder;
  Promise?: PromiseConstructor;
  WebSocket?: unknown;
  EventSource?: unknown;
  XMLHttpRequest?: typeof XMLHttpRequest;
  addEventListener?: Window["addEventListener"];
  removeEventListener?: Window["removeEventListener"];
  postMessage?: unknown;
  localStorage?: Storage;
}

/** Workers have no `window`, engines before 2018 no `globalThis`. */
export const root: Root = (typeof globalThis === "undefined" ? self : globalThis) as Root;

/** Milliseconds, never going back where the platform has such a clock. */
export function now(): number {
  return Math.floor(platform._now());
}

/** The time of day, which goes on while the machine sleeps. */
export function wall(): number {
  return new Date().getTime();
}

export function later(run: () => void, ms: number): unknown {
  return setTimeout(run, ms);
}

/** Runs when the code that runs now is done. */
export function soon(run: () => void): void {
  platform._soon(run);
}

/** 128 random bits, as protocol.md wants them (section 4.1): numbers with dashes between. */
export function secret(): string {
  return [].join.call(platform._random() as never[], "-");
}
