// SockJS's own client in PhantomJS 1.9.8, whose WebSockets are those of 2010 (hixie-76): the oldest engine that can still be had.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { missing, start } from "../../../client-js/test/browser/engines/phantom_1.mjs";
import { findTestbed, Testbed } from "../../../client-js/test/browser/testbed.mjs";
import { until } from "../../../client-js/test/browser/wait.mjs";

// Its EventSource does not go to another origin.
const TRANSPORTS = ["websocket", "xhr-streaming", "iframe-eventsource", "iframe-htmlfile", "xhr-polling", "iframe-xhr-polling", "jsonp-polling"];
const TEXTS = ["one", "", "\u00fc \uffff \u2028 \u200d", "</script><!--", '"]["', "x".repeat(70_000)];

const why = missing();
if (why) {
  console.log(`left out: ${why}`);
  process.exit(0);
}
// The other build does not parse there.
const script = createRequire(import.meta.url).resolve("sockjs-client/dist/sockjs.min.js");
const testbed = new Testbed(findTestbed(), ["--sockjs-client", script]);
await testbed.start();
const site = createServer((_, response) => response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page()));
await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
const engine = await start();
const opened = await engine.open(`http://127.0.0.1:${site.address().port}/`);
let failed = TRANSPORTS.length;
try {
  await until("the page tells its end", () => opened.log().includes("END"));
  failed = TRANSPORTS.filter((transport) => !opened.log().includes(`${transport}: right\n`)).length;
} catch (error) {
  console.log(error.message);
} finally {
  console.log(opened.log());
  await opened.close();
  await engine.close();
  site.close();
  await testbed.stop("SIGKILL");
}
process.exit(failed ? 1 : 0);

/** ES3. Each transport in turn: what is sent comes back, and nothing else. */
function page() {
  const code = function (origin, transports, texts) {
    function next() {
      var name = transports.shift();
      if (!name) {
        return console.log("END");
      }
      var socket = new window.SockJS(origin + "/echo", null, { transports: [name] });
      var got = [];
      socket.onopen = function () {
        for (var i = 0; i < texts.length; i++) {
          socket.send(texts[i]);
        }
      };
      socket.onmessage = function (event) {
        got.push(event.data);
        if (got.length === texts.length) {
          socket.close(3456, "done");
        }
      };
      socket.onclose = function (event) {
        var right = event.code === 3456 && JSON.stringify(got) === JSON.stringify(texts);
        console.log(name + ": " + (right ? "right" : event.code + " " + event.reason + " " + JSON.stringify(got).slice(0, 200)));
        next();
      };
    }
    next();
  };
  const [transports, texts] = [TRANSPORTS, TEXTS].map((list) => JSON.stringify(list).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028"));
  return `<!doctype html><meta charset="utf-8"><script src="${testbed.origin}/client/sockjs.js"></script>
<script>(${code})("${testbed.origin}", ${transports}, ${texts})</script>`;
}
