// What compiles, and what must not: `npm run lint` is what runs this.
import { expect, test } from "vitest";
import { binary } from "../../src/entries/binary.ts";
import { connect as core } from "../../src/entries/core.ts";
import { diagnose } from "../../src/entries/diagnose.ts";
import { connect } from "../../src/entries/index.ts";
import type { Diagnosis, EverwireError, Socket } from "../../src/entries/index.ts";
import { connect as legacy } from "../../src/entries/legacy.ts";
import { long_polling } from "../../src/entries/long_polling.ts";
import { websocket } from "../../src/entries/websocket.ts";

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
  socket.volatile.emit("add", 1, 2);
  // @ts-expect-error: nobody answers a volatile event
  socket.volatile.emit("add", 1, 2, () => {});
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

/** What `connect` gives, and what its acks are. */
export function answers(socket: Socket<FromServer, ToServer>): void {
  socket.once("said", (text) => text.length).off("said").off();
  socket.onAny((event, ...args) => event.length + args.length).offAny();
  socket.on("ask", (_question, answer) => {
    // @ts-expect-error: the answer is a boolean
    answer("yes");
  });
  socket.on("error", ({ code, event, message }) => code.length + (event === null ? 0 : event.length) + message.length);
  socket.on("transport", (name) => name.length);
  socket.timeout(5).emit("add", 1, 2, (error, sum) => (error ? error.data : sum.toFixed()));
  socket.close().connect();
  // @ts-expect-error: an error is not always there
  socket.emit("add", 1, 2, (error) => error.code);
  // @ts-expect-error: two numbers
  void socket.emitWithAck("add", 1);
  // @ts-expect-error: the ack is the promise
  void socket.emitWithAck("add", 1, 2, () => {});
  // @ts-expect-error: no such event
  void socket.timeout(5).emitWithAck("subtract", 1, 2);
  // @ts-expect-error: one that is not worth having later is not waited for
  void socket.volatile.emitWithAck("add", 1, 2);
  // @ts-expect-error: the namespace is given when connecting
  socket.namespace = "/other";
  // @ts-expect-error: nothing of the inside is to be seen
  void socket._joined;
}

/** Transports, by name or imported. */
export function transports(): void {
  connect("/", { transports: ["websocket", long_polling] });
  core("/", { transports: [websocket, long_polling], binary });
  legacy("/", { transports: ["jsonp", "websocket", long_polling] });
  const rows: Promise<Diagnosis[]> = diagnose("/", { transports: [websocket] });
  void rows.then(([row]) => row?.transport === "websocket" && row.rttMs);
  // @ts-expect-error: has no jsonp
  connect("/", { transports: ["jsonp"] });
  // @ts-expect-error: knows no names
  core("/", { transports: ["websocket"] });
  // @ts-expect-error: has none of its own
  core("/", {});
  // @ts-expect-error: remembers nothing
  core("/", { transports: [websocket], memory: { get: () => null, set: () => {} } });
  // @ts-expect-error: binary is no transport
  core("/", { transports: [binary] });
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
  expect(() => connect("/everwire")).toThrow("URL");
});
