// Negotiation in figures, Everwire beside its peers: what it takes to open, and what a path that fails costs.
//   node main.mjs [--runs N] [--only opening,blocked,mute,moves] [--place node,Chromium]
// TESTBED names the server's binary.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { Testbed } from "../../client-js/test/browser/testbed.mjs";
import { blocked } from "./blocked.mjs";
import { moves } from "./moves.mjs";
import { mute } from "./mute.mjs";
import { opening } from "./opening.mjs";
import { stations } from "./path.mjs";
import { PING, TIMEOUT } from "./peer-servers.mjs";
import { ChromiumPlace, NodePlace } from "./places.mjs";

const SETS = { opening, blocked, mute, moves };
const PLACES = { node: NodePlace, Chromium: ChromiumPlace };

const runs = Number(option("runs", "5"));
const sets = option("only", Object.keys(SETS).join()).split(",").map((name) => SETS[name]);

const testbed = new Testbed(undefined, ["--ping-interval-ms", String(PING), "--ping-timeout-ms", String(TIMEOUT)]);
await testbed.start();
const peers = spawn(process.execPath, [fileURLToPath(new URL("peer-servers.mjs", import.meta.url)), "serve"], {
  stdio: ["ignore", "pipe", "inherit"],
});
process.once("exit", () => peers.kill());
const [line] = await once(peers.stdout, "data");
const ports = { everwire: testbed.port, ...JSON.parse(line) };
const places = await Promise.all(option("place", Object.keys(PLACES).join()).split(",").map((name) => new PLACES[name]().start()));
const watcher = await new NodePlace().start();
// What loads at first use is no part of the figures.
for (const place of places) {
  await stations(place, "everwire", testbed.origin, { transports: ["long_polling"] }, "ack");
}
const loads = [];
for (let run = 1; run <= runs; run++) {
  for (const set of sets) {
    loads.push(loadavg()[0]);
    console.error(`run ${run} of ${runs}: ${set.tables[0].title}`);
    for (const place of places) {
      await place.renew();
    }
    await set.round(places, ports, watcher);
  }
}
sets.forEach((set) => set.tables.forEach((table) => table.print()));
console.log(`\n${runs} runs in turn, median (least–most). Load of the machine: ${Math.min(...loads).toFixed(1)}–${Math.max(...loads).toFixed(1)}.`);
await Promise.all(places.map((place) => place.stop()));
await testbed.stop("SIGKILL");
process.exit(0);

function option(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
}
