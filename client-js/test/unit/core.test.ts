// The smallest client: the same session, and transports one after the other.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { connect, type CoreOptions, type Socket } from "../../src/entries/core.ts";
import { long_polling } from "../../src/entries/long_polling.ts";
import { streaming } from "../../src/entries/streaming.ts";
import { websocket } from "../../src/entries/websocket.ts";
import { FakeHttp } from "./fake-http.ts";

let server: FakeHttp;
let sockets: Socket[] = [];

beforeEach(async () => {
  server = await new FakeHttp().listen();
});

afterEach(async () => {
  sockets.splice(0).forEach((socket) => socket.close());
  await server.stop();
});

function open(options: Partial<CoreOptions> = {}): Socket {
  const socket = connect(server.url, { WebSocket, transports: [websocket], reconnection: { delay: 1, maxDelay: 10 }, ...options });
  sockets.push(socket);
  return socket;
}

function next(socket: Socket, event: string): Promise<unknown[]> {
  return new Promise((resolve) => socket.once(event, (...args: unknown[]) => resolve(args)));
}

test.each([
  ["websocket", websocket],
  ["long_polling", long_polling],
  ["streaming", streaming],
])("%s: a hundred events, over cuts, arrive once and in order", async (name, transport) => {
  const socket = open({ transports: [transport] });
  const got: unknown[] = [];
  socket.on("echo", (i) => got.push(i));
  await next(socket, "connect");
  expect(socket.transport).toBe(name);
  for (let i = 0; i < 100; i++) {
    socket.emit("echo", i);
    if (i % 20 === 10) {
      await vi.waitFor(() => expect(server.last.down).not.toBe(null));
      server.cut();
      await next(socket, "resumed");
    }
  }
  expect(await socket.emitWithAck("done", 1)).toBe(1);
  expect(got).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect(server.sessions.length).toBe(1);
});

test("a transport that is blocked is passed over, and the first one is tried first again", async () => {
  server.blocked = ["websocket"];
  const socket = open({ transports: [websocket, long_polling] });
  await next(socket, "connect");
  expect(socket.transport).toBe("long_polling");
  server.blocked = [];
  await vi.waitFor(() => expect(server.last.down).not.toBe(null));
  server.cut();
  await next(socket, "resumed");
  expect(socket.transport).toBe("websocket");
});

test("no transport works: connect_error, and it goes on trying", async () => {
  server.blocked = ["websocket"];
  const socket = open();
  const [error] = await next(socket, "connect_error");
  expect(error).toMatchObject({ code: "no_transport" });
  server.blocked = [];
  await next(socket, "connect");
});

test.each([
  [false as const, 1],
  [{ attempts: 2, delay: 1 }, 3],
])("with a limit it gives up (%j)", async (reconnection, tries) => {
  server.blocked = ["websocket"];
  const socket = open({ reconnection });
  const errors: unknown[] = [];
  socket.on("connect_error", (error) => errors.push(error.code));
  await vi.waitFor(() => expect(errors.length).toBe(tries));
  expect(server.requests.length).toBe(tries);
  socket.emit("x");
  expect(errors).toEqual(Array.from({ length: tries }, () => "no_transport"));
});

test("without any transport that works here it says so", async () => {
  const socket = open({ transports: [] });
  expect(await next(socket, "connect_error")).toMatchObject([{ code: "no_transport" }]);
});

test("a restarted server: disconnect, then a new session", async () => {
  const socket = open();
  await next(socket, "connect");
  const disconnected = next(socket, "disconnect");
  const connected = next(socket, "connect");
  server.restart();
  server.cut();
  expect(await disconnected).toMatchObject([{ code: "unknown_session" }]);
  await connected;
});

test("closing sends what was emitted and tells the server", async () => {
  const socket = open();
  await next(socket, "connect");
  const session = server.last;
  socket.emit("last");
  socket.close();
  await vi.waitFor(() => expect(session.closed).toMatchObject({ code: "client_disconnect" }));
  expect(session.seen).toEqual([["last"]]);
});
