// A page of an old engine: the published script in a realm of its own, which has what the engine had and nothing more.
import { request, type ClientRequest } from "node:http";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";

/** What no engine had in 2009, taken out of the realm before anything runs. */
const LATER = `
  var lists = [Array.prototype, String.prototype, Function.prototype, Object, Array, Date, Number, Math];
  var kept = "concat join length pop push reverse shift slice sort splice toString unshift " +
    "charAt charCodeAt indexOf lastIndexOf match replace search split substr substring toLowerCase toUpperCase fromCharCode " +
    "apply call constructor prototype name abs ceil floor log max min pow random round sqrt UTC parse " +
    "MAX_VALUE MIN_VALUE NaN POSITIVE_INFINITY NEGATIVE_INFINITY";
  for (var i = 0; i < lists.length; i++) {
    var names = Object.getOwnPropertyNames(lists[i]);
    for (var n = 0; n < names.length; n++) {
      if ((" " + kept + " ").indexOf(" " + names[n] + " ") < 0 || (lists[i] === Array.prototype && /ndexOf$/.test(names[n]))) {
        try { if (names[n] !== "getOwnPropertyNames") delete lists[i][names[n]]; } catch (_) {}
      }
    }
  }
  delete Object.getOwnPropertyNames;
  var globals = ("Promise Symbol Map Set WeakMap WeakSet WeakRef Proxy Reflect BigInt Intl Atomics globalThis console WebAssembly ArrayBuffer SharedArrayBuffer " +
    "DataView Uint8Array Uint8ClampedArray Uint16Array Uint32Array Int8Array Int16Array Int32Array Float32Array Float64Array BigInt64Array BigUint64Array Iterator FinalizationRegistry").split(" ");
  for (var g = 0; g < globals.length; g++) {
    delete this[globals[g]];
  }
  delete this.lists; delete this.kept; delete this.globals; delete this.names;
`;

let script = "";

/** Builds the script, once for all pages: what is in dist may be older than the source. */
export async function build(): Promise<void> {
  const bundle = join(import.meta.dirname, "../../scripts/bundle.mjs");
  const { bundleReadable } = (await import(/* @vite-ignore */ bundle)) as { bundleReadable(): Promise<Map<string, string>> };
  script = (await bundleReadable()).get("everwire.js") as string;
}

/** `globals` is what this engine has; `run` evaluates a piece of ES3 in the page. */
export function oldPage(origin: string, globals: object): (code: string) => unknown {
  const timers = { setTimeout: (run: () => void, ms: number) => setTimeout(run, ms), clearTimeout: (timer: NodeJS.Timeout) => clearTimeout(timer) };
  const host = origin.replace("http://", "");
  const page = createContext({ ...timers, location: { protocol: "http:", host }, ...globals });
  runInContext(`(function () { ${LATER} }).call(this)`, page);
  runInContext("this.window = this.self = this", page);
  runInContext(script, page);
  return (code) => runInContext(code, page);
}

/** What both of the classes below do: one POST, read only at its end. */
class OldRequest {
  protected url = "";
  private sent: ClientRequest | null = null;

  open(_method: string, url: string): void {
    this.url = url;
  }

  protected start(body: string, headers: { [name: string]: string }, done: (status: number, text: string) => void): void {
    this.sent = request(this.url, { method: "POST", headers, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.on("end", () => done(answer.statusCode ?? 0, text)).on("error", () => done(0, ""));
    });
    this.sent.on("error", () => done(0, "")).end(body);
  }

  abort(): void {
    this.sent?.destroy();
  }
}

/** XMLHttpRequest as in Internet Explorer 8: to the own origin only, and with nothing to read before the end. */
export function oldXhr(origin: string): unknown {
  return class extends OldRequest {
    onreadystatechange: (() => void) | null = null;
    readyState = 0;
    private ended: { status: number; text: string } | null = null;

    override open(method: string, url: string): void {
      if (!url.startsWith(`${origin}/`)) {
        throw new Error("Access is denied.");
      }
      super.open(method, url);
    }

    get status(): number {
      return this.atEnd().status;
    }

    get responseText(): string {
      return this.atEnd().text;
    }

    setRequestHeader(): void {}

    getResponseHeader(): never {
      throw new Error("this cannot be read");
    }

    send(body: string): void {
      const tell = (state: number): void => {
        this.readyState = state;
        this.onreadystatechange?.();
      };
      this.start(body, {}, (status, text) => {
        tell(3);
        this.ended = { status, text };
        tell(4);
      });
    }

    private atEnd(): { status: number; text: string } {
      if (!this.ended) {
        throw new Error("The data necessary to complete this operation is not yet available.");
      }
      return this.ended;
    }
  };
}

/** XDomainRequest: other origins of the same scheme, no headers, no status, and no body of what is not 200. */
export function xDomainRequest(page: string, urls: string[]): unknown {
  return class extends OldRequest {
    responseText = "";
    onload: (() => void) | null = null;
    onerror: (() => void) | null = null;
    ontimeout: (() => void) | null = null;
    onprogress: (() => void) | null = null;

    override open(method: string, url: string): void {
      urls.push(`${method} ${url}`);
      if (!url.startsWith("http://")) {
        throw new Error("Access is denied.");
      }
      super.open(method, url);
    }

    send(body: string): void {
      if (!this.onprogress || !this.ontimeout) {
        throw new Error("Internet Explorer 9 would give up this request at will");
      }
      this.start(body, { Origin: page }, (status, text) => {
        if (status === 200) {
          this.responseText = text;
          this.onload?.();
        } else {
          this.onerror?.();
        }
      });
    }
  };
}
