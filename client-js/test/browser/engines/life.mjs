// What happens to a page in its life, in the engines that have it and let a driver cause it. Chromium has a suite of its own for all
// of this and more (lifecycle.mjs); here is what can be compared between engines.
import { until } from "../wait.mjs";

/** Each with the transport under which it shows most, and what the engine's browser must be able to do. */
export const LIFE = [
  { name: "stored", transport: "websocket", needs: null },
  { name: "offline", transport: "long_polling", needs: "offline" },
  { name: "hidden", transport: "websocket", needs: "hide" },
];

/** Does what a page asks for; what must wait until it has its answer is returned. */
export async function control(word, browser, testbed) {
  if (word === "restart") {
    await testbed.stop("SIGKILL");
    await testbed.start();
  } else if (word === "hide") {
    return () => browser.hide().catch(() => {}); // The page reports that it was not, by being late.
  } else if (word === "show") {
    return () => browser.show().catch(() => {});
  } else if (word === "offline") {
    return () => absence(browser, testbed).catch(() => {});
  }
}

async function absence(browser, testbed) {
  await browser.offline();
  await until("the server holds nothing for the page", async () => (await testbed.stats()).open_requests === 0).catch(() => {});
  await browser.online();
}
