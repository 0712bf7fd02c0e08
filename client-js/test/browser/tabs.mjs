// npm run test:tabs: many pages of one browser over HTTP/1.1, where all together have six connections to a host. Without WebSocket
// each wants to hold one; still all must connect, exchange events both ways, and get what else they ask the server for.
//
//   npm run test:tabs -- --tabs 8 --transports event_source,long_polling
import assert from "node:assert/strict";
import { launch } from "./chromium.mjs";
import { installPageKit } from "./page-kit.mjs";
import { Testbed } from "./testbed.mjs";
import { within } from "./wait.mjs";

const ALL_MS = 120_000;
const WITHOUT_WEBSOCKET = ["streaming", "event_source", "long_polling", "forever_iframe"];

const option = (name) => (process.argv.includes(`--${name}`) ? process.argv[process.argv.indexOf(`--${name}`) + 1].split(",") : null);
const tabs = option("tabs")?.map(Number);
const transports = option("transports");
const runs = [
  [6, WITHOUT_WEBSOCKET],
  [8, ["event_source", "long_polling"]],
  [12, WITHOUT_WEBSOCKET],
].filter(([count, names]) => (!tabs || tabs.includes(count)) && (!transports || String(names) === String(transports)));

let failed = 0;
for (const [count, names] of runs) {
  const title = `${count} tabs, ${names.join()}`;
  const started = Date.now();
  const testbed = new Testbed();
  await testbed.start();
  const browser = await launch();
  const pages = [];
  try {
    await within(title, exchange(testbed, browser, pages, count, names), ALL_MS);
    console.log(`ok    ${title}: ${Date.now() - started} ms, at last ${await carriers(testbed)}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${title}: ${error.message}; ${pages.length} opened, ${await carriers(testbed)}`);
  } finally {
    await browser.close();
    await testbed.stop("SIGKILL");
  }
}
process.exit(failed > 0 ? 1 : 0);

async function exchange(testbed, browser, pages, count, names) {
  for (let tab = 0; tab < count; tab += 1) {
    // The page itself comes from this host, too.
    const page = await browser.open(`${testbed.origin}/`);
    pages.push(page);
    await page.evaluate(installPageKit);
    await page.evaluate((...args) => void (kit.line = kit.open(...args)), `${testbed.origin}/everwire`, { transports: names }, ["said"]);
  }
  const each = (run) => Promise.all(pages.map(run));
  await each((page) => page.until("connect", () => kit.line.log.some(([name]) => name === "connect")));
  assert.deepEqual(await each((page) => page.evaluate(() => kit.line.socket.emitWithAck("join", "tabs"))), pages.map(() => true));
  await each((page, tab) => page.evaluate((number) => void kit.line.socket.emit("say", "tabs", number), tab));
  // Each hears all others, each of them once.
  await each((page) => page.until("what the others say", (others) => kit.line.received.said.length >= others, count - 1));
  const heard = await each((page) => page.evaluate(() => kit.line.received.said.map(([, number]) => number).sort((a, b) => a - b)));
  assert.deepEqual(heard, pages.map((_, tab) => pages.map((_page, number) => number).filter((number) => number !== tab)));
  assert.deepEqual(await each((page) => page.evaluate(() => fetch("/stats").then((answer) => answer.status))), pages.map(() => 200));
  const ends = await each((page) => page.evaluate(() => kit.line.log.filter(([name]) => name === "disconnect" || name === "error")));
  assert.deepEqual(ends, pages.map(() => []));
}

async function carriers(testbed) {
  const { sessions, suspended, carriers: by } = await testbed.stats();
  const stand = Object.entries(by).filter(([, number]) => number > 0);
  return JSON.stringify({ sessions, suspended, ...Object.fromEntries(stand) });
}
