// One room with Everwire's own client, Socket.IO's 4 and 2, and SockJS's in it: each hears what the others say, and not itself.
import { io as io4 } from "socket.io-client";
import io2 from "socket.io-client-2";
import SockJS from "sockjs-client";
import { connect } from "../../client-js/dist/everwire.mjs";
import { findTestbed, Testbed } from "../../client-js/test/browser/testbed.mjs";
import { until, within } from "../../client-js/test/browser/wait.mjs";

const WORDS = ["hello", "é 😀 \u2028", "", "</script>", { deep: [1, null, "x"] }, 9007199254740991];
const BYTES = [0, 1, 127, 128, 255];

/** Each opens one kind of client, and gives `{ ask, on, close }`. */
const KINDS = {
  native: () => native({}),
  "native, polling": () => native({ transports: ["long_polling"] }),
  "socket.io 4": () => emitter(io4(testbed.origin, { forceNew: true })),
  "socket.io 4, polling": () => emitter(io4(testbed.origin, { forceNew: true, transports: ["polling"] })),
  "socket.io 2": () => emitter(io2(testbed.origin, { forceNew: true })),
  "socket.io 2, polling": () => emitter(io2(testbed.origin, { forceNew: true, transports: ["polling"] })),
  sockjs: () => sockJs("websocket"),
  "sockjs, polling": () => sockJs("xhr-polling"),
};

const testbed = new Testbed(findTestbed());
await testbed.start();
try {
  const members = Object.entries(KINDS).map(([kind, open]) => ({ kind, heard: [], ...open() }));
  for (const member of members) {
    member.on("said", (room, who, what) => room === "room" && member.heard.push([who, what]));
    equal(await within(`${member.kind} joins`, member.ask("join", "room")), [true], member.kind);
  }
  const others = (kind, words) => members.filter((member) => member.kind !== kind).flatMap((member) => words.map((word) => [member.kind, word]));
  for (const member of members) {
    for (const word of WORDS) {
      await within(`${member.kind} says`, member.ask("say", "room", member.kind, word));
    }
  }
  for (const member of members) {
    await until(`${member.kind} hears all`, () => member.heard.length >= WORDS.length * (members.length - 1));
    equal(member.heard, others(member.kind, WORDS), member.kind);
    member.heard.length = 0;
  }
  // Bytes come as bytes, and where there is only text as an object with base64.
  const speakers = members.filter((member) => !member.kind.startsWith("sockjs"));
  for (const { ask, kind } of speakers) {
    await within(`${kind} says bytes`, ask("say", "room", kind, Buffer.from(BYTES)));
  }
  for (const member of members) {
    const expected = speakers.filter(({ kind }) => kind !== member.kind).map(({ kind }) => [kind, BYTES]);
    await until(`${member.kind} hears all bytes`, () => member.heard.length >= expected.length);
    equal(member.heard.map(([who, what]) => [who, numbers(member.kind, what)]), expected, member.kind);
  }
  // Who has left hears nothing, and the others go on.
  const [gone, ...rest] = members;
  rest.forEach((member) => (member.heard.length = 0));
  gone.close();
  await until("one has left", async () => (await testbed.stats()).sessions === rest.length);
  await rest[0].ask("say", "room", "last", "word");
  for (const member of rest.slice(1)) {
    await until(`${member.kind} hears the last word`, () => member.heard.length > 0);
    equal(member.heard, [["last", "word"]], member.kind);
  }
  rest.forEach((member) => member.close());
  await until("the server has forgotten them", async () => {
    const { sessions, rooms } = await testbed.stats();
    return sessions + rooms === 0;
  });
  await inAnyNamespace();
  console.log(`${members.length} clients of 4 kinds in one room: each heard the others`);
} finally {
  await testbed.stop("SIGKILL");
}
process.exit(0);

/** A namespace that is there only because they asked for it. SockJS's clients cannot: their mount names one. */
async function inAnyNamespace() {
  const url = `${testbed.origin}/any/room`;
  const clients = [native({ namespace: "/any/room" }), emitter(io4(url, { forceNew: true })), emitter(io2(url, { forceNew: true }))];
  for (const client of clients) {
    client.heard = [];
    client.on("ev", (number) => client.heard.push(number));
    equal((await within("a new namespace", client.ask("where"))).slice(0, 2), ["/any/room", "room"], "where");
  }
  for (let number = 0; number < clients.length; number += 1) {
    await clients[number].ask("pub", number);
  }
  for (const { heard } of clients) {
    await until("all of them are heard", () => heard.length >= clients.length);
    equal(heard, [0, 1, 2], "a client in a new namespace");
  }
  equal((await testbed.stats()).namespaces, 1, "namespaces");
  clients.forEach((client) => client.close());
  await until("the namespace is gone", async () => {
    const { namespaces, sessions } = await testbed.stats();
    return namespaces + sessions === 0;
  });
}

/** As Socket.IO's, but an ack's first argument is what went wrong. */
function native(options) {
  const socket = connect(`${testbed.origin}/everwire`, options);
  const ask = (event, ...args) => new Promise((resolve, reject) => {
    socket.emit(event, ...args, (error, ...answer) => (error ? reject(error) : resolve(answer)));
  });
  return { ...emitter(socket), ask };
}

function emitter(socket) {
  return {
    ask: (event, ...args) => new Promise((resolve) => socket.emit(event, ...args, (...answer) => resolve(answer))),
    on: (event, listener) => socket.on(event, listener),
    close: () => socket.close(),
  };
}

/** SockJS has no events: they are JSON. */
function sockJs(transport) {
  const socket = new SockJS(`${testbed.origin}/events`, null, { transports: [transport] });
  const opened = new Promise((resolve) => (socket.onopen = resolve));
  const listeners = {};
  const acks = {};
  let last = 0;
  socket.onmessage = ({ data }) => {
    const { event, ack, args } = JSON.parse(data);
    (event ? listeners[event] : acks[ack])?.(...args);
  };
  return {
    async ask(event, ...args) {
      await opened;
      const id = (last += 1);
      const answer = new Promise((resolve) => (acks[id] = (...values) => resolve(values)));
      socket.send(JSON.stringify({ event, args, id }));
      return answer;
    },
    on: (event, listener) => (listeners[event] = listener),
    close: () => socket.close(),
  };
}

function numbers(kind, value) {
  if (kind.startsWith("sockjs")) {
    return [...Buffer.from(value.base64, "base64")];
  }
  return [...new Uint8Array(value.buffer ?? value, value.byteOffset ?? 0, value.byteLength)];
}

function equal(got, expected, who) {
  if (JSON.stringify(got) !== JSON.stringify(expected)) {
    throw new Error(`${who}: got ${JSON.stringify(got)}, not ${JSON.stringify(expected)}`);
  }
}
