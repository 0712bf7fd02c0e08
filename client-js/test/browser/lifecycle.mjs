// npm run test:lifecycle: what a page goes through in real Chromium, and what becomes of its session: offline, hidden, frozen, asleep,
// stored away and shown again, left. Reconnection waits for an hour here, and heartbeats for a minute: only the event itself can bring
// a session back in the time that a check has.
import assert from "node:assert/strict";
import { launch } from "./chromium.mjs";
import { Gate } from "./gate.mjs";
import { installPageKit } from "./page-kit.mjs";
import { startStaticServer } from "./static-server.mjs";
import { Testbed } from "./testbed.mjs";
import { until, within } from "./wait.mjs";

process.setMaxListeners(100);
const HOUR = 3_600_000;
const CHECK_MS = 60_000;
const TRANSPORTS = ["websocket", "streaming", "event_source", "long_polling"];
const PATIENT = { reconnection: { delay: HOUR, maxDelay: HOUR } };

const other = `<!doctype html><meta charset="utf-8"><title>another page</title><link rel="icon" href="data:,">`;
// npm run test:lifecycle -- --check stored,websocket
const only = process.argv[2] === "--check" ? process.argv[3].split(",") : [""];

const cases = {
  offline,
  hidden,
  asleep,
  "asleep, the connection dead": asleepMute,
  frozen,
  stored,
  left,
};
// Else Chromium stores every page.
const flags = { left: ["--disable-features=BackForwardCache"] };

let failed = 0;
for (const [name, check] of Object.entries(cases)) {
  for (const transport of TRANSPORTS) {
    // A browser asks anew over connections that are idle, as if they were alive; a WebSocket has one of its own.
    if (only.some((part) => `${name} ${transport}`.includes(part)) && (check !== asleepMute || transport === "websocket")) {
      await run(`${name} ${transport}`, check, transport);
    }
  }
}
process.exit(failed > 0 ? 1 : 0);

async function run(title, check, transport) {
  const testbed = new Testbed(undefined, ["--ping-interval-ms", "60000"]);
  await testbed.start();
  const gate = await new Gate(testbed.port).listen();
  const site = await startStaticServer({ "/other": other });
  const browser = await launch(flags[check.name]);
  const started = Date.now();
  let page;
  try {
    page = await browser.open(`${site.origin}/module`);
    await connected(page, `${gate.origin}/everwire`, { transports: [transport], ...PATIENT });
    await within(title, check({ page, browser, gate, testbed, site, transport }), CHECK_MS);
    assert.deepEqual(page.problems, []);
    console.log(`ok    ${title}: ${Date.now() - started} ms`);
  } catch (error) {
    failed += 1;
    const log = await within("log", page.evaluate(() => JSON.stringify(window.kit?.line?.log)), 2000).catch(String);
    const stats = await testbed.stats().catch(String);
    console.log(`FAIL  ${title}: ${error.message}\n    local events ${log}; server ${JSON.stringify(stats)}\n    ${page.problems.join("\n    ")}`);
  } finally {
    await browser.close();
    await site.close();
    await gate.close();
    await testbed.stop("SIGKILL");
  }
}

async function connected(page, url, options) {
  await page.until("the page has the client", () => typeof window.everwire?.connect === "function");
  await page.evaluate(installPageKit);
  await page.evaluate((...args) => void (kit.line = kit.open(...args)), url, options, ["echo", "tick"]);
  await page.until("connect", () => kit.line.log.some(([name]) => name === "connect"));
  await emit(page, 0, 10);
  await echoed(page, 10);
}

async function emit(page, from, to) {
  await page.evaluate((first, end) => {
    for (let number = first; number < end; number += 1) {
      kit.line.socket.emit("echo", number);
    }
  }, from, to);
}

/** All came back, once and in order, over one session. */
async function echoed(page, count) {
  await page.until(`${count} echoes`, (many) => kit.line.received.echo.length >= many, count);
  const seen = await page.evaluate(() => ({
    echoes: kit.line.received.echo.map(([number]) => number),
    opened: kit.line.log.filter(([name]) => name === "connect" || name === "disconnect").length,
  }));
  assert.deepEqual(seen, { echoes: Array.from({ length: count }, (_, number) => number), opened: 1 });
}

async function sessions(testbed, expected) {
  await until(`the server has ${JSON.stringify(expected)}`, async () => {
    const { sessions, suspended } = await testbed.stats();
    return sessions === expected.sessions && suspended === expected.suspended;
  });
}

async function lost({ page, gate, testbed, transport }) {
  gate.shut();
  await page.until("suspended", () => kit.line.log.some(([name]) => name === "suspended"));
  await letGo(testbed, transport);
  await emit(page, 10, 20);
}

async function letGo(testbed, transport) {
  // The server does not take a missing poll for the end of a carrier, but none is held.
  await until("nothing is held", async () => {
    const { sessions, suspended, open_requests: held } = await testbed.stats();
    return sessions === 1 && (transport === "long_polling" ? held === 0 : suspended === 1);
  });
}

async function back({ page, testbed }) {
  await page.until("resumed", () => kit.line.log.some(([name]) => name === "resumed"));
  await echoed(page, 20);
  await sessions(testbed, { sessions: 1, suspended: 0 });
}

/** The network goes, and comes. */
async function offline(context) {
  const { page, gate } = context;
  const conditions = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
  await page.send("Network.enable");
  await page.send("Network.emulateNetworkConditions", { ...conditions, offline: true });
  await lost(context);
  gate.open();
  await page.send("Network.emulateNetworkConditions", { ...conditions, offline: false });
  await back(context);
}

/** The user looks at another tab, and comes back. */
async function hidden(context) {
  const { page, browser, gate } = context;
  const { targetId } = await browser.send("Target.createTarget", { url: "about:blank" });
  await browser.send("Target.activateTarget", { targetId });
  await page.until("hidden", () => document.hidden);
  await lost(context);
  gate.open();
  await page.send("Page.bringToFront");
  await page.until("visible", () => !document.hidden);
  await back(context);
}

/** The machine has slept, and its time of day has gone on. */
async function asleep(context) {
  await lost(context);
  context.gate.open();
  await sleep(context.page);
  await back(context);
}

/** The same, and nobody has told that the connection is dead. */
async function asleepMute({ page, gate, testbed }) {
  gate.mute();
  await emit(page, 10, 20);
  await sleep(page);
  await echoed(page, 20);
  await sessions(testbed, { sessions: 1, suspended: 0 });
}

function sleep(page) {
  return page.evaluate((hour) => {
    const awake = Date;
    window.Date = class extends awake {
      constructor() {
        super(awake.now() + hour);
      }
    };
  }, HOUR);
}

/** The browser stops the page for a while. */
async function frozen({ page, testbed, gate, transport }) {
  await page.send("Page.setWebLifecycleState", { state: "frozen" });
  gate.shut();
  await letGo(testbed, transport);
  gate.open();
  await page.send("Page.setWebLifecycleState", { state: "active" });
  await emit(page, 10, 20);
  await echoed(page, 20);
  await sessions(testbed, { sessions: 1, suspended: 0 });
}

/** The user follows a link and comes back: the browser has kept the page. */
async function stored({ page, site, testbed, transport }) {
  await page.evaluate(() => {
    window.shown = [];
    window.addEventListener("pageshow", (event) => window.shown.push(event.persisted));
    // Behind the client's own handler: what is said last must arrive, too.
    window.addEventListener("pagehide", () => kit.line.socket.emit("echo", 10));
  });
  await page.evaluate(() => void kit.line.socket.emit("count", 50));
  await page.load(`${site.origin}/other`);
  await letGo(testbed, transport);
  await page.evaluate(() => history.back()).catch(() => {});
  await page.until("shown again", () => window.shown?.includes(true));
  await emit(page, 11, 20);
  await echoed(page, 20);
  await page.until("all ticks", () => kit.line.received.tick.length >= 50);
  assert.deepEqual(await page.evaluate(() => kit.line.received.tick.map(([number]) => number)), Array.from({ length: 50 }, (_, number) => number));
  await sessions(testbed, { sessions: 1, suspended: 0 });
}

/** The user follows a link, and the browser keeps nothing: the session is over, what was said last has arrived. */
async function left({ page, site, testbed }) {
  await page.load(`${site.origin}/other`);
  await sessions(testbed, { sessions: 0, suspended: 0 });
}
