// npm run test:policy: pages with a Content-Security-Policy, in Chromium. With what docs/browsers.md names each transport
// works, and without any one of these parts it does not.
import assert from "node:assert/strict";
import { launch } from "./chromium.mjs";
import { installPageKit } from "./page-kit.mjs";
import { startStaticServer } from "./static-server.mjs";
import { Testbed } from "./testbed.mjs";

const NONCE = "c2VjcmV0";

const testbed = new Testbed();
await testbed.start();
const host = `127.0.0.1:${testbed.port}`;

/** What each needs beside the policy that all pages have. */
const needs = {
  websocket: [`connect-src ws://${host}`],
  streaming: [`connect-src http://${host}`],
  event_source: [`connect-src http://${host}`],
  long_polling: [`connect-src http://${host}`],
  forever_iframe: [`connect-src http://${host}`, `frame-src http://${host}`],
  jsonp: [`frame-src http://${host}`, `form-action http://${host}`],
};

const pages = {};
const cases = Object.entries(needs).flatMap(([transport, directives]) => [
  tried(transport, directives, { nonce: NONCE }, true),
  ...directives.map((taken) => tried(transport, directives.map((one) => (one === taken ? none(one) : one)), { nonce: NONCE }, false)),
]);
cases.push(tried("jsonp", needs.jsonp, {}, false));

const site = await startStaticServer(pages);
const browser = await launch();
let failed = 0;
try {
  await Promise.all(cases.map(run));
} finally {
  await browser.close();
  await site.close();
  await testbed.stop("SIGKILL");
}
console.log(`${cases.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

function none(directive) {
  return `${directive.split(" ")[0]} 'none'`;
}

/** One page with its policy, and what is to be seen there. */
function tried(transport, directives, options, works) {
  const policy = ["default-src 'none'", `script-src 'nonce-${NONCE}'`, ...directives].join("; ");
  const path = `/policy-${Object.keys(pages).length}`;
  pages[path] = `<!doctype html><meta charset="utf-8"><title>policy</title>
    <meta http-equiv="Content-Security-Policy" content="${policy}"><script nonce="${NONCE}" src="/everwire.js"></script><body>`;
  return { path, transport, policy, options: { transports: [transport], reconnection: { attempts: 1, delay: 1 }, ...options }, works };
}

async function run({ path, transport, policy, options, works }) {
  const page = await browser.open(`${site.origin}${path}`);
  try {
    await page.evaluate(installPageKit);
    await page.evaluate((...args) => void (kit.line = kit.open(...args)), `http://${host}/everwire`, options);
    // Its ack comes behind the answer to the request that asked for it: so over the stream, where there is one.
    await page.evaluate(() => void kit.line.socket.emit("sleep", 100, () => kit.line.log.push(["slept"])));
    const bad = ["connect_error", "suspended", "disconnect"];
    await page.until(works ? "the ack" : "a failure", (names) => kit.line.log.some(([name]) => names.includes(name)), works ? ["slept"] : bad);
    const failures = await page.evaluate((names) => kit.line.log.filter(([name]) => names.includes(name)).length, bad);
    assert.equal(failures > 0, !works);
    console.log(`ok    ${transport}${works ? "" : " is refused"}: ${policy}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${transport}: ${policy}: ${error.message}`);
  } finally {
    await page.close();
  }
}
