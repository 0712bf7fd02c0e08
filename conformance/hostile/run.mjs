// node conformance/hostile/run.mjs: the npm client, and the one in Rust, against a server that answers what stands in `table.json`.
//
//   --only gap,flood   rows whose name contains one of these
//   --clients node     some of node, chromium, rust
//   --show             what each has seen
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "../../client-js/dist/everwire.mjs";
import { launch } from "../../client-js/test/browser/chromium.mjs";
import { EventSource } from "../proxies/event_source.mjs";
import { turns } from "../proxies/turns.mjs";
import { Place, serve } from "./server.mjs";
import { hasHeard, watch } from "./watch.mjs";

const { WebSocket } = createRequire(new URL("../../client-js/package.json", import.meta.url))("ws");
const ROWS = JSON.parse(readFileSync(new URL("table.json", import.meta.url), "utf8"));
const ALL = ["websocket", "streaming", "event_source", "long_polling", "forever_iframe", "jsonp"];
const CAN = { node: ALL.slice(0, 4), chromium: ALL, rust: ["websocket", "long_polling"] };
const argument = (name, otherwise) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : otherwise);
const ONLY = argument("--only", "").split(",");
const CLIENTS = argument("--clients", "node,chromium,rust").split(",");
const SHOW = process.argv.includes("--show");
const MS = 2500;
const inTurn = { node: turns(40), chromium: turns(20), rust: turns(20) };
const heavyInTurn = turns(3);
/** What a client may ask for in that time, and take of one answer, if the row says nothing else. */
const MOST = { requests: 60, frames: 60, bytes: 100 << 20 };

const failures = [];
const uncaught = [];
let passed = 0;
let number = 0;
process.on("uncaughtException", (error) => uncaught.push(error));
process.on("unhandledRejection", (error) => uncaught.push(error));
const server = await serve();
const browser = CLIENTS.includes("chromium") ? await launch() : null;
const page = browser && (await browser.open(`http://127.0.0.1:${server.port}/`));
const RUN = { node: inNode, chromium: inPage, rust: inRust };
try {
  await page?.until("the page has the client", () => typeof window.everwire?.connect === "function");
  await page?.evaluate(`window.hasHeard = ${hasHeard}; window.watch = ${watch}; window.seen = {}; window.uncaught = []; ["error", "unhandledrejection"].forEach((name) =>
    addEventListener(name, (event) => uncaught.push(String((event.error || event.reason || event).stack || event.message))));`);
  const rows = ROWS.filter(({ name }) => ONLY.some((part) => name.includes(part)));
  for (const heavy of [false, true]) {
    const some = rows.filter((row) => !!row.heavy === heavy);
    await Promise.all(some.flatMap((row) => CLIENTS.flatMap((client) => overOf(row, client).map((transport) => cell(row, client, transport)))));
  }
  if (page) {
    // What scripts of other origins throw is theirs: those of `jsonp` rows.
    uncaught.push(...(await page.evaluate(() => window.uncaught)).filter((text) => text !== "Script error."));
  }
} finally {
  await browser?.close();
  server.stop();
}
failures.forEach((failure) => console.log(failure));
[...new Set(uncaught.map((error) => String(error?.stack ?? error)))].forEach((error) => console.log(`thrown out of the client: ${error}`));
console.log(`${passed} passed, ${failures.length} failed, ${uncaught.length} thrown`);
process.exit(failures.length + uncaught.length > 0 || passed === 0 ? 1 : 0);

function overOf(row, client) {
  return (row.clients ?? CLIENTS).includes(client) ? (row.over ?? ALL).filter((transport) => CAN[client].includes(transport)) : [];
}

async function cell(row, client, transport) {
  const path = String(number++);
  const place = new Place(row);
  let seen;
  try {
    server.places.set(path, place);
    seen = await (row.heavy ? heavyInTurn : inTurn[client])(() => RUN[client](path, transport, { ms: row.ms ?? MS, hears: row.hears ?? [], works: row.after === "works" }));
  } catch (error) {
    seen = { log: [], wrong: error.message };
  }
  const { requests, frames, longest } = place;
  const wrong = seen.wrong ?? judge({ ...row, ...row[client], ...row[`${client} ${transport}`], ...row[transport] }, seen, place);
  const told = `${row.name} [${client}, ${transport}]: ${wrong ?? "ok"} (${seen.log.join(", ")}; works ${seen.works}; ${requests} requests, ${frames} frames, ${longest} bytes)`;
  if (wrong) {
    failures.push(told);
  } else {
    passed += 1;
  }
  if (SHOW) {
    console.log(told);
  }
}

/** What is wrong, or null. */
function judge(row, { log, works, ms }, { requests, frames, longest }) {
  const hears = row.hears ?? [];
  const most = { ...MOST, ...row.most };
  const times = Math.max(1, ms / MS);
  if (!hasHeard(log, hears)) {
    return `not ${hears.join(", ")}`;
  }
  if ((row.after === "works") !== works) {
    return works ? "it works" : "it does not work";
  }
  if (row.after === "ended" && !new RegExp(`^${hears.at(-1)}$`).test(log.at(-1))) {
    return "it goes on";
  }
  if (requests > most.requests * times || frames > most.frames * times || longest > most.bytes) {
    return "too much";
  }
  return null;
}

function inNode(path, transport, plan) {
  return watch(connect, `http://127.0.0.1:${server.port}/${path}/everwire`, { transports: [transport], WebSocket, EventSource }, plan);
}

/** Each from a host of its own: a browser has few connections to one. */
async function inPage(path, transport, plan) {
  const url = `http://row${path}.localhost:${server.port}/${path}/everwire`;
  await page.evaluate((url, options, plan, path) => {
    watch(everwire.connect, url, options, plan).then((seen) => (window.seen[path] = seen));
  }, url, { transports: [transport] }, plan, path);
  return page.until("the row has ended", (path) => window.seen[path], path);
}

/** A program that says a line for each event, and ends with its input. */
function inRust(path, transport, { ms, works, hears }) {
  return new Promise((resolve, reject) => {
    // It cannot tell when all has been heard.
    const time = works ? 10 * ms : hears.length > 0 ? 3 * ms : ms;
    const child = spawn(process.env.EVERWIRE_WATCH, [`http://127.0.0.1:${server.port}/${path}/everwire`, transport, String(time)]);
    let out = "";
    let trouble = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (trouble += text));
    child.once("error", reject);
    child.once("close", (code) => {
      const log = out.split("\n").filter(Boolean);
      const seen = { log: log.filter((line) => line !== "works").slice(0, 50), works: log.includes("works"), ms: time };
      resolve(code === 0 && !trouble ? seen : { ...seen, wrong: `it ended with ${code}: ${trouble}` });
    });
  });
}
