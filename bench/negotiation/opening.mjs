// How many round trips it takes to open, transport by transport.
import { ROUND_TRIP } from "./delay-proxy.mjs";
import { overPath, stations } from "./path.mjs";
import { Table } from "./table.mjs";

const LIMIT = 4_000;
const AUTH = { token: "who-i-am" };

const table = new Table(
  "Opening, in round trips of 100 ms",
  ["own handshake", "connect", "first ack", "connect, cold", "first ack, cold"],
  "From the call to the `connect` event, and to the ack of an event emitted in the same turn; auth included (SockJS has none). " +
    "*Cold*: each new TCP connection takes its round trip more.",
);

/** The peers' ways, as `[row, peer, options]`. */
const PEERS = [
  ["socket.io, as it comes", "socket.io", { auth: AUTH }],
  ["socket.io, WebSocket first", "socket.io", { auth: AUTH, transports: ["websocket", "polling"] }],
  ["socket.io, polling alone", "socket.io", { auth: AUTH, transports: ["polling"] }],
  ["sockjs, WebSocket", "sockjs", { transports: ["websocket"] }],
  ["sockjs, XHR streaming", "sockjs", { transports: ["xhr-streaming"] }],
  ["sockjs, XHR polling", "sockjs", { transports: ["xhr-polling"] }],
];

export const opening = {
  tables: [table],
  async round(places, ports) {
    for (const place of places) {
      for (const name of place.transports) {
        table.add(`${place.name}: everwire, ${name}`, "own handshake", name === "websocket" ? 1 : 0);
        await row(place, `everwire, ${name}`, ports.everwire, "everwire", { transports: [name], auth: AUTH });
      }
      for (const [title, peer, options] of PEERS) {
        await row(place, title, ports[peer], peer, options);
      }
    }
  },
};

async function row(place, title, port, peer, options) {
  for (const [handshake, suffix] of [[false, ""], [true, ", cold"]]) {
    await overPath(port, handshake, async (origin) => {
      const at = await stations(place, peer, origin, options, "ack", LIMIT);
      table.add(`${place.name}: ${title}`, `connect${suffix}`, flights(at.connect));
      table.add(`${place.name}: ${title}`, `first ack${suffix}`, flights(at.ack));
    });
  }
}

function flights(ms) {
  return ms === undefined ? undefined : ms / ROUND_TRIP;
}
