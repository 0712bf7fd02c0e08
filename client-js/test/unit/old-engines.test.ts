// What old engines lack, or do otherwise than one would think. Those that can be had are tried for real (test/browser/engines);
// here are the traps that none of them has.
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeHttp } from "./fake-http.ts";
import { build, oldPage, oldXhr, xDomainRequest } from "./old-page.ts";

type Run = (code: string) => unknown;

/** Bounds, not measures: they must hold on a machine that does much else. */
const WAIT = 20_000;
vi.setConfig({ testTimeout: 2 * WAIT });

let server: FakeHttp;
let run: Run;

beforeAll(build, 120_000);

beforeEach(async () => {
  server = await new FakeHttp().listen();
});

afterEach(async () => {
  run("window.socket && socket.close()");
  await server.stop();
});

/** A page of the server's own origin, if not told another, with a socket whose events are in `seen`. `before` is run first. */
function connected(globals: object = {}, origin = server.url, options = "{}", before = ""): void {
  run = oldPage(origin, { XMLHttpRequest: oldXhr(origin), ...globals });
  run(`
    ${before}
    var seen = [];
    var names = ["connect", "connect_error", "disconnect", "echo", "bytes"];
    var socket = everwire.connect("${server.url}", ${options});
    var listen = function (name) { socket.on(name, function (value) { seen.push([name, value]); }); };
    for (var i = 0; i < names.length; i++) { listen(names[i]); }
  `);
}

function seen(): unknown[][] {
  return JSON.parse(run("JSON.stringify(seen)") as string) as unknown[][];
}

const CONNECTED = ["connect", { recovered: false }];

/** A connection over `transport` that carries an event and an ack. */
async function works(transport: string): Promise<void> {
  await vi.waitFor(() => expect(seen()).toContainEqual(CONNECTED), WAIT);
  run(`
    socket.emit("echo", "gr\\u00fc\\u00df");
    socket.emit("add", 3, function (error, value) { seen.push(["ack", error, value]); });
  `);
  await vi.waitFor(() => expect(seen()).toContainEqual(["ack", null, 3]), WAIT);
  expect(seen()).toContainEqual(["echo", "gr\u00fc\u00df"]);
  expect(run("socket.transport")).toBe(transport);
}

describe("an engine of 2009", () => {
  test("without ES5, typed arrays, Promise or bind", async () => {
    connected();
    await works("long_polling");
    expect(run("typeof Promise + typeof Uint8Array + typeof [].forEach + typeof seen.push.bind + typeof Object.keys")).toBe("undefined".repeat(5));
    expect(server.requests.every((path) => path === "long_polling")).toBe(true);
  });

  test("has binary as an array of numbers", async () => {
    connected();
    await works("long_polling");
    server.last.push("e", "/", null, ["bytes", new Uint8Array([0, 127, 255])]);
    await vi.waitFor(() => expect(seen()).toContainEqual(["bytes", [0, 127, 255]]), WAIT);
  });

  // There is no defineProperty either that could put such a key into an object.
  test("has keys like __proto__ as plain data", async () => {
    connected();
    await works("long_polling");
    const json = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    run("var got; socket.on('hostile', function (plain, marked) { got = [plain, marked]; })");
    const hostile = JSON.parse(json) as object;
    server.last.push("e", "/", null, ["hostile", hostile]);
    await vi.waitFor(() => expect(run("JSON.stringify(got)")).toBe(`[${json},null]`), WAIT);
    server.last.push("e", "/", null, ["hostile", hostile, new Uint8Array([7])]);
    await vi.waitFor(() => expect(run("JSON.stringify(got)")).toBe(`[${json},[7]]`), WAIT);
    expect(run("typeof Object.defineProperty + typeof {}.polluted + typeof got[0].polluted")).toBe("undefined".repeat(3));
  });

  test("is told that emitWithAck needs Promise", async () => {
    connected();
    expect(() => run("socket.emitWithAck('add', 1)")).toThrow(/Promise/);
    expect(() => run("socket.timeout(5).emitWithAck('add', 1)")).toThrow(/Promise/);
    await works("long_polling");
    // Nothing of the two went out.
    expect(server.last.seen.map((event) => (event as string[])[0])).toEqual(["echo", "add"]);
  });

  test("without JSON is told so", async () => {
    run = oldPage(server.url, { XMLHttpRequest: oldXhr(server.url) });
    run("delete window.JSON");
    expect(() => run("everwire.connect('/everwire')")).toThrow(/JSON/);
  });

  test("whose navigator says that it is offline is not believed", async () => {
    connected({ navigator: { onLine: false } });
    await works("long_polling");
  });
});

describe("XDomainRequest", () => {
  const page = "http://page.example";
  let urls: string[];

  beforeEach(() => {
    urls = [];
  });

  const foreign = (): void => connected({ XDomainRequest: xDomainRequest(page, urls) }, page, "{ reconnection: { delay: 1, maxDelay: 10 } }");

  test("carries a session to another origin, as plain POSTs", async () => {
    foreign();
    await works("long_polling");
    expect(new Set(urls)).toEqual(new Set([`POST ${server.url}/everwire/long_polling?status=200`]));
  });

  test("is told refusals as packets: after a restart there is a new session", async () => {
    foreign();
    await works("long_polling");
    server.restart();
    server.cut();
    await vi.waitFor(() => expect(seen().filter(([name]) => name === "connect").length).toBe(2), WAIT);
    expect(seen()).toContainEqual(["disconnect", expect.objectContaining({ code: "unknown_session" })]);
  });

  test("to another scheme cannot be, and that is a path that fails", async () => {
    run = oldPage(page, { XMLHttpRequest: oldXhr(page), XDomainRequest: xDomainRequest(page, urls) });
    run(`
      var code;
      var socket = everwire.connect("https://secure.example", { reconnection: { attempts: 1, delay: 1 } });
      socket.on("connect_error", function (error) { code = error.code; });
    `);
    await vi.waitFor(() => expect(run("code")).toBe("no_transport"), WAIT);
    expect(urls.length).toBeGreaterThan(0);
  });

  test("is not used for the own origin", async () => {
    connected({ XDomainRequest: xDomainRequest(server.url, urls) });
    await works("long_polling");
    expect(urls).toEqual([]);
  });
});

describe("what is there and does not work", () => {
  // The WebKit of 2011: PhantomJS 1, Safari 5.
  test("getRandomValues that fills what it is given, and answers nothing", async () => {
    const getRandomValues = (bytes: Uint8Array): void => bytes.forEach((_, at) => (bytes[at] = at + 1));
    connected({ crypto: { getRandomValues }, given: { Uint8Array } }, server.url, "{}", "window.Uint8Array = given.Uint8Array;");
    await works("long_polling");
    expect(server.last.key).toBe("1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16");
  });

  /** A WebSocket that never opens: no `error`, and a `close` that says nothing. */
  function silent(): unknown {
    return Object.assign(
      function (this: { readyState: number; bufferedAmount: number; onclose: (() => void) | null; close(): void }) {
        this.readyState = 0;
        this.bufferedAmount = 0;
        this.close = () => {};
        setTimeout(() => this.onclose?.(), 1);
      },
      { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 },
    );
  }

  test("a WebSocket without an error event, and a close without event or code", async () => {
    connected({ WebSocket: silent() });
    await works("long_polling");
  });

  test("a WebSocket of the draft of 2010 is not even tried", async () => {
    const made = vi.fn();
    connected({ WebSocket: Object.assign(made, { CONNECTING: 0, OPEN: 1, CLOSED: 2 }) });
    await works("long_polling");
    expect(made).not.toHaveBeenCalled();
  });

  test("a WebSocket whose constructor throws", async () => {
    const throws = Object.assign(() => {
      throw new Error("SECURITY_ERR");
    }, { CLOSING: 2 });
    connected({ WebSocket: throws });
    await works("long_polling");
  });

  test("an EventSource that throws for another origin", async () => {
    const made = vi.fn(function () {
      throw new Error("SECURITY_ERR: DOM Exception 18");
    });
    connected({ EventSource: made });
    await works("long_polling");
    expect(made).toHaveBeenCalled();
  });

  test("a way to make requests that makes none", async () => {
    const ActiveXObject = function (): never {
      throw new Error("Automation server can't create object");
    };
    run = oldPage(server.url, { ActiveXObject });
    run(`
      var code;
      var socket = everwire.connect("${server.url}", { reconnection: { attempts: 1, delay: 1 } });
      socket.on("connect_error", function (error) { code = error.code; });
    `);
    await vi.waitFor(() => expect(run("code")).toBe("no_transport"), WAIT);
  });

  test("what ActiveX makes takes no property it does not know", async () => {
    const Xhr = oldXhr(server.url) as new () => object;
    const ActiveXObject = function (): object {
      return new Proxy(new Xhr(), {
        set(target, name, value) {
          if (!(name in target)) {
            throw new Error("Object doesn't support this property or method");
          }
          return Reflect.set(target, name, value);
        },
      });
    };
    connected({ XMLHttpRequest: undefined, ActiveXObject });
    await works("long_polling");
  });
});
