// What every transport must show, one function each. The testbed's events are described in examples/testbed.
//
// A check gets `connected(options, names)`: a page of its own with a socket that has connected over the
// transport under test (`kit.line` in the page); `opened(…)` is the same without waiting for the connection.
// Its pages are closed behind it.
import assert from "node:assert/strict";
import { until } from "./wait.mjs";

// Less than a heartbeat's interval and time-out together: only a noticed end is fast enough, no timer.
const NOTICED_MS = 5_000;
const MANY = 1_000;

export const checks = {
  connect,
  echo,
  count,
  seq,
  binary,
  acks,
  rooms,
  shutdown,
  crash,
  denied,
  fresh,
  leave,
};

async function connect({ connected, testbed, transport }) {
  const page = await connected({ auth: { name: "Ada", "ключ": ["☃"] } }, ["auth"]);
  await page.until("the auth comes back", () => kit.line.received.auth.length > 0);
  await page.until(`socket.transport is ${transport}`, (name) => kit.line.socket.transport === name, transport);
  await until(`the server counts one carrier, a ${transport}`, async () => {
    const carriers = Object.entries((await testbed.stats()).carriers).filter(([, count]) => count > 0);
    return carriers.length === 1 && carriers[0][0] === transport && carriers[0][1] === 1;
  });
  const seen = await page.evaluate(() => ({
    auth: kit.line.received.auth,
    connected: kit.line.socket.connected,
    idType: typeof kit.line.socket.id,
    opened: kit.line.log.filter(([name]) => name === "connect" || name === "disconnect"),
  }));
  assert.deepEqual(seen, {
    auth: [[{ name: "Ada", "ключ": ["☃"] }]],
    connected: true,
    idType: "string",
    opened: [["connect", { recovered: false }]],
  });
}

/** 1,000 numbered events up, each answered by one down. */
async function echo({ connected }) {
  const page = await connected({}, ["echo"]);
  await page.evaluate((many) => {
    kit.numbers(many).forEach((number) => kit.line.socket.emit("echo", number));
  }, MANY);
  await page.until(`${MANY} echoes`, (many) => kit.line.received.echo.length >= many, MANY);
  await page.evaluate(() => kit.line.socket.emitWithAck("message-with-ack", "behind all"));
  assert.deepEqual(await page.evaluate(() => kit.line.received.echo.map(([number]) => number)), numbers(MANY));
  await noDisturbance(page);
}

/** 1,000 numbered events down, as fast as the server may, and the ack behind the last of them. */
async function count({ connected }) {
  const page = await connected({}, ["tick"]);
  const seen = await page.evaluate(async (many) => {
    const answer = await kit.line.socket.emitWithAck("count", many);
    return { answer, ticks: kit.line.received.tick.map(([number]) => number) };
  }, MANY);
  assert.deepEqual(seen, { answer: MANY, ticks: numbers(MANY) });
  await noDisturbance(page);
}

/** 1,000 numbered events up, as the server saw them. */
async function seq({ connected }) {
  const page = await connected();
  const report = await page.evaluate((many) => {
    kit.numbers(many).forEach((number) => kit.line.socket.emit("seq", number));
    return kit.line.socket.emitWithAck("seq-report");
  }, MANY);
  assert.deepEqual(report, { received: MANY, duplicates: 0, reordered: 0, missing: 0 });
  await noDisturbance(page);
}

/** Binary at several depths, next to text that has a meaning in JSON, HTML, scripts or the protocol. */
async function binary({ connected }) {
  const page = await connected({}, ["echo"]);
  const sent = await page.evaluate(() => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const big = Uint8Array.from({ length: 50_000 }, (_, index) => (index * 31) % 251);
    const text = "\u0000\u00000 \u2028 \u2029 </script><!-- ' \" \\ & ☃ 😀 \n\r";
    const tree = (whole) => ({ list: [bytes, { part: bytes.subarray(250), none: new Uint8Array(0) }], whole, text });
    kit.line.socket.emit("echo", tree(bytes.buffer), big, text, null);
    return kit.picture([tree(bytes), big, text, null]);
  });
  await page.until("the echo", () => kit.line.received.echo.length > 0);
  const received = await page.evaluate(() => kit.picture(kit.line.received.echo[0]));
  assert.ok(received === sent, `what came back differs: ${difference(sent, received)}`);
  await noDisturbance(page);
}

async function acks({ connected }) {
  const page = await connected();
  const seen = await page.evaluate(async () => {
    const { socket } = kit.line;
    const failure = (promise) => promise.then(() => "no failure", (error) => error.code);
    const asked = kit.numbers(50).map((number) => socket.emitWithAck("message-with-ack", number));
    const called = new Promise((resolve) => {
      socket.emit("message-with-ack", 1, "two", { three: [3] }, (error, ...values) => resolve([error ?? null, ...values]));
    });
    return {
      called: await called,
      own: await Promise.all(asked),
      binary: kit.picture(await socket.emitWithAck("message-with-ack", new Uint8Array([0, 255]))),
      panic: await failure(socket.emitWithAck("boom")),
      // Last: the handler sleeps on, and events of one socket are handled one at a time.
      late: await failure(socket.timeout(20).emitWithAck("sleep", 1_000)),
    };
  });
  assert.deepEqual(seen, {
    called: [null, 1, "two", { three: [3] }],
    own: numbers(50),
    binary: JSON.stringify("Uint8Array 0 255"),
    panic: "handler_panic",
    late: "timeout",
  });
  await noDisturbance(page);
}

async function rooms({ connected }) {
  const [ada, bob] = [await connected({}, ["said"]), await connected({}, ["said"])];
  const ask = (page, event, room) => page.evaluate((...args) => kit.line.socket.emitWithAck(...args), event, room);
  const say = (page, room, text) => page.evaluate((...args) => void kit.line.socket.emit("say", ...args), room, text);
  assert.equal(await ask(ada, "join", "one"), true);
  assert.equal(await ask(bob, "join", "one"), true);
  assert.equal(await ask(bob, "join", "two"), true);
  await say(ada, "one", "hello");
  await bob.until("Bob hears Ada", () => kit.line.received.said.length > 0);
  await say(bob, "one", "hello yourself");
  await ada.until("Ada hears Bob", () => kit.line.received.said.length > 0);

  assert.equal(await ask(bob, "leave", "one"), true);
  await say(ada, "one", "Bob left and must not hear this");
  await say(ada, "two", "last");
  await bob.until("Bob hears the last", () => kit.line.received.said.some(([, text]) => text === "last"));
  const heard = (page) => page.evaluate(() => kit.line.received.said);
  assert.deepEqual(await heard(bob), [["one", "hello"], ["two", "last"]]);
  assert.deepEqual(await heard(ada), [["one", "hello yourself"]]);
}

/** The server says that it goes, and comes again at the same address. */
async function shutdown(context) {
  await restart(context, "SIGTERM", 0);
}

/** The server dies without a word, and comes again at the same address. */
async function crash(context) {
  await restart(context, "SIGKILL", null);
}

async function restart({ connected, testbed }, signal, exitCode) {
  const page = await connected({}, ["echo"]);
  assert.equal(await testbed.stop(signal), exitCode);
  await testbed.start();
  const ends = () => kit.line.log.filter(([name]) => name === "connect" || name === "disconnect");
  await page.evaluate(`kit.ends = ${ends}`);
  await page.until("connected again", () => kit.ends().length >= 3 && kit.line.socket.connected);
  const log = await page.evaluate(() => kit.ends());
  assert.deepEqual(log.map(([name]) => name), ["connect", "disconnect", "connect"]);
  assert.equal(typeof log[1][1].code, "string");
  assert.deepEqual(log[2][1], { recovered: false });
  await page.evaluate(() => void kit.line.socket.emit("echo", "after"));
  await page.until("an echo after the restart", () => kit.line.received.echo.length > 0);
  assert.deepEqual(await page.evaluate(() => kit.line.received.echo), [["after"]]);
}

async function denied({ opened, url, transport }) {
  const page = await opened({ auth: { deny: true } });
  await page.until("connect_error", () => kit.line.log.some(([name]) => name === "connect_error"));
  // A second connection that gets through shows that there was time to try again.
  await page.evaluate((target, options) => {
    kit.refused = kit.line;
    kit.line = kit.open(target, options);
  }, url, { transports: [transport], multiplex: false });
  await page.evaluate(() => kit.line.socket.emitWithAck("message-with-ack", "through"));
  const seen = await page.evaluate(() => ({
    connected: kit.refused.socket.connected,
    log: kit.refused.log.filter(([name]) => name.startsWith("connect")).map(([name, error]) => [name, error.message]),
  }));
  assert.deepEqual(seen, { connected: false, log: [["connect_error", "denied"]] });
}

/** The server asks for fresh auth twice, and the session goes on; the third time it is denied. */
async function fresh({ connected }) {
  const page = await connected();
  const seen = await page.evaluate(async () => {
    const { socket } = kit.line;
    const { id } = socket;
    const end = new Promise((resolve) => socket.once("disconnect", resolve));
    const given = [{ n: 1 }, { n: 2 }, { deny: true }];
    socket.auth = () => Promise.resolve(given.shift());
    for (const n of [1, 2]) {
      socket.emit("reauthenticate");
      // Until the server has it; each question is a round trip.
      for (let auth = null; auth?.n !== n; auth = await socket.emitWithAck("auth"));
    }
    const same = socket.id === id;
    socket.emit("reauthenticate");
    return { same, end: await end };
  });
  assert.deepEqual(seen, { same: true, end: { code: "denied", reason: "denied", unconfirmed: 0 } });
  const names = await page.evaluate(() => kit.line.log.map(([name]) => name).filter((name) => name !== "transport"));
  assert.deepEqual(names, ["connect", "disconnect", "connect_error"]);
}

/** The page is closed without a word from the application. */
async function leave({ connected, testbed }) {
  const attached = (expected) => async () => (await testbed.attached()) === expected;
  await until("no session is attached before", attached(0));
  const page = await connected();
  await until("one session is attached", attached(1));
  await page.close();
  await until("the server noticed that the page is gone", attached(0), NOTICED_MS);
}

/** The session must not have been lost, nor an exception thrown, on the way to a right answer. */
async function noDisturbance(page) {
  const unwanted = ["connect_error", "disconnect", "error"];
  const seen = await page.evaluate((names) => kit.line.log.filter(([name]) => names.includes(name)), unwanted);
  assert.deepEqual(seen, []);
  assert.deepEqual(page.problems, []);
}

function numbers(count) {
  return Array.from({ length: count }, (_, index) => index);
}

function difference(sent, received) {
  const at = sent.split("").findIndex((character, index) => character !== received[index]);
  const around = (text) => text.slice(Math.max(0, at - 60), at + 60);
  return `at ${at}, sent …${around(sent)}…, received …${around(received)}…`;
}
