// PhantomJS 1.9.8: the WebKit of 2011. No binary WebSocket, no bind, no Promise.
import { binaryOf, missingPackage, script } from "./phantom.mjs";
import { onePageEach } from "./one_page.mjs";

export const engine = {
  name: "phantom_1",
  title: "PhantomJS 1.9.8",
  year: "2011",
  every: true,
  works: { event_source: "same" },
  traits: { bind: false, binaryType: false, onLine: false, promise: false },
  notes: {
    websocket: "Speaks only the draft of 2010 (hixie-76), which has no binary frames. The client does not try it, and the server refuses such a handshake with status 400.",
    event_source: "An `EventSource` to another origin throws in its constructor. The client takes the next transport.",
  },
};

export const missing = () => missingPackage("phantomjs-1");

export async function start() {
  // Its Qt takes whatever OpenSSL there is, and crashes over a system certificate of today: it is shown none.
  const flags = ["--ssl-certificates-path=/nonexistent", script];
  return onePageEach((url) => [binaryOf("phantomjs-1"), [...flags, url], { env: { SSL_CERT_DIR: "/nonexistent" } }]);
}
