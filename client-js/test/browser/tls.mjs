// npm run test:tls: each transport in Chromium over TLS, where HTTP/2 is what the browser takes, and the WebSocket as one of its streams.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch } from "./chromium.mjs";
import { Testbed } from "./testbed.mjs";

const TRANSPORTS = ["websocket", "streaming", "event_source", "long_polling", "forever_iframe", "jsonp"];

const folder = mkdtempSync(join(tmpdir(), "everwire-tls-"));
const [cert, key, log] = ["cert.pem", "key.pem", "net.json"].map((name) => join(folder, name));
const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
execFileSync("openssl", ["req", ...kind, ...names, "-keyout", key, "-out", cert], { stdio: "ignore" });

const testbed = new Testbed(undefined, ["--cert", cert, "--key", key, "--origins", "same"]);
let browser;
try {
  await testbed.start();
  browser = await launch(["--ignore-certificate-errors", `--log-net-log=${log}`]);
  for (const transport of TRANSPORTS) {
    const page = await browser.open(`${testbed.origin}/`);
    const seen = await page.evaluate(converse, transport);
    assert.equal(seen.said, `[1,"two"] over ${transport}`);
    assert.deepEqual(seen.others, [], "requests that were not HTTP/2");
    console.log(`ok    ${transport}: ${seen.requests} requests, all of them h2`);
    await page.close();
  }
} finally {
  await browser?.close();
  await testbed.stop("SIGKILL");
}
// The page is not told what its WebSocket ran over; the browser's own log is.
const events = readFileSync(log, "utf8");
assert.match(events, /:protocol: websocket/, "the WebSocket was a stream of HTTP/2");
assert.doesNotMatch(events, /HTTP\/1\.1 101/, "and not a connection of its own");
console.log("ok    the WebSocket: a stream of HTTP/2");
rmSync(folder, { recursive: true });

/** Asks for an echo, and what the page's requests went over. */
async function converse(transport) {
  const socket = window.everwire.connect("/everwire", { transports: [transport] });
  const said = await new Promise((resolve) => {
    socket.on("echo", (...args) => resolve(`${JSON.stringify(args)} over ${socket.transport}`));
    socket.on("connect_error", (error) => resolve(error.code));
    socket.emit("echo", 1, "two");
  });
  socket.close?.();
  const requests = performance.getEntries().filter(({ nextHopProtocol }) => nextHopProtocol);
  const others = requests.filter(({ nextHopProtocol }) => nextHopProtocol !== "h2");
  return { said, requests: requests.length, others: others.map(({ name, nextHopProtocol }) => [name, nextHopProtocol]) };
}
