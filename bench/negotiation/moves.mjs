// A session moves between transports under a steady stream: the longest pause between two events, beside the longest pause
// without a move.
import { overPath } from "./path.mjs";
import { largestGap, Stream } from "./stream.mjs";
import { Table } from "./table.mjs";

/** Around a move, what lies between so many milliseconds before and behind it belongs to it. */
const AROUND = 400;

const table = new Table(
  "Moves: the largest gap between two events, in milliseconds",
  ["down, no move", "down, move", "up, no move", "up, move", "lost", "doubled"],
  "Events every 10 ms in both directions, one way takes 50 ms. *Down* is server to client. Whatever is not a WebSocket sends up at most one " +
    "request at a time, so its events arrive once per round trip, with a move or without. Bound: what it is without a move and 50.",
);

const eager = true;
const UP = [
  ["long_polling → websocket", { eager, transports: ["websocket", "long_polling"] }, "long_polling"],
  ["streaming → websocket", { eager }, "streaming"],
];
const DOWN = [
  ["websocket → streaming, on command", { transports: ["websocket", "streaming"] }, "streaming"],
  ["websocket → long_polling, on command", { transports: ["websocket", "long_polling"] }, "long_polling"],
];

export const moves = {
  tables: [table],
  async round(places, ports, watcher) {
    for (const place of places) {
      const over = (peer, use) =>
        overPath(ports[peer], false, (origin, faults) => use(new Stream(place, watcher, peer, ports[peer]), origin, faults));
      for (const [title, options, name] of UP) {
        await over("everwire", async (stream, origin, faults) => {
          faults.set({ websocket: "forbid" });
          await stream.open(origin, options);
          await stream.over([name]);
          await stream.steady();
          faults.set({});
          await stream.over(["websocket"]);
          await finish(`${place.name}: everwire, ${title}`, stream);
        });
      }
      for (const [title, options, name] of DOWN) {
        await over("everwire", async (stream, origin) => {
          await stream.open(origin, options);
          await stream.over(["websocket"]);
          await stream.steady();
          await place.run(command, stream.mine, name);
          await stream.over([name]);
          await finish(`${place.name}: everwire, ${title}`, stream);
        });
      }
      await over("socket.io", async (stream, origin) => {
        await stream.open(origin, {});
        await stream.over(["websocket"]);
        await finish(`${place.name}: socket.io, polling → websocket (only once, right after it has connected)`, stream);
      });
      for (const peer of ["socket.io, any other move", "sockjs, any move"]) {
        table.heads.forEach((head) => table.add(`${place.name}: ${peer}`, head, "cannot"));
      }
    }
  },
};

/** There is no call for it: here the machine is told to prefer this transport, and to attach over it. */
function command(id, name) {
  const { driver } = kit.lines[id].socket.host;
  const { plan } = driver;
  plan.ways.reverse();
  plan.start(kit.now() - performance.timeOrigin, plan.ways.find((way) => way.name === name));
  driver.drain();
}

async function finish(name, stream) {
  await stream.steady();
  await stream.steady();
  const told = await stream.end();
  const [, moved] = told.moves.at(-1);
  for (const way of ["down", "up"]) {
    const { times } = told[way];
    const elsewhere = Math.max(largestGap(told[way], -Infinity, moved - AROUND), largestGap(told[way], moved + AROUND, times.at(-1)));
    table.add(name, `${way}, no move`, elsewhere);
    table.add(name, `${way}, move`, largestGap(told[way], moved - AROUND, moved + AROUND));
  }
  table.add(name, "lost", told.down.lost + told.up.lost);
  table.add(name, "doubled", told.down.doubled + told.up.doubled);
}
