// The client against the testbed, over paths that fail: it connects all the same, nothing is lost or doubled, and it ends on
// the best transport that carries. `npm run test:integration`; TESTBED names the server's binary.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { connect, diagnose } from "../../src/entries/index.ts";
import { Testbed } from "../browser/testbed.mjs";
import { FaultProxy } from "./fault-proxy.mjs";

const WAIT = { timeout: 30_000, interval: 20 };

let testbed;
let proxy;
let kept;
let sockets = [];

beforeAll(async () => {
  // Short heartbeats, so that what goes mute is noticed soon.
  testbed = new Testbed(undefined, ["--ping-interval-ms", "500", "--ping-timeout-ms", "1000"]);
  await testbed.start();
});

afterAll(() => testbed.stop("SIGKILL"));

beforeEach(async () => {
  proxy = await new FaultProxy(testbed.port).listen();
  kept = {};
  // The least pause before looking for something better.
  vi.spyOn(Math, "random").mockReturnValue(0);
});

afterEach(async () => {
  sockets.splice(0).forEach((socket) => socket.close());
  await proxy.stop();
  vi.restoreAllMocks();
});

/** A client that numbers its events, and notes what came back. */
class Line {
  echoes = [];
  log = [];
  sent = 0;
  #timer = null;

  constructor(options = {}) {
    const memory = { get: (key) => kept[key], set: (key, value) => void (kept[key] = value) };
    const socket = connect(proxy.url, { WebSocket, multiplex: false, memory, ...options });
    sockets.push(socket);
    this.socket = socket;
    socket.on("echo", (number) => this.echoes.push(number));
    for (const name of ["connect", "disconnect", "connect_error"]) {
      socket.on(name, () => this.log.push(name));
    }
    socket.on("transport", (name) => this.log.push(name));
    this.send(10);
  }

  send(count) {
    for (let i = 0; i < count; i++) {
      this.socket.emit("seq", this.sent);
      this.socket.emit("echo", this.sent++);
    }
  }

  /** Keeps talking until `settle`. */
  talk() {
    this.#timer = setInterval(() => this.send(3), 3);
    return this;
  }

  async on(name) {
    await vi.waitFor(() => expect(this.socket.transport).toBe(name), WAIT);
  }

  /** Everything has arrived, once and in order, in one session. */
  async settle() {
    clearInterval(this.#timer);
    this.send(10);
    const { sent } = this;
    const report = await this.socket.emitWithAck("seq-report");
    expect(report).toEqual({ received: sent, duplicates: 0, reordered: 0, missing: 0 });
    await vi.waitFor(() => expect(this.echoes.length).toBeGreaterThanOrEqual(sent), WAIT);
    expect(this.echoes).toEqual(Array.from({ length: sent }, (_, i) => i));
    expect(this.log.filter((name) => name.includes("connect"))).toEqual(["connect"]);
  }
}

describe("at first contact", () => {
  test("a path that is free: the WebSocket", async () => {
    const line = new Line();
    await line.on("websocket");
    await line.settle();
  });

  test.each([
    ["refused", "forbid"],
    ["accepted and mute", "hold"],
    ["upgraded and mute", "mute"],
    ["upgraded and dead both ways", "swallow"],
  ])("WebSocket %s: streaming, and at the second contact no WebSocket before it", async (_name, fault) => {
    proxy.set({ websocket: fault });
    const line = new Line();
    await line.on("streaming");
    await line.settle();
    line.socket.close();
    proxy.requests = [];
    const again = new Line();
    await vi.waitFor(() => expect(again.socket.connected).toBe(true), WAIT);
    expect(proxy.requests).toContain("streaming");
    expect(proxy.requests.slice(0, proxy.requests.indexOf("streaming"))).not.toContain("websocket");
    await again.settle();
  });

  test("streams held back, too: long-polling, and the evidence says why", async () => {
    proxy.set({ websocket: "forbid", streaming: "buffer" });
    const line = new Line();
    await line.on("long_polling");
    await line.settle();
    const [memory] = Object.values(kept).map((text) => JSON.parse(text));
    expect(memory).toMatchObject({ best: "long_polling", failed: { websocket: { why: "failed" }, streaming: { why: "buffered" } } });
  });
});

describe("under way", () => {
  test("a slow WebSocket takes the session over from the fallback", async () => {
    proxy.set({ websocket: "hold" });
    const line = new Line().talk();
    await line.on("streaming");
    proxy.set({});
    await line.on("websocket");
    await line.settle();
  });

  test("a WebSocket that goes mute: down to streaming; up again when the path is free", async () => {
    const line = new Line().talk();
    await line.on("websocket");
    proxy.set({ websocket: "swallow" });
    proxy.freeze("websocket");
    await line.on("streaming");
    proxy.set({});
    await line.on("websocket");
    await line.settle();
  });

  test("all the way down and up, without a loss", async () => {
    const line = new Line().talk();
    await line.on("websocket");
    proxy.set({ websocket: "forbid", streaming: "buffer" });
    proxy.freeze("websocket");
    await line.on("long_polling");
    proxy.set({ websocket: "forbid" });
    await line.on("streaming");
    proxy.set({});
    await line.on("websocket");
    await line.settle();
  });

  test("looking for something better disturbs nothing while there is none", async () => {
    proxy.set({ websocket: "swallow", streaming: "buffer" });
    const line = new Line().talk();
    await line.on("long_polling");
    const asked = () => proxy.requests.filter((path) => path === "websocket").length;
    const before = asked();
    await vi.waitFor(() => expect(asked()).toBeGreaterThan(before), WAIT);
    await line.settle();
    expect(line.log).toEqual(["long_polling", "connect"]);
  });
});

test("diagnose tells of each transport whether it works from here, and why not", async () => {
  proxy.set({ websocket: "forbid", streaming: "buffer" });
  const rows = await diagnose(proxy.url, { WebSocket });
  const told = Object.fromEntries(rows.map((row) => [row.transport, row]));
  expect(told.websocket).toMatchObject({ ok: false, why: "failed", openMs: null });
  expect(told.streaming).toMatchObject({ ok: false, why: "buffered" });
  expect(told.long_polling).toMatchObject({ ok: true, why: "", openMs: expect.any(Number), rttMs: expect.any(Number) });
  expect(told.event_source).toMatchObject({ ok: false, why: "unavailable" });
  await vi.waitFor(async () => expect((await testbed.stats()).carriers).toMatchObject({ long_polling: 0 }), WAIT);
});
