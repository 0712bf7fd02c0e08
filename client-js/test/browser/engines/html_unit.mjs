// HtmlUnit as Internet Explorer 8. An emulation: it shows how the client finds its way without what newer engines have,
// not how Internet Explorer reads a network.
import { fileURLToPath } from "node:url";
import { onePageEach } from "./one_page.mjs";
import { firstOf } from "./process.mjs";

const LATER = "Internet Explorer 8 does not have it: there is no `WebSocket`, no `EventSource`, no `addEventListener` for what a frame posts, and an answer can be read at its end only.";
const FOREIGN = "To another origin Internet Explorer 8 and 9 have `XDomainRequest`, which the client uses; HtmlUnit shows it and cannot make one. A test with a page made like Internet Explorer 8 stands for it.";
const NOTES = {
  websocket: LATER,
  streaming: LATER,
  event_source: LATER,
  forever_iframe: LATER,
  long_polling: FOREIGN,
  free: FOREIGN,
  jsonp: "HtmlUnit does nothing else while it loads a script, so the form that the script waits for is sent too late. A browser does both at once; the same test stands for it.",
};

export const engine = {
  name: "html_unit",
  title: "HtmlUnit as IE 8",
  year: "2009",
  every: false,
  works: { long_polling: "same", free: "same" },
  traits: { promise: false, typedArrays: false, webSocket: false },
  notes: NOTES,
};

const inside = (path) => fileURLToPath(new URL(path, import.meta.url));
const jar = inside("node_modules/htmlunit/lib/runner/selenium-server-standalone-2.47.1.jar");
const JAVA = "/usr/bin/java";

export function missing() {
  if (!firstOf(JAVA)) {
    return "no Java: apt-get install default-jdk-headless";
  }
  return firstOf(jar) ? null : "no package htmlunit: npm ci --ignore-scripts in client-js/test/browser/engines";
}

export async function start() {
  return onePageEach((url) => [JAVA, ["-cp", jar, inside("HtmlUnitPage.java"), "INTERNET_EXPLORER_8", url]]);
}
