// npm run test:worker: the client in a web worker, which has neither window nor document.
import assert from "node:assert/strict";
import { launch } from "./chromium.mjs";
import { startStaticServer } from "./static-server.mjs";
import { Testbed } from "./testbed.mjs";

const testbed = new Testbed();
await testbed.start();
const site = await startStaticServer();
const browser = await launch();
try {
  const page = await browser.open(`${site.origin}/umd`);
  for (const transport of ["websocket", "streaming", "event_source", "long_polling", "forever_iframe", "jsonp", undefined]) {
    const seen = await page.evaluate(converse, `${site.origin}/everwire.js`, `${testbed.origin}/everwire`, transport);
    // The last two need a document.
    const expected = transport === "forever_iframe" || transport === "jsonp" ? "no_transport" : `[1,"two"] over ${transport ?? "websocket"}`;
    assert.equal(seen, expected, transport);
    console.log(`ok    ${transport ?? "all"}: ${seen}`);
  }
} finally {
  await browser.close();
  await site.close();
  await testbed.stop("SIGKILL");
}

function converse(script, url, transport) {
  const inside = (options) => {
    const socket = self.everwire.connect(options.url, options.transport ? { transports: [options.transport] } : {});
    socket.on("echo", (...args) => self.postMessage(`${JSON.stringify(args)} over ${socket.transport}`));
    socket.on("connect_error", (error) => self.postMessage(error.code));
    socket.emit("echo", 1, "two");
  };
  const text = `importScripts(${JSON.stringify(script)}); (${inside})(${JSON.stringify({ url, transport })});`;
  const worker = new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  return new Promise((resolve) => {
    worker.onmessage = (event) => resolve(event.data);
    worker.onerror = (event) => resolve(`thrown: ${event.message}`);
  }).finally(() => worker.terminate());
}
