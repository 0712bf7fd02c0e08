// What is expected behind which proxy: data.
//
// `works` names the transports that must carry a session when they are forced alone; the others must report that they
// cannot. `free` is the one that a client takes that may use all, if that is always the same.
// `silent`: how many transports it tries before that say nothing at all.
// `cuts`: carriers may die on the way, the session not.
// `large`: messages as large as they may be.
// `origins`: the server's policy, `any` if nothing else is said. `foreign`: it takes its own pages for another's.
// `block`: which of the documentation's configurations for this proxy it is; the others are files.

export const IN_NODE = ["websocket", "streaming", "event_source", "long_polling"];
export const IN_BROWSER = ["forever_iframe", "jsonp"];

const ALL = [...IN_NODE, ...IN_BROWSER];
const NO_WEBSOCKET = without("websocket");
const NO_STREAMS = ["websocket", "long_polling", "jsonp"];
const POLLS = ["long_polling", "jsonp"];

export const configs = [
  { proxy: "nginx", name: "recommended", block: 0, works: ALL, free: "websocket", origins: "same", large: true },
  { proxy: "nginx", name: "recommended with TLS", block: 1, works: ALL, free: "websocket", origins: "same", tls: true, large: true },
  { proxy: "haproxy", name: "recommended", block: 0, works: ALL, free: "websocket", origins: "same", large: true },

  { proxy: "nginx", name: "defaults", works: NO_WEBSOCKET, free: "streaming" },
  { proxy: "nginx", name: "host-replaced", works: ALL, free: "websocket", origins: "same", foreign: true },
  { proxy: "nginx", name: "upgrade-denied", works: NO_WEBSOCKET, free: "streaming" },
  { proxy: "nginx", name: "upgrade-to-a-page", works: NO_WEBSOCKET, free: "streaming" },
  { proxy: "nginx", name: "portal", works: [] },
  { proxy: "nginx", name: "buffering-chunks", works: ALL, free: "websocket" },
  { proxy: "nginx", name: "buffering-and-gzip", works: NO_STREAMS, free: "websocket" },
  { proxy: "nginx", name: "buffering", works: POLLS, free: "long_polling", silent: 2, cuts: true },
  { proxy: "nginx", name: "buffering-and-cut", works: POLLS, free: "long_polling", cuts: true },
  { proxy: "nginx", name: "idle-cut", works: ALL, free: "websocket" },
  { proxy: "nginx", name: "cut-below-heartbeat", works: ALL, cuts: true },
  { proxy: "nginx", name: "gzip", works: ALL, free: "websocket" },
  { proxy: "nginx", name: "cache", works: NO_WEBSOCKET, free: "streaming" },
  { proxy: "nginx", name: "cache-and-buffering", works: NO_WEBSOCKET, free: "streaming" },

  { proxy: "haproxy", name: "idle-cut", works: ALL, free: "websocket" },
  { proxy: "haproxy", name: "tunnel-below-heartbeat", works: ALL, cuts: true },
  { proxy: "haproxy", name: "upgrade-dropped", works: NO_WEBSOCKET, free: "streaming" },
  { proxy: "haproxy", name: "upgrade-denied", works: NO_WEBSOCKET, free: "streaming" },
  { proxy: "haproxy", name: "mute", works: NO_WEBSOCKET, free: "streaming", silent: 1 },
  { proxy: "haproxy", name: "close-and-compress", works: ALL, free: "websocket" },
];

function without(name) {
  return ALL.filter((other) => other !== name);
}
