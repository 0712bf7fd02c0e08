// Socket.IO's clients through a proxy with bad weather: they come back as they do to their own server, no answer is another's, and nothing is left of
// them. Their protocol loses and, over polling, may repeat; so nothing else is held against it.
//
//   npm --prefix conformance/clients run test:chaos -- --seconds 20
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Testbed, findTestbed } from "../../../client-js/test/browser/testbed.mjs";
import { until } from "../../../client-js/test/browser/wait.mjs";

const require = createRequire(import.meta.url);
const { io } = require("socket.io-client");
const io2 = require("socket.io-client-2");
const SECONDS = Number(process.argv[process.argv.indexOf("--seconds") + 1] || 20);
const EACH = 6; // clients of each kind
const TRANSPORTS = [["polling"], ["websocket"], ["polling", "websocket"]];
const CALM = ["refused", "requests", "moments", "sliced", "delayed", "droughts"].flatMap((rate) => [`--${rate}`, "0"]);

const chaos = process.env.EVERWIRE_CHAOS ?? join(dirname(findTestbed()), "everwire-chaos");
const testbed = new Testbed(findTestbed(), ["--ping-interval-ms", "2000", "--ping-timeout-ms", "2000"]);
await testbed.start();
const idle = (await testbed.stats()).tasks;
let proxy = await startProxy("127.0.0.1:0", []);
const clients = [
  ...TRANSPORTS.map((transports) => ["4", io, { transports }]),
  ...TRANSPORTS.map((transports) => ["2", io2, { transports }]),
  ...TRANSPORTS.map((transports) => ["4, recovered", io, { transports, path: "/recovery" }]),
].flatMap((kind) => Array.from({ length: EACH }, () => startClient(...kind)));

await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
await stopProxy();
// Fair weather on the same port: each client must find back by itself.
proxy = await startProxy(proxy.address, CALM);
let problem = null;
try {
  for (const client of clients) {
    client.answered = 0;
  }
  await until("each client has found back", () => clients.every((client) => client.socket.connected && client.answered > 0), 60_000);
  clients.forEach((client) => client.stop());
  await until("nothing is left of them", async () => {
    const stats = await testbed.stats();
    const left = stats.sessions + stats.rooms + stats.pending_acks + stats.queued_bytes + Math.max(0, stats.open_requests);
    return left === 0 && stats.tasks <= idle + 1;
  }, 60_000);
} catch (error) {
  problem = `${error.message}: ${JSON.stringify(await testbed.stats().catch(String))}`;
}
await stopProxy();
await testbed.stop("SIGKILL");

const wrong = clients.reduce((sum, client) => sum + client.wrong, 0);
for (const kind of new Set(clients.map((client) => client.kind))) {
  const those = clients.filter((client) => client.kind === kind);
  const sum = (what) => those.reduce((total, client) => total + client[what], 0);
  console.log(`${kind.padEnd(32)} ${sum("total")} answers, ${sum("connects")} connects, ${sum("recovered")} recovered`);
}
const still = clients.filter((client) => client.connects < 2).length;
console.log(`${wrong} wrong answers, ${still} clients never cut off${problem ? `, ${problem}` : ""}`);
process.exit(problem || wrong > 0 || still === clients.length ? 1 : 0);

function startClient(version, connect, options) {
  const client = { kind: `${version} ${options.transports.join()}`, total: 0, answered: 0, connects: 0, recovered: 0, wrong: 0, stop };
  const socket = connect(proxy.url, { forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 500, timeout: 3000, ...options });
  client.socket = socket;
  let number = 0;
  socket.on("connect", () => {
    client.connects += 1;
    client.recovered += socket.recovered ? 1 : 0;
    socket.emit("join", "chaos", () => {});
  });
  const ticker = setInterval(() => {
    if (!socket.connected) {
      return;
    }
    const asked = (number += 1);
    socket.emit("message-with-ack", asked, (got) => {
      client.total += 1;
      client.answered += 1;
      client.wrong += got === asked ? 0 : 1;
    });
    socket.emit("say", "chaos", asked, () => {});
  }, 50);
  function stop() {
    clearInterval(ticker);
    socket.io.reconnection(false);
    socket.close();
    socket.io.engine?.close();
  }
  return client;
}

async function startProxy(listen, flags) {
  const upstream = testbed.origin.replace("http://", "");
  const child = spawn(chaos, ["proxy", "--upstream", upstream, "--listen", listen, ...flags], { stdio: ["ignore", "pipe", "inherit"] });
  process.once("exit", () => child.kill("SIGKILL"));
  const line = await new Promise((resolve) => child.stdout.once("data", (data) => resolve(String(data))));
  const url = /http:\/\/[\d.:]+/.exec(line)[0];
  return { child, url, address: url.replace("http://", "") };
}

async function stopProxy() {
  const gone = new Promise((resolve) => proxy.child.once("exit", resolve));
  proxy.child.kill("SIGKILL");
  await gone;
}
