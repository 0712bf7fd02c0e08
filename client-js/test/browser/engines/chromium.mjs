// Chromium as it is now, by the driver that the Chromium suite uses.
import { launch } from "../chromium.mjs";
import { firstOf } from "./process.mjs";

export const engine = { name: "chromium", title: "Chromium", year: "today", every: true, life: true, notes: {} };

export function missing() {
  const found = firstOf(process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome");
  return found ? null : "no Chromium: apt-get install chromium, or its path in CHROMIUM";
}

/** More of what can befall a page is in lifecycle.mjs. */
export async function start() {
  const browser = await launch();
  let page;
  const network = async (offline) => {
    await page.send("Network.enable");
    await page.send("Network.emulateNetworkConditions", { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
    // Undone before the page has heard of it, it would never have been.
    await page.until("the page knows", (wanted) => navigator.onLine === wanted, !offline);
  };
  return {
    close: () => browser.close(),
    async open(url) {
      page = await browser.open(url);
      return page;
    },
    offline: () => network(true),
    online: () => network(false),
    async hide() {
      const { targetId } = await browser.send("Target.createTarget", { url: "about:blank" });
      await browser.send("Target.activateTarget", { targetId });
    },
    show: () => page.send("Page.bringToFront"),
  };
}
