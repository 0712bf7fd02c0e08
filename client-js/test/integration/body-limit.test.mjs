// A proxy takes smaller bodies than the server, and there is nothing but HTTP: batches become smaller until they pass, and
// a message that never does is told.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { connect } from "../../src/entries/index.ts";
import { Testbed } from "../browser/testbed.mjs";
import { FaultProxy } from "./fault-proxy.mjs";

const LIMIT = 16_384;
const WAIT = { timeout: 50_000, interval: 20 };

let testbed;
let proxy;
let socket;

beforeAll(async () => {
  testbed = new Testbed();
  await testbed.start();
});

afterAll(() => testbed.stop("SIGKILL"));

beforeEach(async () => {
  proxy = await new FaultProxy(testbed.port).listen();
  proxy.limit = LIMIT;
  // No pauses.
  vi.spyOn(Math, "random").mockReturnValue(0);
});

afterEach(async () => {
  socket.close();
  await proxy.stop();
  vi.restoreAllMocks();
});

/** Connects, and notes what the application is told. */
function open(transports) {
  socket = connect(proxy.url, { transports, multiplex: false });
  const told = { echoes: [], disconnects: [], connects: 0 };
  socket.on("echo", (number) => told.echoes.push(number));
  socket.on("disconnect", (why) => told.disconnects.push(why));
  socket.on("connect", () => told.connects++);
  return told;
}

test.each([["streaming"], ["long_polling"]])("%s: batches that are too large are sent in parts", async (transport) => {
  const told = open([transport]);
  const events = 400;
  for (let i = 0; i < events; i++) {
    socket.emit("echo", i, "x".repeat(500));
  }
  await vi.waitFor(() => expect(told.echoes.length).toBe(events), WAIT);
  expect(told.echoes).toEqual(Array.from({ length: events }, (_, i) => i));
  expect(told.disconnects).toEqual([]);
  expect(proxy.refused).toBeGreaterThan(0);
});

test.each([[["streaming"]], [["long_polling"]], [["streaming", "long_polling"]]])("%s: a message that never passes ends the session", async (transports) => {
  const told = open(transports);
  socket.emit("echo", 1);
  await vi.waitFor(() => expect(told.echoes).toEqual([1]), WAIT);
  socket.emit("echo", 2, "x".repeat(100_000));
  socket.emit("echo", 3);
  await vi.waitFor(() => expect(told.disconnects.length).toBe(1), WAIT);
  expect(told.disconnects[0]).toMatchObject({ code: "undeliverable", unconfirmed: 2 });
  expect(proxy.requests).toEqual(expect.arrayContaining(transports));
  // And the next one works.
  socket.emit("echo", 4);
  await vi.waitFor(() => expect(told.echoes).toEqual([1, 4]), WAIT);
  expect(told.connects).toBe(2);
});
