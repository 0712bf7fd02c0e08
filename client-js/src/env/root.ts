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
