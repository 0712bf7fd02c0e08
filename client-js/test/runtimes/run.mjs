// npm run test:runtimes: the packed package in the JavaScript runtimes beside browsers, over each transport that they have, and with
// the choice left free. `npm run build` first: what is packed is dist/.
//
//   npm run test:runtimes -- --only deno
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Testbed } from "../browser/testbed.mjs";
import { within } from "../browser/wait.mjs";
import { packInto } from "../package/pack.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const inside = (path) => join(here, "node_modules", path);
const NO = "no_transport";
const HTTP = { streaming: "streaming", long_polling: "long_polling" };
const ALL = { websocket: "websocket", ...HTTP, event_source: "event_source" };
const PATIENCE_MS = 60_000;

/** `plan` says what a client arrives at that may use one transport, or (`free`) any. */
const RUNTIMES = [
  {
    name: "node 18",
    path: inside("node-18/bin/node"),
    plan: { ...HTTP, websocket: NO, event_source: NO, free: "streaming" },
  },
  {
    name: "node 18, with classes",
    path: inside("node-18/bin/node"),
    env: { WS: inside("ws/wrapper.mjs"), EVENTSOURCE: inside("eventsource/dist/index.js") },
    plan: { websocket: "websocket", event_source: "event_source" },
  },
  { name: "node 26", path: inside("node-26/bin/node"), plan: { ...ALL, event_source: NO, free: "websocket" } },
  { name: "node 26, EventSource", path: inside("node-26/bin/node"), flags: ["--experimental-eventsource"], plan: { event_source: "event_source" } },
  { name: "Deno", path: inside("deno/deno"), flags: ["run", "--quiet", "--allow-net", "--allow-read", "--allow-env"], plan: { ...ALL, free: "websocket" } },
  { name: "Bun", path: inside("bun/bin/bun"), plan: { ...ALL, event_source: NO, free: "websocket" } },
];

const only = process.argv[process.argv.indexOf("--only") + 1];
const chosen = RUNTIMES.filter(({ name }) => !process.argv.includes("--only") || name.toLowerCase().startsWith(only));
const folder = await mkdtemp(join(tmpdir(), "everwire-runtimes-"));
let failed = 0;
try {
  await packInto(folder);
  copyFileSync(join(here, "app.mjs"), join(folder, "app.mjs"));
  for (const runtime of chosen) {
    await tryOne(runtime);
  }
} finally {
  await rm(folder, { recursive: true });
}
process.exit(failed > 0 ? 1 : 0);

async function tryOne({ name, path, flags = [], env = {}, plan }) {
  const begun = Date.now();
  if (!existsSync(path)) {
    const why = "not here: npm ci --ignore-scripts in client-js/test/runtimes, on Linux with x64 and glibc";
    console.log(`${process.env.CI ? "FAIL " : "none "} ${name}: ${why}`);
    failed += process.env.CI ? 1 : 0;
    return;
  }
  chmodSync(path, 0o755);
  const testbed = new Testbed();
  await testbed.start();
  const child = spawn(path, [...flags, "app.mjs", `${testbed.origin}/everwire`, JSON.stringify(plan)], {
    cwd: folder,
    // Deno looks for new versions of itself.
    env: { ...process.env, ...env, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
  });
  try {
    const said = await follow(child, testbed);
    assert.deepEqual(said, ["restart", ...Object.entries(plan).map((pair) => pair.join(": ")), "end"]);
    console.log(`ok    ${name}: ${said.slice(1, -1).join(", ")} (${Date.now() - begun} ms)`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}: ${error.message}`);
  } finally {
    child.kill("SIGKILL");
    await testbed.stop("SIGKILL");
  }
}

/** Its lines, when it has ended by itself. It says when it wants the server killed. */
async function follow(child, testbed) {
  let text = "";
  let wrong = "";
  const ended = new Promise((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (part) => {
      const asked = text.includes("restart");
      text += part;
      if (!asked && text.includes("restart")) {
        testbed.stop("SIGKILL").then(() => testbed.start()).catch(reject);
      }
    });
    child.stderr.setEncoding("utf8").on("data", (part) => (wrong += part));
    child.once("error", reject);
    child.once("close", resolve);
  });
  const code = await within("its end", ended, PATIENCE_MS).catch((error) => error.message);
  if (code !== 0) {
    throw new Error(`${code}; it said: ${text}${wrong}`);
  }
  return text.trim().split("\n");
}
