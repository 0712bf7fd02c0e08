// The npm client in Chromium: a page for each transport, and several clients in each page.
import { launch } from "../../../client-js/test/browser/chromium.mjs";
import { startPeer } from "./peer.mjs";
import { clients, obey, ports, settingOf, tell } from "./words.mjs";

const LOOK_EVERY_MS = 200;

const transports = [...new Set(clients.map((client) => client.transport))];
const browser = await launch();
const pages = await Promise.all(transports.map(openPage));

/**
 * Each client has a host of its own, all of which are this machine: a browser opens six connections to a host, and streams
 * of several clients would wait for each other. The first of each page has the page's, so it is of the same origin.
 */
async function openPage(transport, district) {
  const port = ports[district % ports.length];
  const host = `${transport.replace("_", "-")}.localhost:${port}`;
  const page = await browser.open(`http://${host}/`);
  await page.until("the page has the client", () => typeof window.everwire?.connect === "function");
  await page.evaluate(`window.reports = []; window.startPeer = ${startPeer}; window.peers = []`);
  const settings = clients
    .filter((client) => client.transport === transport)
    .map((client, number) => {
      const place = number === 0 ? host : `client${number}.localhost:${ports[(district + number) % ports.length]}`;
      return settingOf(client, `http://${place}/everwire`);
    });
  await page.evaluate((all) => {
    window.peers = all.map((one) => startPeer(everwire, one, (report) => window.reports.push(report)));
  }, settings);
  return page;
}

async function listen() {
  for (const page of pages) {
    (await page.evaluate(() => window.reports.splice(0))).forEach(tell);
  }
}

const everyPage = (code) => () => Promise.all(pages.map((page) => page.evaluate(code)));
let quitting = false;

obey({
  goodbye: everyPage(() => window.peers.forEach((peer) => peer.goodbye())),
  state: everyPage(() => window.peers.forEach((peer) => peer.state())),
  async quit() {
    quitting = true;
    await browser.close();
  },
});

while (!quitting) {
  try {
    await listen();
  } catch (error) {
    if (!quitting) {
      throw error;
    }
  }
  await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}
