// What a client must not do, it is told at the call.
import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { connect } from "../../src/entries/index.ts";
import type { Options, Socket } from "../../src/entries/index.ts";
import { FakeHttp } from "./fake-http.ts";
import type { Limits } from "./fake-server.ts";

let server: FakeHttp;
let sockets: Socket[] = [];

afterEach(async () => {
  sockets.splice(0).forEach((socket) => socket.close());
  await server.stop();
});

async function open(limits: Limits, options: Options = {}): Promise<Socket> {
  server = server && sockets.length ? server : await new FakeHttp(limits).listen();
  const socket = connect(server.url, { WebSocket, transports: ["websocket"], ...options });
  sockets.push(socket);
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  return socket;
}

const code = (code: string): unknown => expect.objectContaining({ name: "EverwireError", code });

test("a message larger than the server takes", async () => {
  const socket = await open({ max: 100 });
  expect(() => socket.emit("x", "y".repeat(100))).toThrow(code("too_large"));
  expect(() => socket.volatile.emit("x", "y".repeat(100))).toThrow(code("too_large"));
  await expect(socket.emitWithAck("x", "y".repeat(100))).rejects.toEqual(code("too_large"));
});

test("more questions than may wait for an answer, in all namespaces of a session together", async () => {
  const socket = await open({ acks: 2 });
  const other = await open({}, { namespace: "/other" });
  const first = socket.emitWithAck("silent");
  const second = other.timeout(1).emitWithAck("silent");
  await expect(socket.emitWithAck("silent")).rejects.toEqual(code("pending_acks"));
  expect(() => other.emit("silent", () => undefined)).toThrow(code("pending_acks"));
  await expect(second).rejects.toEqual(code("timeout"));
  const third = other.emitWithAck("silent");
  await expect(socket.emitWithAck("silent")).rejects.toEqual(code("pending_acks"));
  other.close();
  await expect(third).rejects.toEqual(code("session_ended"));
  const fourth = socket.emitWithAck("silent");
  await expect(socket.emitWithAck("silent")).rejects.toEqual(code("pending_acks"));
  socket.close();
  await expect(first).rejects.toEqual(code("session_ended"));
  await expect(fourth).rejects.toEqual(code("session_ended"));
});

test("what waits is told in bytes, and when it has been sent", async () => {
  const socket = await open({});
  await socket.drained();
  socket.emit("x", "y".repeat(1000));
  const other = connect(server.url, { WebSocket, transports: ["websocket"], namespace: "/other" });
  sockets.push(other);
  other.emit("x");
  const before = "c".length + 'e["x",""]'.length + 1000;
  expect(socket.bufferedBytes()).toBe(before);
  expect(other.bufferedBytes()).toBe(before + 'e/other,["x"]'.length);
  await Promise.all([socket.drained(), other.drained()]);
  await expect.poll(() => server.last.seen).toEqual([["x", "y".repeat(1000)], ["x"]]);
});

test("what waits for credit is not drained, and whoever waits for it is not kept beyond the session", async () => {
  const socket = await open({ window: 100 });
  let drained = 0;
  socket.emit("x", "y".repeat(80));
  await socket.drained();
  socket.emit("x", "y".repeat(80));
  const waiting = socket.drained().then(() => void drained++);
  await expect.poll(() => server.last.seen.length).toBe(1);
  expect(drained).toBe(0);
  socket.close();
  await waiting;
});

test("a slow server fills the buffer, and then the call fails", async () => {
  const socket = await open({ window: 100 });
  const fill = (): void => {
    for (;;) {
      socket.emit("x", "y".repeat(90));
    }
  };
  expect(fill).toThrow(code("buffer_full"));
  expect(socket.bufferedBytes()).toBeGreaterThan(4 * 1024 * 1024 - 200);
  expect(socket.bufferedBytes()).toBeLessThanOrEqual(4 * 1024 * 1024);
});
