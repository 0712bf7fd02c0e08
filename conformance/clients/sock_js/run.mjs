// SockJS's own client against the testbed: each scenario over each transport, in node and in Chromium on a page of another origin.
//
//   npm --prefix conformance/clients run test:sockjs -- --only "page jsonp-polling"
import { createServer } from "node:http";
import { createRequire } from "node:module";
import SockJS from "sockjs-client";
import { launch } from "../../../client-js/test/browser/chromium.mjs";
import { findTestbed, Testbed } from "../../../client-js/test/browser/testbed.mjs";
import { until } from "../../../client-js/test/browser/wait.mjs";
import { makeKit, perform } from "./kit.mjs";
import { scenarios } from "./scenarios.mjs";

const IN_NODE = ["websocket", "xhr-streaming", "eventsource", "xhr-polling"];
const IN_PAGES = [...IN_NODE, "iframe-eventsource", "iframe-htmlfile", "iframe-xhr-polling", "jsonp-polling"];
const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : "";
const failures = [];
let passed = 0;

const script = createRequire(import.meta.url).resolve("sockjs-client/dist/sockjs.js");
const testbed = new Testbed(findTestbed(), ["--sockjs-client", script]);
await testbed.start();
const site = await startSite();
const browser = await launch();
try {
  for (const transport of IN_NODE) {
    await row("node", transport, inNode);
  }
  for (const transport of IN_PAGES) {
    await row("page", transport, inPage);
  }
  await until("the server has forgotten all of them", async () => {
    const { sessions, rooms, pending_acks, queued_bytes, open_requests } = await testbed.stats();
    return sessions + rooms + pending_acks + queued_bytes + open_requests === 0;
  });
} finally {
  await browser.close();
  site.server.close();
  await testbed.stop("SIGKILL");
}
failures.forEach((failure) => console.log(failure));
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length > 0 || passed === 0 ? 1 : 0);

/** All scenarios over one transport: one after the other, since a browser has six connections for one host. */
async function row(place, transport, run) {
  const names = Object.keys(scenarios).filter((name) => `${place} ${transport} ${name}`.includes(only));
  const started = Date.now();
  const before = passed;
  for (const name of names) {
    const result = await run(scenarios[name], { origin: testbed.origin, transport });
    if (result === "ok") {
      passed += 1;
    } else {
      failures.push(`${place} ${transport}: ${name}: ${result}`);
    }
  }
  if (names.length) {
    console.log(`${place} ${transport.padEnd(18)} ${passed - before} of ${names.length} in ${Date.now() - started} ms`);
  }
}

function inNode(scenario, settings) {
  return perform(scenario, makeKit(SockJS, settings));
}

async function inPage(scenario, settings) {
  const page = await browser.open(site.origin);
  try {
    const run = (settings) => PERFORM(SCENARIO, MAKE_KIT(window.SockJS, settings));
    const parts = { PERFORM: perform, SCENARIO: asFunction(scenario), MAKE_KIT: makeKit };
    const code = Object.entries(parts).reduce((text, [name, part]) => text.replace(name, () => `(${part})`), `${run}`);
    return await page.evaluate(`(${code})(${JSON.stringify(settings)})`);
  } catch (error) {
    return error.message;
  } finally {
    await page.close();
  }
}

/** A method's text is no expression by itself. */
function asFunction(method) {
  return `${method}`.replace(/^async\s*("[^"]*"|\w+)?\s*\(/, "async function (");
}

/** Another origin than the testbed's: a page with the client. */
async function startSite() {
  const page = `<!doctype html><meta charset="utf-8"><title>sockjs</title><script src="${testbed.origin}/client/sockjs.js"></script>`;
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, origin: `http://127.0.0.1:${server.address().port}/` };
}
