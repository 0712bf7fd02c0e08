// What compiles, and what must not: `npm run lint` is what runs this.
import { expect, test } from "vitest";
import { connect } from "../../src/entries/index.ts";
import type { EverwireError, Socket } from "../../src/entries/index.ts";

interface FromServer {
  said: (text: string, by: number) => void;
  ask: (question: string, answer: (yes: boolean) => void) => void;
}

interface ToServer {
  say: (text: string) => void;
  add: (a: number, b: number, ack: (error: EverwireError | null, sum: number) => void) => void;
}

export function typed(socket: Socket<FromServer, ToServer>): void {
  socket.on("said", (text, by) => text.length + by);
  socket.on("ask", (question, answer) => answer(question === ""));
  socket.on("connect", (info) => info.recovered === true);
  socket.on("disconnect", ({ code, unconfirmed }) => code.length + unconfirmed);
  socket.on("connect_error", (error) => error.code.length);
  socket.emit("say", "hello").emit("add", 1, 2);
  socket.emit("add", 1, 2, (error, sum) => (error ? error.code : sum.toFixed()));
  socket.volatile.emit("say", "now");
  const sum: Promise<number> = socket.timeout(10).emitWithAck("add", 1, 2);
  void sum;

  // @ts-expect-error: no such event
  socket.on("shouted", () => {});
  // @ts-expect-error: `by` is a number
  socket.on("said", (text: string, by: string) => text + by);
  // @ts-expect-error: the text is missing
  socket.emit("say");
  // @ts-expect-error: a number is no text
  socket.emit("say", 1);
  // @ts-expect-error: the client does not emit what the server does
  socket.emit("said", "x", 1);
  // @ts-expect-error: local events are not emitted
  socket.emit("connect");
  // @ts-expect-error: the answer is a number
  const text: Promise<string> = socket.emitWithAck("add", 1, 2);
  void text;
}

export function untyped(): void {
  const socket = connect("http://127.0.0.1/everwire", { auth: { token: "t" }, transports: ["websocket"] });
  socket.on("said", (text: string) => text.length);
  socket.on("said", (text) => String(text));
  socket.emit("say", "anything", 1, { deep: [new Uint8Array(1)] });
  socket.emit("ask", (error: EverwireError | null, value: string) => (error ? error.code : value));
  const typedOnes = connect<FromServer, ToServer>("http://127.0.0.1/everwire");
  typed(typedOnes);
  // @ts-expect-error: no such transport
  connect("/", { transports: ["carrier_pigeon"] });
  // @ts-expect-error: no such option
  connect("/", { transport: "websocket" });
}

test("a URL without a host is refused where there is no page", () => {
  expect(() => connect("/everwire")).toThrow(expect.objectContaining({ code: "bad_data" }));
});
