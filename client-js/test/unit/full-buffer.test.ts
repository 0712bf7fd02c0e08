import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { connect } from "../../src/entries/index.ts";
import { FakeHttp } from "./fake-http.ts";

let server: FakeHttp;

beforeEach(async () => {
  server = await new FakeHttp().listen();
});

afterEach(() => server.stop());

test("an answer that does not fit into the full buffer stops nothing", async () => {
  const socket = connect(server.url, { WebSocket, transports: ["websocket"] });
  const seen: string[] = [];
  socket.on("known", () => seen.push("known"));
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  for (const text of ["x".repeat(10000), ""]) {
    expect(() => {
      for (;;) {
        socket.emit("fill", text);
      }
    }).toThrow("buffer_full");
  }
  server.last.push("e", "/", 7, ["unknown"]);
  server.last.emit("known");
  await expect.poll(() => seen).toEqual(["known"]);
  socket.close();
});
