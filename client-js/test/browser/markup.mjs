// npm run test:markup: texts that would run as code, in Chromium, over what writes them into pages and scripts. Each arrives as it was sent, and none runs.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { launch } from "./chromium.mjs";
import { payloads } from "./markup-payloads.mjs";
import { installPageKit } from "./page-kit.mjs";
import { startStaticServer } from "./static-server.mjs";
import { Testbed } from "./testbed.mjs";
import { until } from "./wait.mjs";

/** What any of them asks for when it runs. */
const asked = [];
const trap = createServer((request, response) => {
  asked.push(request.url);
  response.writeHead(204).end();
});
await new Promise((resolve) => trap.listen(0, "127.0.0.1", resolve));
const texts = payloads(`http://127.0.0.1:${trap.address().port}`);

const testbed = new Testbed();
await testbed.start();
const unescaped = texts.map((text) => `<p>${text}</p>`).join("\n");
const site = await startStaticServer({ "/blank": "<!doctype html><title>blank</title>", "/unescaped": `<!doctype html>${unescaped}` });
const browser = await launch();
let failed = 0;
try {
  await check("as they are in a page, they do run", unguarded);
  for (const transport of ["forever_iframe", "jsonp", "event_source"]) {
    await check(`everwire: ${transport}`, () => native(transport));
  }
  for (const way of ["htmlfile", "jsonp", "eventsource"]) {
    await check(`SockJS: ${way}`, () => sockJs(way));
  }
} finally {
  await browser.close();
  await site.close();
  await testbed.stop("SIGKILL");
  trap.close();
}
console.log(`${texts.length} texts; ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

async function check(what, run) {
  asked.length = 0;
  try {
    await run();
    console.log(`ok    ${what}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${what}: ${error.message}`);
  }
}

async function unguarded() {
  const page = await browser.open(`${site.origin}/unescaped`);
  await until("more than 20 of them", () => new Set(asked).size > 20);
  await page.close();
}

/** As argument, key, event name and answer. */
async function native(transport) {
  const page = await browser.open(`${site.origin}/umd`);
  await page.evaluate(installPageKit);
  await page.evaluate((...args) => void (kit.line = kit.open(...args)), `${testbed.origin}/everwire`, { transports: [transport] }, ["echo"]);
  await page.evaluate((all) => {
    kit.answers = 0;
    all.forEach((text) => {
      kit.line.socket.emit("echo", text, { [text]: [text] });
      kit.line.socket.emit(text.slice(0, 60), () => (kit.answers += 1));
    });
  }, texts);
  await page.until("all of them", (count) => kit.line.received.echo.length === count && kit.answers === count, texts.length);
  const came = await page.evaluate(() => kit.line.received.echo);
  assert.deepEqual(came, texts.map((text) => [text, { [text]: [text] }]));
  await quiet(page);
}

/** The transports themselves, on a page of the server's own origin, where a text that ran could do most. */
async function sockJs(way) {
  const page = await browser.open(`${testbed.origin}/echo/`);
  await page.evaluate((kind) => {
    const session = `/echo/000/${Math.random().toString(36).slice(2)}`;
    window.came = [];
    const take = (frame) => frame[0] === "a" && window.came.push(...JSON.parse(frame.slice(1)));
    window.say = (texts) => fetch(`${session}/xhr_send`, { method: "POST", body: JSON.stringify(texts) });
    if (kind === "htmlfile") {
      // Each answer is ended after some bytes, and asked for again.
      window.back = { start() {}, message: take, stop: () => setTimeout(open) };
      const open = () => {
        const frame = document.body.appendChild(document.createElement("iframe"));
        frame.src = `${session}/htmlfile?c=back`;
      };
      open();
    } else if (kind === "jsonp") {
      const open = () => {
        const script = document.createElement("script");
        script.src = `${session}/jsonp?c=back&t=${Math.random()}`;
        document.head.appendChild(script);
      };
      window.back = (frame) => {
        take(frame);
        setTimeout(open);
      };
      open();
    } else {
      new EventSource(`${session}/eventsource`).onmessage = ({ data }) => take(data);
    }
  }, way);
  await page.until("an open session", () => window.say([]).then(({ status }) => status === 204));
  await page.evaluate((all) => window.say(all).then(() => {}), texts);
  await page.until("all of them", (count) => window.came.length === count, texts.length);
  assert.deepEqual(await page.evaluate(() => window.came), texts);
  await quiet(page);
}

/** Nothing has been asked for, and what runs late has had its time: a frame was drawn, and an image loaded after them. */
async function quiet(page) {
  await page.evaluate(
    (origin) =>
      new Promise((resolve) => {
        const last = new Image();
        last.onerror = last.onload = () => requestAnimationFrame(resolve);
        last.src = `${origin}/blank?${Math.random()}`;
      }),
    site.origin,
  );
  assert.deepEqual(asked, []);
  assert.deepEqual(page.problems, []);
  await page.close();
}
