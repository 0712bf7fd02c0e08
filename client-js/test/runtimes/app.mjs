// What every runtime runs, as a user's program: no line of it knows which one it is. It is given the server's URL and what each of
// its clients must arrive at, as JSON. Each shows what a session promises, over a transport of its own and, with `free`, over the
// one that is found. When all have, it says "restart", and the server is killed and comes again.
import { connect } from "everwire";
import { createRequire } from "node:module";

const MANY = 500;
/** What a client arrives at whose transport is not here. */
const NO = "no_transport";
const LOCAL = ["connect_error", "disconnect", "error"];
const [url, plan] = process.argv.slice(2);

const classes = await handedIn();
const clients = Object.entries(JSON.parse(plan)).map(([wanted, expected]) => {
  const socket = connect(url, wanted === "free" ? {} : { transports: [wanted], ...classes });
  const log = [];
  for (const name of expected === NO ? [] : LOCAL) {
    socket.on(name, ({ code }) => log.push(`${name} ${code}`));
  }
  return { wanted, expected, socket, log };
});
// In the turn of `connect`: later, an event could be missed.
await Promise.all(clients.map(before));
await common();
console.log("restart");
await Promise.all(clients.map(after));
for (const { wanted, socket, log, seen } of clients) {
  console.log(`${wanted}: ${seen}${log.length ? `, ${log.join(", ")}` : ""}`);
  socket.close();
}
// Nothing is left that would keep the program running.
console.log("end");

/** The classes that this runtime lacks, if it was said where they are. */
async function handedIn() {
  const { WS, EVENTSOURCE } = process.env;
  return { ...(WS && { WebSocket: (await import(WS)).default }), ...(EVENTSOURCE && { EventSource: (await import(EVENTSOURCE)).EventSource }) };
}

async function before(client) {
  const { expected, socket } = client;
  if (expected === NO) {
    client.seen = (await once(socket, "connect_error")).code;
    return;
  }
  const { id } = await opened(socket);
  same(typeof id, "string");
  same(socket.transport, expected);

  // Up: the server says what it has seen of the numbers.
  for (let number = 0; number < MANY; number++) {
    socket.emit("seq", number);
  }
  same(await socket.emitWithAck("seq-report"), { received: MANY, duplicates: 0, reordered: 0, missing: 0 });

  // Down, and the answer behind them.
  const ticks = [];
  socket.on("tick", (number) => ticks.push(number));
  same(await socket.emitWithAck("count", MANY), MANY);
  same(ticks, Array.from({ length: MANY }, (_, index) => index));

  const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 31) % 251);
  const tree = { list: [bytes, { none: new Uint8Array(0), part: bytes.subarray(250, 260) }], text: "\u0000 ☃ 😀 \u2028" };
  same(await socket.timeout(20_000).emitWithAck("message-with-ack", tree), tree);

  // An ack as a function, one that the server asks for, and one that fails.
  same(await new Promise((resolve) => socket.emit("message-with-ack", 1, "two", (...answer) => resolve(answer))), [null, 1, "two"]);
  socket.once("emit-with-ack", (a, b, answer) => answer(a + b));
  const told = new Promise((resolve) => socket.once("emit-with-ack", () => socket.once("emit-with-ack", resolve)));
  socket.emit("emit-with-ack", 1, 2);
  same(await told, 3);
  same(await socket.emitWithAck("nobody").catch(({ code }) => code), "no_handler");
}

/** What is the same over every transport: the package as CommonJS, and one built of parts. */
async function common() {
  const require = createRequire(import.meta.url);
  const { connect: core } = require("everwire/core");
  const { long_polling } = require("everwire/long_polling");
  const socket = core(url, { transports: [long_polling], multiplex: false });
  same(await socket.emitWithAck("message-with-ack", "parts"), "parts");
  socket.close();
}

async function after(client) {
  const { expected, socket } = client;
  if (expected === NO) {
    return;
  }
  if (!client.log.some((line) => line.startsWith("disconnect"))) {
    await once(socket, "disconnect");
  }
  await opened(socket);
  same(await socket.emitWithAck("message-with-ack", "after"), "after");
  client.seen = socket.transport;
  client.log = client.log.filter((line) => !line.startsWith("disconnect"));
}

function once(socket, event) {
  return new Promise((resolve) => socket.once(event, resolve));
}

async function opened(socket) {
  if (!socket.connected) {
    await once(socket, "connect");
  }
  return socket;
}

function same(seen, expected) {
  const [a, b] = [picture(seen), picture(expected)];
  if (a !== b) {
    throw new Error(`${a.slice(0, 200)} is not ${b.slice(0, 200)}`);
  }
}

/** As text, binary too, with its class. */
function picture(value) {
  return JSON.stringify(value, (_, part) => (ArrayBuffer.isView(part) ? `${part.constructor.name} ${Array.from(part).join(" ")}` : part));
}
