import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { connect } from "../../src/entries/index.ts";
import type { Options, Socket } from "../../src/entries/index.ts";
import type { AnyEvents } from "../../src/events.ts";
import { FakeHttp } from "./fake-http.ts";

type Any = Socket<AnyEvents, AnyEvents>;

let server: FakeHttp;
let sockets: Any[] = [];

beforeEach(async () => {
  server = await new FakeHttp().listen();
});

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  sockets.splice(0).forEach((socket) => socket.close());
  await server.stop();
});

function open(options: Options = {}): Any {
  const socket = connect(server.url, { WebSocket, reconnection: { delay: 1, maxDelay: 10 }, ...options });
  sockets.push(socket);
  return socket;
}

let kept = "";

/** What the client learns is kept for `failures`. */
function remembering(): Options {
  kept = "";
  return { memory: { get: () => kept, set: (_key, value) => void (kept = value) } };
}

/** What is remembered against each transport. */
function failures(): { [name: string]: string } {
  return (JSON.parse(kept) as { failed: { [name: string]: string } }).failed;
}

/** The arguments of the next event of this name. */
function next(socket: Any, event: string): Promise<unknown[]> {
  return new Promise((resolve) => socket.once(event, (...args: unknown[]) => resolve(args)));
}

/** Time that can be skipped; it goes on by itself as well. Nothing comes in meanwhile, but what is due is done when it is due. */
function skipping(): { skip(ms: number): void; sleep(ms: number): void } {
  const clock = performance.now.bind(performance);
  let skipped = 0;
  vi.spyOn(performance, "now").mockImplementation(() => clock() + skipped);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
  const sleep = (ms: number): void => {
    skipped += ms;
    vi.advanceTimersByTime(ms);
  };
  const skip = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 10) {
      sleep(10);
    }
  };
  return { skip, sleep };
}

describe.each(["websocket", "long_polling", "streaming"] as const)("over %s", (name) => {
  test("events, binary and acks go both ways", async () => {
    const socket = open({ transports: [name], auth: { token: "t" } });
    const log: unknown[] = [];
    socket.on("connect", (info) => log.push(info));
    socket.on("transport", (now) => log.push(now));
    socket.onAny((event, ...args) => log.push([event, ...args]));
    const bytes = new Uint8Array([0, 1, 254, 255]);
    socket.emit("echo", "gr\u00fc\u00df \ud83d\ude00", { deep: [bytes] });
    expect(await socket.emitWithAck("add", 3, 4)).toBe(3);
    expect(log).toEqual([name, { recovered: false }, ["echo", "gr\u00fc\u00df \ud83d\ude00", { deep: [bytes] }]]);
    expect(socket).toMatchObject({ connected: true, id: "s1/", transport: name });
    expect(server.last.seen.length).toBe(2);
  });

  test("a hundred events each way, over cuts, arrive once and in order", async () => {
    const socket = open({ transports: [name] });
    const got: unknown[] = [];
    const ended = vi.fn();
    socket.on("disconnect", ended);
    socket.on("echo", (i) => got.push(i));
    await next(socket, "connect");
    for (let i = 0; i < 100; i++) {
      socket.emit("echo", i);
      if (i % 20 === 10) {
        // There has to be something to cut.
        await vi.waitFor(() => expect(server.last.down).not.toBe(null));
        server.cut();
        await next(socket, "resumed");
      }
    }
    await socket.emitWithAck("done");
    expect(got).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(server.sessions.length).toBe(1);
    expect(ended).not.toHaveBeenCalled();
  });

  test("closing sends what was emitted and tells the server", async () => {
    const socket = open({ transports: [name] });
    await next(socket, "connect");
    const session = server.last;
    const disconnected = next(socket, "disconnect");
    socket.emit("last");
    socket.close();
    expect(await disconnected).toEqual([{ code: "client_disconnect", reason: "", unconfirmed: 1 }]);
    expect(socket).toMatchObject({ connected: false, id: null, transport: null });
    await vi.waitFor(() => expect(session.closed).toMatchObject({ code: "client_disconnect" }));
    expect(session.seen).toEqual([["last"]]);
  });

  test("a restarted server: disconnect, then a new session with auth asked again", async () => {
    let asked = 0;
    const socket = open({ transports: [name], auth: () => ({ n: ++asked }) });
    await next(socket, "connect");
    const ack = socket.emitWithAck("never").catch((error: { code: string }) => error.code);
    const disconnected = next(socket, "disconnect");
    const connected = next(socket, "connect");
    server.restart();
    server.cut();
    expect(await disconnected).toMatchObject([{ code: "unknown_session", unconfirmed: 1 }]);
    expect(await ack).toBe("session_ended");
    expect(await connected).toEqual([{ recovered: false }]);
    expect(asked).toBe(2);
    expect(server.last.seen).toEqual([]);
  });
});

test("a session that ends before it is connected: disconnect all the same, since events are lost", async () => {
  const socket = open({ transports: ["websocket"], auth: { undecided: true } });
  socket.emit("echo", 1);
  await vi.waitFor(() => expect(server.last.seen).toEqual([["echo", 1]]));
  const disconnected = next(socket, "disconnect");
  server.restart();
  server.cut();
  expect(await disconnected).toMatchObject([{ code: "unknown_session", unconfirmed: 1 }]);
});

test("a transport that is blocked is passed over", async () => {
  server.blocked = ["websocket", "streaming"];
  const socket = open();
  await next(socket, "connect");
  expect(socket.transport).toBe("long_polling");
});

test("a transport that opens and stays silent is tried once, then passed over", async () => {
  const attached: unknown[] = [];
  let told = (): void => {};
  class Mute {
    readyState = 1;
    onopen: () => void = () => {};
    constructor() {
      queueMicrotask(() => (this.onopen as (() => void) | null)?.());
    }
    send(frame: unknown): void {
      attached.push(frame);
      told();
    }
    close(): void {}
  }
  const { skip } = skipping();
  const said = new Promise<void>((resolve) => (told = resolve));
  const socket = open({ WebSocket: Mute, ...remembering() });
  const connected = next(socket, "connect");
  await said;
  skip(300);
  await connected;
  expect(socket.transport).toBe("streaming");
  expect(failures()).toEqual({ websocket: "timeout" });
  expect(attached.filter((frame) => String(frame).charAt(0) === "A").length).toBe(1);
});

test("a stream that falls silent is held back on the way: the next transport comes before it", async () => {
  server.blocked = ["websocket"];
  const { skip } = skipping();
  const socket = open(remembering());
  await next(socket, "connect");
  expect(socket.transport).toBe("streaming");
  const moved = next(socket, "transport");
  server.held = ["streaming"];
  // The interval and half the time-out in silence, and then what a transport has before the next one is started.
  skip(10000 + 4000 + 300);
  expect(await moved).toEqual(["long_polling"]);
  expect(failures()).toMatchObject({ streaming: "timeout" });
});

test.each(["websocket", "streaming", "long_polling"] as const)("a machine that has slept comes back over %s, and has nothing against it", async (name) => {
  const { sleep } = skipping();
  const other = name === "long_polling" ? "streaming" : "long_polling";
  const socket = open({ transports: [name, other], ...remembering() });
  await next(socket, "connect");
  const moved = vi.fn();
  socket.on("transport", moved);
  const resumed = next(socket, "resumed");
  sleep(60000);
  await resumed;
  expect(await socket.emitWithAck("add", 1)).toBe(1);
  expect(moved).not.toHaveBeenCalled();
  expect(failures()).toEqual({});
});

test("no transport works: connect_error, and it goes on trying", async () => {
  server.blocked = ["websocket", "streaming", "long_polling"];
  const socket = open();
  const [error] = await next(socket, "connect_error");
  expect(error).toMatchObject({ code: "no_transport" });
  server.blocked = [];
  await next(socket, "connect");
});

test("with a limit it gives up", async () => {
  server.blocked = ["long_polling"];
  const socket = open({ transports: ["long_polling"], reconnection: false });
  await next(socket, "connect_error");
  expect(server.requests).toEqual(["long_polling"]);
});

test("denied: connect_error with the server's message, no second try", async () => {
  const socket = open({ auth: { deny: true }, transports: ["websocket"] });
  const connected = vi.fn();
  socket.on("connect", connected);
  const [error] = await next(socket, "connect_error");
  expect(error).toMatchObject({ message: "denied", code: "denied" });
  await vi.waitFor(() => expect(server.sessions).toEqual([]));
  expect(connected).not.toHaveBeenCalled();
  expect(server.attaches.length).toBe(1);
});

describe("fresh auth", () => {
  const asking = async (auth: unknown): Promise<{ socket: Any; sent: unknown[]; happened: unknown[] }> => {
    const socket = open({ auth: auth as Options["auth"], transports: ["websocket"] });
    const happened: unknown[] = [];
    for (const event of ["connect", "disconnect", "connect_error"] as const) {
      socket.on(event, (info: unknown) => happened.push([event, info]));
    }
    await next(socket, "connect");
    happened.length = 0;
    return { socket, sent: server.last.auths, happened };
  };

  test("is asked for once more, and the session goes on", async () => {
    let asked = 0;
    const { socket, sent, happened } = await asking((done: (auth: unknown) => void) => done({ n: ++asked }));
    server.last.push("q", "/", null, { within: 60000 });
    await vi.waitFor(() => expect(sent).toEqual([{ n: 1 }, { n: 2 }]));
    expect(await socket.emitWithAck("x", 1)).toBe(1);
    expect(happened).toEqual([]);
    expect(socket).toMatchObject({ connected: true, id: "s1/", transport: "websocket" });
  });

  test("that cannot be had leaves the socket as it is", async () => {
    let asked = 0;
    const { socket, sent, happened } = await asking(() => (asked++ ? Promise.reject(new Error("offline")) : 1));
    server.last.push("q", "/", null, { within: 60000 });
    expect(await socket.emitWithAck("x", 1)).toBe(1);
    await vi.waitFor(() => expect(asked).toBe(2));
    expect([sent, happened]).toEqual([[1], []]);
  });

  test("that is denied is the end", async () => {
    let asked = 0;
    const { socket, happened } = await asking(() => ({ deny: !!asked++ }));
    server.last.push("q", "/", null, { within: 60000 });
    await next(socket, "connect_error");
    expect(happened).toEqual([
      ["disconnect", { code: "denied", reason: "denied", unconfirmed: 0 }],
      ["connect_error", expect.objectContaining({ code: "denied" })],
    ]);
    await vi.waitFor(() => expect(server.sessions).toEqual([]));
  });

  test("is not given on and on to a server that confirms none", async () => {
    const { socket } = await asking("x".repeat(900000));
    const over = next(socket, "disconnect");
    for (let i = 0; i < 12; i++) {
      server.last.push("q", "/", null, { within: 60000 });
    }
    expect(await over).toEqual([{ code: "buffer_full", reason: "", unconfirmed: 0 }]);
  });

  test("is asked for at a new session, after the end of the old", async () => {
    let asked = 0;
    const { socket, happened } = await asking(() => ++asked);
    server.last.push("z", "/", null, { code: "auth_expired", "then": "open", "final": server.last.log.length });
    await next(socket, "connect");
    expect([asked, happened.length, happened[0]]).toEqual([2, 2, ["disconnect", { code: "auth_expired", reason: "", unconfirmed: 0 }]]);
  });

  test("is not asked for when it was revoked, until the user connects", async () => {
    const { skip } = skipping();
    let asked = 0;
    const { socket, happened } = await asking(() => ++asked);
    server.last.push("z", "/", null, { code: "revoked", "then": "never", "final": server.last.log.length });
    await next(socket, "disconnect");
    skip(60000);
    await Promise.resolve();
    expect([asked, happened]).toEqual([1, [["disconnect", { code: "revoked", reason: "", unconfirmed: 0 }]]]);
    socket.connect();
    await next(socket, "connect");
    expect(asked).toBe(2);
  });
});

test("namespaces share a session, a second socket of the same one does not", async () => {
  const main = open();
  const chat = open({ namespace: "/chat", auth: async () => "secret" });
  await Promise.all([next(main, "connect"), next(chat, "connect")]);
  expect(server.sessions.length).toBe(1);
  expect([main.id, chat.id]).toEqual(["s1/", "s1/chat"]);
  expect(await chat.emitWithAck("x", 1)).toBe(1);
  const second = open();
  await next(second, "connect");
  expect(server.sessions.length).toBe(2);
  main.close();
  expect(await chat.emitWithAck("x", 2)).toBe(2);
});

test("one round trip: the opening request holds auth and events, its answer what they cause", async () => {
  const socket = open({ transports: ["long_polling"] });
  socket.emit("echo", 1);
  await next(socket, "echo");
  expect(server.attaches.length).toBe(1);
  expect(server.posts.filter((head) => head["serial"])).toEqual([]);
});

describe("acks", () => {
  test("(err, ...values), timeout, and what a handler on the server throws", async () => {
    const socket = open();
    await next(socket, "connect");
    const values = await new Promise((resolve) => socket.emit("add", 1, 2, (...all: unknown[]) => resolve(all)));
    expect(values).toEqual([null, 1, 2]);
    await expect(socket.emitWithAck("boom")).rejects.toMatchObject({ code: "handler_panic" });
    const told = next(socket, "error");
    socket.emit("boom");
    expect(await told).toEqual([{ code: "handler_panic", event: "boom", message: "" }]);
    server.last.down = null;
    await expect(socket.timeout(5).emitWithAck("add")).rejects.toMatchObject({ code: "timeout" });
  });

  test("the server's events can be answered", async () => {
    const socket = open();
    socket.on("ask", (n, answer) => (answer as (value: unknown) => void)((n as number) + 1));
    await next(socket, "connect");
    const take = vi.spyOn(server, "take");
    server.last.push("e", "/", 7, ["ask", 1]);
    server.last.push("e", "/", 8, ["nobody"]);
    await vi.waitFor(() => expect(server.last.received).toBe(3));
    const answers = take.mock.calls.flatMap((call) => call[2]);
    expect(answers).toMatchObject([
      { type: "a", id: 7, body: [2] },
      { type: "x", id: 8, body: { code: "no_handler" } },
    ]);
  });

  test("a handler that throws answers with an error and hurts nothing", async () => {
    const socket = open();
    const uncaught = new Promise((resolve) => process.once("uncaughtException", resolve));
    socket.on("bad", () => {
      throw new Error("mine");
    });
    await next(socket, "connect");
    server.last.push("e", "/", 1, ["bad"]);
    await vi.waitFor(() => expect(server.last.received).toBe(2));
    expect(await uncaught).toMatchObject({ message: "mine" });
    expect(await socket.emitWithAck("x", 1)).toBe(1);
  });
});

test("what cannot be sent fails at the call, with a code", async () => {
  const socket = open();
  expect(() => socket.emit("x", "\ud800")).toThrow(expect.objectContaining({ code: "bad_data" }));
  await next(socket, "connect");
  expect(() => socket.emit("x", "y".repeat(1000001))).toThrow(expect.objectContaining({ code: "too_large" }));
  const filled = (): void => {
    for (let i = 0; i < 6; i++) {
      socket.emit("x", "y".repeat(900000));
    }
  };
  expect(filled).toThrow(expect.objectContaining({ code: "buffer_full" }));
});

test("closing and connecting again", async () => {
  const socket = open();
  await next(socket, "connect");
  socket.close();
  const connected = next(socket, "connect");
  socket.connect();
  socket.emit("again");
  await connected;
  expect(socket.connected).toBe(true);
  await vi.waitFor(() => expect(server.last.seen).toEqual([["again"]]));
});

test("suspended and resumed are told; the socket stays connected", async () => {
  const socket = open({ transports: ["streaming"] });
  await next(socket, "connect");
  const log: string[] = [];
  socket.on("suspended", () => log.push(`suspended ${socket.connected} ${socket.transport}`));
  socket.on("resumed", () => log.push(`resumed ${socket.connected} ${socket.transport}`));
  server.cut();
  await next(socket, "resumed");
  expect(log).toEqual(["suspended true null", "resumed true streaming"]);
});
