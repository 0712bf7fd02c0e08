// SockJS's own client through a proxy with bad weather: whatever is cut, held, refused or repeated, the server goes on and has forgotten everybody in the end. A
// WebSocket brings all in order; over HTTP, SockJS has no word against a request that a proxy repeats or an answer that it swallows.
//
//   npm --prefix conformance/clients run chaos:sockjs -- --seconds 20
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import SockJS from "sockjs-client";
import { findTestbed, Testbed } from "../../../client-js/test/browser/testbed.mjs";
import { until, within } from "../../../client-js/test/browser/wait.mjs";

const TRANSPORTS = ["websocket", "xhr-streaming", "eventsource", "xhr-polling"];
const CLIENTS = 6;
const SENT_EVERY_MS = 40;
const seconds = process.argv.includes("--seconds") ? Number(process.argv[process.argv.indexOf("--seconds") + 1]) : 20;
const seed = process.env.EVERWIRE_SEED ?? `${Math.floor(Math.random() * 1e9)}`;
const failures = [];
const tally = Object.fromEntries(TRANSPORTS.map((transport) => [transport, { opened: 0, closed: 0, echoes: 0 }]));
let going = true;

const testbed = new Testbed();
await testbed.start();
const proxy = spawn(process.env.EVERWIRE_CHAOS ?? join(dirname(findTestbed()), "everwire-chaos"), ["proxy", "--upstream", `127.0.0.1:${testbed.port}`, "--seed", seed], {
  stdio: ["ignore", "pipe", "inherit"],
});
process.once("exit", () => proxy.kill("SIGKILL"));
try {
  const lines = createInterface({ input: proxy.stdout });
  const [first] = await within("the proxy's first line", new Promise((resolve) => lines.once("line", (line) => resolve([line]))));
  const [, origin] = /^listening on (http:\S+), seed/.exec(first);
  const clients = TRANSPORTS.flatMap((transport) => Array.from({ length: CLIENTS }, () => client(origin, transport)));
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  going = false;
  await Promise.all(clients);
  proxy.kill("SIGKILL");
  await until("the server has forgotten all of them", async () => {
    const { sessions, rooms, pending_acks, queued_bytes, open_requests } = await testbed.stats();
    return sessions + rooms + pending_acks + queued_bytes + open_requests === 0;
  });
} catch (error) {
  failures.push(`${error.message}\n${testbed.log}`);
} finally {
  await testbed.stop("SIGKILL");
}
for (const [transport, { opened, closed, echoes }] of Object.entries(tally)) {
  console.log(`${transport.padEnd(14)} ${opened} sessions, ${closed} of them cut, ${echoes} echoes`);
  if (!echoes) {
    failures.push(`${transport}: nothing came through`);
  }
}
failures.forEach((failure) => console.log(failure));
console.log(failures.length ? `FAILED, seed ${seed}` : `ok, seed ${seed}`);
process.exit(failures.length ? 1 : 0);

/** One after the other: a session that sends numbers until it is closed. */
async function client(origin, transport) {
  while (going) {
    await session(origin, transport);
    await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 200));
  }
}

function session(origin, transport) {
  return new Promise((resolve) => {
    const socket = new SockJS(`${origin}/echo`, null, { transports: [transport], timeout: 2000 });
    let sent = 0;
    let last = -1;
    const ticking = setInterval(() => {
      if (!going) {
        socket.close();
      } else if (socket.readyState === SockJS.OPEN) {
        socket.send(`${sent++} ${"x".repeat(Math.random() * 2_000)}`);
      }
    }, SENT_EVERY_MS);
    socket.onopen = () => (tally[transport].opened += 1);
    socket.onmessage = ({ data }) => {
      const number = Number.parseInt(data, 10);
      const right = transport === "websocket" ? number === last + 1 : number >= 0;
      if (!right || number >= sent) {
        failures.push(`${transport}: ${number} came after ${last}, of ${sent}`);
      }
      last = number;
      tally[transport].echoes += 1;
    };
    socket.onclose = () => {
      clearInterval(ticking);
      tally[transport].closed += going ? 1 : 0;
      resolve();
    };
  });
}
