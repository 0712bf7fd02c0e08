// Firefox over WebDriver BiDi, which it speaks itself.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import WebSocket from "ws";
import { within } from "../wait.mjs";
import { Process, firstOf, temporaryFolder } from "./process.mjs";

export const engine = { name: "firefox", title: "Firefox ESR", year: "today", every: true, life: true, notes: {} };

const binary = () => firstOf(process.env.FIREFOX, "/usr/bin/firefox-esr", "/usr/bin/firefox");

export function missing() {
  return binary() ? null : "no Firefox: apt-get install firefox-esr, or its path in FIREFOX";
}

/** No service of its own: what it asks for is what the tests ask for. */
const PREFERENCES = {
  "app.update.enabled": false,
  "browser.aboutwelcome.enabled": false,
  "browser.safebrowsing.provider.mozilla.updateURL": "",
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.getAddons.cache.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "remote.prefs.recommended": true,
  "services.settings.server": "http://127.0.0.1:1",
  "toolkit.telemetry.enabled": false,
};

export async function start() {
  const profile = temporaryFolder();
  const lines = Object.entries(PREFERENCES).map((pair) => `user_pref(${pair.map((part) => JSON.stringify(part)).join()});\n`);
  writeFileSync(join(profile.path, "user.js"), lines.join(""));
  const flags = ["--headless", "--no-remote", "--profile", profile.path, "--remote-debugging-port=0", "about:blank"];
  const child = new Process(binary(), flags, { env: { HOME: profile.path, MOZ_HEADLESS: "1" } });
  const close = async () => {
    await child.stop();
    profile.remove();
  };
  try {
    const [, url] = await child.says(/WebDriver BiDi listening on (ws:\/\/\S+)/);
    const bidi = await connect(`${url}/session`);
    await bidi("session.new", { capabilities: {} });
    const { contexts } = await bidi("browsingContext.getTree", {});
    return browser(bidi, contexts[0].context, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** Pages come one after the other, in the one tab there is. */
function browser(bidi, context, close) {
  const load = (url) => bidi("browsingContext.navigate", { context, url, wait: "none" });
  const network = (condition) => bidi("emulation.setNetworkConditions", { contexts: [context], networkConditions: condition });
  let other = null;
  return {
    close,
    async open(url) {
      await load(url);
      return { close: () => load("about:blank") };
    },
    offline: () => network({ type: "offline" }),
    online: () => network(null),
    async hide() {
      other = (await bidi("browsingContext.create", { type: "tab" })).context;
      await bidi("browsingContext.activate", { context: other });
    },
    async show() {
      await bidi("browsingContext.activate", { context });
      await bidi("browsingContext.close", { context: other });
    },
  };
}

/** Calls by name, each with its answer. */
async function connect(url) {
  const socket = new WebSocket(url);
  const calls = new Map();
  let last = 0;
  await within("Firefox takes the connection", new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject)));
  socket.on("error", () => {}); // What is under way is not answered, and that is bounded.
  socket.on("message", (text) => {
    const { id, type, result, message } = JSON.parse(text);
    const call = calls.get(id);
    calls.delete(id);
    if (type === "error") {
      call?.reject(new Error(message));
    } else {
      call?.resolve(result);
    }
  });
  return (method, params) => {
    const id = ++last;
    socket.send(JSON.stringify({ id, method, params }));
    return within(method, new Promise((resolve, reject) => calls.set(id, { resolve, reject })));
  };
}
