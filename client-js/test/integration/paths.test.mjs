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
let proxies = [];
/** What clients have learnt, whatever proxy they came by. */
let kept;
let sockets = [];

beforeAll(async () => {
  // Short heartbeats, so that what goes mute is noticed soon.
  testbed = new Testbed(undefined, ["--ping-interval-ms", "500", "--ping-timeout-ms", "1000"]);
  await testbed.start();
});

afterAll(() => testbed.stop("SIGKILL"));

beforeEach(async () => {
  await anotherPath();
  kept = "";
  // The least pause before looking for something better.
  vi.spyOn(Math, "random").mockReturnValue(0);
});

afterEach(async () => {
  sockets.splice(0).forEach((socket) => socket.close());
  await Promise.all(proxies.splice(0).map((one) => one.stop()));
  vi.restoreAllMocks();
});

/** What connects from now on comes by a proxy of its own. */
async function anotherPath(faults = {}) {
  proxy = await new FaultProxy(testbed.port).listen();
  proxies.push(proxy);
  proxy.set(faults);
}

/** A client that numbers its events, and notes what came back. */
class Line {
  echoes = [];
  log = [];
  sent = 0;
  #timer = null;

  constructor(options = {}) {
    const memory = { get: () => kept, set: (_key, value) => void (kept = value) };
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

  /** Closes, and waits until that is over. */
  async end() {
    const ended = new Promise((resolve) => this.socket.once("disconnect", resolve));
    this.socket.close();
    await ended;
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
    await line.end();
    // The first client may still be looking for something better on its way.
    await anotherPath({ websocket: fault });
    // Streaming; or where even that was slow, on a busy machine, what was faster.
    const { best } = JSON.parse(kept);
    const again = new Line();
    await again.on("streaming");
    expect(best).not.toBe("websocket");
    expect(proxy.requests[0]).toBe(best);
    await again.settle();
  });

  test("streams held back, too: long-polling, and the evidence says why", async () => {
    proxy.set({ websocket: "forbid", streaming: "buffer" });
    const line = new Line();
    await line.on("long_polling");
    await line.settle();
    expect(JSON.parse(kept)).toMatchObject({ best: "long_polling", failed: { websocket: "failed", streaming: "timeout" } });
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

describe("the transports that are named", () => {
  test("in their order: the first is taken, and nothing better looked for", async () => {
    const line = new Line({ transports: ["long_polling", "streaming", "websocket"] });
    await line.on("long_polling");
    const { requests } = proxy;
    // As long as a client takes that does look for something better.
    await anotherPath({ websocket: "forbid" });
    kept = "";
    const other = new Line({ transports: ["websocket", "long_polling"] });
    const asked = () => proxy.requests.filter((path) => path === "websocket").length;
    await vi.waitFor(() => expect(asked()).toBeGreaterThan(1), WAIT);
    await other.settle();
    await line.settle();
    expect(new Set(requests)).toEqual(new Set(["long_polling"]));
  });

  test("another order: down to the next of them, and up again", async () => {
    proxy.set({ long_polling: "forbid" });
    const line = new Line({ transports: ["long_polling", "websocket"] }).talk();
    await line.on("websocket");
    proxy.set({});
    await line.on("long_polling");
    await line.settle();
    expect(proxy.requests).not.toContain("streaming");
  });

  test("no other is tried, neither at the start nor for something better", async () => {
    proxy.set({ streaming: "forbid" });
    const line = new Line({ transports: ["streaming", "long_polling"] }).talk();
    await line.on("long_polling");
    proxy.set({});
    await line.on("streaming");
    await line.settle();
    expect(proxy.requests).not.toContain("websocket");
  });

  test("none of them works: connect_error, and no other is tried", async () => {
    proxy.set({ streaming: "forbid" });
    const line = new Line({ transports: ["streaming"], reconnection: false });
    await vi.waitFor(() => expect(line.log).toContain("connect_error"), WAIT);
    expect(proxy.requests).toEqual(["streaming"]);
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

test("diagnose tries only what is named, in that order", async () => {
  const rows = await diagnose(proxy.url, { WebSocket, transports: ["long_polling", "websocket"] });
  expect(rows.map(({ transport, ok }) => [transport, ok])).toEqual([["long_polling", true], ["websocket", true]]);
  expect(proxy.requests).not.toContain("streaming");
});
