// A WebSocket that does not work from the start: when does the first event of the server arrive?
import { overPath, stations } from "./path.mjs";
import { Table } from "./table.mjs";

const LIMIT = 4_000;

export const FAULTS = [
  ["WebSocket answered 403", "forbid"],
  ["WebSocket never answered", "hold"],
  ["WebSocket upgraded, then mute", "mute"],
  ["WebSocket upgraded, then dead both ways", "swallow"],
];

const table = new Table(
  "WebSocket blocked: milliseconds to the first event of the server (bound: 700)",
  ["first contact", "second contact", "fallback alone", "first over", "second over"],
  `TCP handshakes take their round trip. *Fallback alone*: the same way with WebSocket switched off by option. Waited for ${LIMIT} ms.`,
);

const PEERS = [
  ["everwire", "everwire", {}, { transports: ["streaming", "event_source", "long_polling"] }],
  ["socket.io, as it comes", "socket.io", {}, { transports: ["polling"] }],
  ["socket.io, WebSocket first", "socket.io", { transports: ["websocket", "polling"], tryAllTransports: true }, { transports: ["polling"] }],
  ["sockjs", "sockjs", {}, { transports: ["xhr-streaming", "xhr-polling"] }],
];

export const blocked = {
  tables: [table],
  async round(places, ports) {
    for (const place of places) {
      for (const [way, fault] of FAULTS) {
        for (const peer of PEERS) {
          // Chromium slows the WebSockets of a page down in which some have failed.
          await place.renew();
          await row(place, way, fault, ports, peer);
        }
      }
    }
  },
};

async function row(place, way, fault, ports, [title, peer, options, fallback]) {
  const name = `${place.name}: ${way}: ${title}`;
  await overPath(ports[peer], true, async (origin, faults) => {
    faults.set({ websocket: fault });
    for (const contact of ["first", "second"]) {
      const at = await stations(place, peer, origin, options, "event", LIMIT);
      table.add(name, `${contact} contact`, at.event);
      table.add(name, `${contact} over`, at.over);
    }
  });
  await overPath(ports[peer], true, async (origin) => {
    table.add(name, "fallback alone", (await stations(place, peer, origin, fallback, "event", LIMIT)).event);
  });
}
