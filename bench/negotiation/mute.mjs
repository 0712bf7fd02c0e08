// A WebSocket that stands, carries events both ways, and goes mute: how long until events flow again, and what is missing?
import { overPath } from "./path.mjs";
import { PING, TIMEOUT } from "./peer-servers.mjs";
import { largestGap, Stream } from "./stream.mjs";
import { Table } from "./table.mjs";

const LIMIT = 6_000;

const table = new Table(
  `A WebSocket goes mute in mid-life: heartbeat every ${PING} ms, time-out ${TIMEOUT} ms`,
  ["ms until events come down again", "up again", "lost down", "lost up", "doubled", "then over"],
  `Events every 10 ms in both directions; bound: interval and time-out, ${PING + TIMEOUT} ms. ` +
    `New WebSockets are mute as well. Waited for ${LIMIT} ms.`,
);

const PEERS = [
  ["everwire", "everwire", {}],
  ["socket.io, as it comes", "socket.io", {}],
  ["sockjs", "sockjs", {}],
];

export const mute = {
  tables: [table],
  async round(places, ports, watcher) {
    for (const place of places) {
      for (const [title, peer, options] of PEERS) {
        await overPath(ports[peer], true, (origin, faults) => row(place, title, new Stream(place, watcher, peer, ports[peer]), origin, options, faults));
      }
    }
  },
};

async function row(place, title, stream, origin, options, faults) {
  const name = `${place.name}: ${title}`;
  await stream.open(origin, options);
  await stream.over(["websocket"]);
  await stream.steady();
  const [down, up] = await stream.counts();
  faults.set({ websocket: "swallow" });
  faults.freeze("websocket");
  const came = await stream.flows(down + 100, up + 100, LIMIT).catch(() => null);
  const told = await stream.end();
  table.add(name, "ms until events come down again", came ? largestGap(told.down) : undefined);
  table.add(name, "up again", came ? largestGap(told.up) : undefined);
  table.add(name, "lost down", came ? told.down.lost : "all");
  table.add(name, "lost up", came ? told.up.lost : "all");
  table.add(name, "doubled", told.down.doubled + told.up.doubled + (told.down.disordered || told.up.disordered ? " and out of order" : 0));
  table.add(name, "then over", came ? told.moves.at(-1)[0] : "nothing");
}
