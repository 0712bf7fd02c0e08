// Pages of Internet Explorer 8, as far as they can be had without it, against the testbed: what only those use must suit the
// real server, too.
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { Testbed } from "../browser/testbed.mjs";
import { OldDocument } from "../unit/old-document.ts";
import { build, oldPage, oldXhr, xDomainRequest } from "../unit/old-page.ts";

const WAIT = { timeout: 30_000, interval: 20 };
const PAGE = "http://page.example";

let testbed;
let run;

beforeAll(async () => {
  testbed = new Testbed(undefined, ["--ping-interval-ms", "500", "--ping-timeout-ms", "1500"]);
  await testbed.start();
  await build();
}, 120_000);

afterEach(() => run("socket.close()"));
afterAll(() => testbed.stop("SIGKILL"));

const seen = () => JSON.parse(run("JSON.stringify(seen)"));
const named = (name) => seen().filter(([event]) => event === name).map(([, value]) => value);

/** Connects, exchanges a hundred events and binary, and is found by a server that has been killed and started again. */
async function works(transport, globals, options) {
  run = oldPage(PAGE, { XMLHttpRequest: oldXhr(PAGE), ...globals });
  if (globals.document) {
    globals.document.run = run;
  }
  run(`
    var seen = [];
    var names = ["connect", "connect_error", "disconnect", "suspended", "echo"];
    var socket = everwire.connect("${testbed.origin}/everwire", ${JSON.stringify(options)});
    var listen = function (name) { socket.on(name, function (value) { seen.push([name, value]); }); };
    for (var i = 0; i < names.length; i++) { listen(names[i]); }
    for (var n = 0; n < 100; n++) { socket.emit("echo", n + " gr\\u00fc\\u00df & + % \\ud83d\\ude00"); }
    socket.emit("bytes", 255, function (error, bytes) { seen.push(["bytes", error || bytes.join()]); });
  `);
  await vi.waitFor(() => expect(named("echo").length >= 100 && named("bytes").length).toBe(1), WAIT);
  const numbers = Array.from({ length: 256 }, (_, number) => number);
  expect(named("echo")).toEqual(numbers.slice(0, 100).map((number) => `${number} gr\u00fc\u00df & + % \u{1f600}`));
  expect(named("bytes")).toEqual([numbers.join()]);
  expect(run("socket.transport")).toBe(transport);
  expect(seen().map(([name]) => name).filter((name) => /suspended|disconnect/.test(name))).toEqual([]);

  await testbed.stop("SIGKILL");
  await testbed.start();
  await vi.waitFor(() => expect(named("connect").length).toBe(2), WAIT);
  expect(named("disconnect").map(({ code }) => code)).toEqual(["unknown_session"]);
  run(`socket.emit("message-with-ack", "after", function (error, text) { seen.push(["after", text]); })`);
  await vi.waitFor(() => expect(named("after")).toEqual(["after"]), WAIT);
}

const soon = { reconnection: { delay: 10, maxDelay: 100 } };

test("long-polling by XDomainRequest", async () => {
  await works("long_polling", { XDomainRequest: xDomainRequest(PAGE, []) }, soon);
});

test("JSONP, whose scripts tell of their end by readyState, and whose frames by attachEvent", async () => {
  await works("jsonp", { document: new OldDocument() }, { ...soon, transports: ["jsonp"] });
});
