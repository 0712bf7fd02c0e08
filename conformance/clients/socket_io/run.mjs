// Socket.IO's own clients against the testbed: each scenario with each client over each transport, in node and in Chromium.
//
//   npm --prefix conformance/clients run test:socketio -- --only "4 polling" --place node
import { createRequire } from "node:module";
import { launch } from "../../../client-js/test/browser/chromium.mjs";
import { Testbed } from "../../../client-js/test/browser/testbed.mjs";
import { until } from "../../../client-js/test/browser/wait.mjs";
import { makeKit } from "./kit.mjs";
import { scenarios } from "./scenarios.mjs";
import { startSite } from "./site.mjs";

const require = createRequire(import.meta.url);
const CLIENTS = { 4: "socket.io-client", 2: "socket.io-client-2" };
const parser = require("socket.io-msgpack-parser");
const TRANSPORTS = { polling: ["polling"], websocket: ["websocket"], both: ["polling", "websocket"] };
const NAMES = Object.keys(scenarios);

const only = option("only") ?? "";
const places = option("place") ? [option("place")] : ["node", "page", "cross"];
const failures = [];
let passed = 0;

const testbed = new Testbed();
await testbed.start();
const site = await startSite();
const browser = places.some((place) => place !== "node") ? await launch() : null;
try {
  for (const place of places) {
    for (const major of [4, 2]) {
      for (const [name, transports] of Object.entries(TRANSPORTS)) {
        await row(place, major, name, { transports });
      }
    }
    if (place !== "cross") {
      await row(place, 4, "packed", { path: "/packed", transports: TRANSPORTS.both });
    }
  }
  if (browser && !only) {
    await credentials();
  }
  let stats;
  await attempt("afterwards", () => until("the server has forgotten all of them", async () => {
    stats = await testbed.stats();
    return stats.sessions + stats.namespaces + stats.rooms + stats.pending_acks + stats.queued_bytes === 0;
  }));
  console.log(JSON.stringify(stats));
} finally {
  await browser?.close();
  await site.close();
  await testbed.stop("SIGKILL");
}
failures.forEach((failure) => console.log(failure));
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length > 0 || passed === 0 ? 1 : 0);

/** All scenarios with one client over one transport. */
async function row(place, major, name, more) {
  const title = `${place} ${major} ${name}`;
  const wanted = NAMES.filter((scenario) => `${title} ${scenario}`.includes(only));
  const settings = { url: testbed.origin, major, options: { ...more, withCredentials: major === 2 } };
  const run = place === "node" ? inNode : inPage;
  const before = passed;
  const runs = wanted
    .filter((scenario) => (scenario !== "upgrade" || more.transports.length > 1) && (scenario !== "recovery" || major === 4))
    .map((scenario) => () => attempt(`${title}: ${scenario}`, () => run(scenario, settings, place)));
  if (place === "node") {
    await Promise.all(runs.map((one) => one()));
  } else {
    // A browser opens six connections to a host, and all its pages share them.
    for (const one of runs) {
      await one();
    }
  }
  if (runs.length > 0) {
    console.log(`${title.padEnd(18)} ${passed - before} of ${runs.length}`);
  }
}

async function attempt(title, run) {
  try {
    await run();
    passed += 1;
  } catch (error) {
    failures.push(`${title}: ${error.message}`);
  }
}

async function inNode(scenario, settings) {
  const module = require(CLIENTS[settings.major]);
  // The page's bundle has it inside.
  const options = settings.options.path ? { ...settings.options, parser } : settings.options;
  const kit = makeKit(module.io ?? module, { ...settings, options });
  try {
    await scenarios[scenario](kit);
  } finally {
    kit.close();
  }
}

/** In a page of the testbed's own origin, or of another one. */
async function inPage(scenario, settings, place) {
  const page = await opened(settings.options.path ? "packed" : settings.major, place);
  try {
    await page.evaluate(`(async () => {
      const kit = (${makeKit})(window.io, ${JSON.stringify(settings)});
      const scenarios = {${scenarios[scenario]}};
      try {
        await scenarios[${JSON.stringify(scenario)}](kit);
      } finally {
        kit.close();
      }
    })()`);
  } finally {
    await page.close();
  }
}

async function opened(client, place) {
  const page = await browser.open(place === "cross" ? `${site.origin}/` : `${testbed.origin}/`);
  await page.evaluate((src) => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, { src, onload: resolve, onerror: () => reject(new Error(src)) });
    document.head.append(script);
  }), `${site.origin}/${client}.js`);
  return page;
}

/** From another origin: cookies go along where the server lets them, and else the browser keeps the answer from the page. */
async function credentials() {
  for (const [path, withCredentials, wanted] of [
    ["/socket.io", true, "connect"],
    ["/socket.io", false, "connect"],
    ["/custom/path", false, "connect"],
    ["/custom/path", true, "connect_error"],
  ]) {
    await attempt(`cross 4 polling at ${path}, credentials ${withCredentials}`, async () => {
      const page = await opened(4, "cross");
      const got = await page.evaluate((url, options) => new Promise((resolve) => {
        const socket = io(url, options);
        ["connect", "connect_error"].forEach((event) => socket.on(event, () => resolve(event)));
      }), testbed.origin, { path, withCredentials, transports: ["polling"], reconnection: false });
      await page.close();
      if (got !== wanted) {
        throw new Error(`${got}, not ${wanted}`);
      }
    });
  }
}

function option(name) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? null : (process.argv[at + 1] ?? "");
}
