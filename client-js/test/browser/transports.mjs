// npm run test:chromium: every check over every transport forced alone, in Chromium, from the server's own page
// (UMD file) and from another origin's (minified, as ES module where that has the transport).
//
//   npm run test:chromium -- --transport jsonp,websocket --origin cross --check rooms
import { launch } from "./chromium.mjs";
import { checks } from "./checks.mjs";
import { installPageKit } from "./page-kit.mjs";
import { startStaticServer } from "./static-server.mjs";
import { Testbed } from "./testbed.mjs";
import { within } from "./wait.mjs";

const TRANSPORTS = ["websocket", "event_source", "streaming", "long_polling", "forever_iframe", "jsonp"];
const ORIGINS = ["same", "cross"];
const CHECK_MS = 60_000;

const chosen = {
  transports: option("transport", TRANSPORTS),
  origins: option("origin", ORIGINS),
  checks: option("check", Object.keys(checks)),
};
const failures = [];
let passed = 0;

const testbed = new Testbed();
await testbed.start();
const site = await startStaticServer();
const browser = await launch();
try {
  console.log(row("transport", "origin", chosen.checks));
  for (const transport of chosen.transports) {
    for (const origin of chosen.origins) {
      const cells = [];
      for (const name of chosen.checks) {
        cells.push(await run(name, transport, origin));
      }
      console.log(row(transport, origin, cells));
    }
  }
} finally {
  await browser.close();
  await site.close();
  await testbed.stop("SIGKILL");
}

failures.forEach((failure) => console.log(`\n${failure}`));
console.log(`\n${passed} passed, ${failures.length} failed`);
process.exit(failures.length > 0 ? 1 : 0);

/** Runs one check and returns its cell of the table. */
async function run(name, transport, origin) {
  const pages = [];
  const started = Date.now();
  try {
    await within(name, checks[name](contextOf(transport, origin, pages)), CHECK_MS);
    passed += 1;
    return `${Date.now() - started} ms`;
  } catch (error) {
    failures.push(`${name} over ${transport}, ${origin} origin: ${error.message}${await evidence(pages)}`);
    return "FAIL";
  } finally {
    await cleanUp(pages);
  }
}

function contextOf(transport, origin, pages) {
  const url = `${testbed.origin}/everwire`;
  // The module has the transports of today.
  const elsewhere = ["forever_iframe", "jsonp"].includes(transport) ? "/umd-min" : "/module-min";
  async function opened(options = {}, names = []) {
    const page = await browser.open(origin === "same" ? `${testbed.origin}/` : site.origin + elsewhere);
    pages.push(page);
    await page.until("the page has the client", () => typeof window.everwire?.connect === "function");
    await page.evaluate(installPageKit);
    const all = { transports: [transport], ...options };
    await page.evaluate((...args) => void (kit.line = kit.open(...args)), url, all, names);
    return page;
  }
  async function connected(options, names) {
    const page = await opened(options, names);
    await page.until("connect", () => kit.line.log.some(([name]) => name === "connect"));
    return page;
  }
  return { connected, opened, testbed, transport, url };
}

/** What the pages and the server had to say, for the reader of a failure. */
async function evidence(pages) {
  const parts = [];
  for (const [index, page] of pages.entries()) {
    const log = await page.evaluate(() => JSON.stringify(window.kit?.line?.log)).catch((error) => error.message);
    parts.push(`page ${index + 1}: local events ${log}`, ...page.problems.slice(0, 5));
  }
  parts.push(...testbed.log.trim().split("\n").slice(-5));
  return parts.filter(Boolean).map((part) => `\n    ${part}`).join("");
}

/** Leaves no page and a running server to the next check. */
async function cleanUp(pages) {
  for (const page of pages) {
    await page.close().catch((error) => failures.push(`closing a page: ${error.message}`));
  }
  if (!testbed.running) {
    await testbed.start();
  }
}

function option(name, all) {
  const at = process.argv.indexOf(`--${name}`);
  const wanted = at < 0 ? all : (process.argv[at + 1] ?? "").split(",");
  const unknown = wanted.filter((item) => !all.includes(item));
  if (unknown.length > 0) {
    console.error(`--${name}: no ${unknown.join(", ")}; there is ${all.join(", ")}`);
    process.exit(2);
  }
  return wanted;
}

function row(transport, origin, cells) {
  return transport.padEnd(15) + origin.padEnd(6) + cells.map((cell) => cell.padStart(9)).join("");
}
