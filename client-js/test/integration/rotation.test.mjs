// A stream does not go on for ever: the client has the next one before the server ends this, and nobody is suspended.
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { connect } from "../../src/entries/index.ts";
import { Testbed } from "../browser/testbed.mjs";
import { FaultProxy } from "./fault-proxy.mjs";

const STREAM = 65_536;
const EVENTS = 400;
const SIZE = 1_000;

let testbed;
let proxy;
let socket;

beforeAll(async () => {
  testbed = new Testbed(undefined, ["--stream-bytes", String(STREAM)]);
  await testbed.start();
  proxy = await new FaultProxy(testbed.port).listen();
});

afterEach(() => socket.close());

afterAll(async () => {
  await proxy.stop();
  await testbed.stop("SIGKILL");
});

test.each([["streaming"], ["event_source"]])("%s: several streams in a row, and the application sees one", async (transport) => {
  socket = connect(proxy.url, { transports: [transport], multiplex: false, EventSource });
  const log = [];
  for (const name of ["suspended", "resumed", "disconnect", "connect_error", "transport"]) {
    socket.on(name, (...values) => log.push([name, ...values]));
  }
  const echoes = [];
  const padding = "x".repeat(SIZE);
  // The next follows the answer to the last: what is under way never exceeds what the old stream may still carry.
  socket.on("echo", (number) => {
    echoes.push(number);
    if (number + 1 < EVENTS) {
      socket.emit("echo", number + 1, padding);
    }
  });
  socket.emit("echo", 0, padding);
  await vi.waitFor(() => expect(echoes.length).toBe(EVENTS), { timeout: 50_000, interval: 20 });
  expect(echoes).toEqual(Array.from({ length: EVENTS }, (_, i) => i));
  expect(log).toEqual([["transport", transport]]);
  const streams = proxy.requests.filter((name) => name === transport).length;
  // Each carries less than the server allows.
  expect(streams).toBeGreaterThan((EVENTS * SIZE) / STREAM);
});

/** As much of it as the client uses. */
class EventSource {
  onmessage = null;
  onerror = null;
  #abort = new AbortController();

  constructor(url) {
    this.#run(url).then(
      () => this.onerror?.(),
      () => this.onerror?.(),
    );
  }

  close() {
    this.#abort.abort();
  }

  async #run(url) {
    const { body } = await fetch(url, { signal: this.#abort.signal });
    let text = "";
    for await (const part of body.pipeThrough(new TextDecoderStream())) {
      text += part;
      for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
        this.onmessage?.({ data: text.slice("data: ".length, end) });
      }
    }
  }
}
