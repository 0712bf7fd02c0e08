// Where clients run: in this process, or in a page. `run(code, …)` runs code there, which finds the kit as `kit`.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { io } from "socket.io-client";
import SockJS from "sockjs-client";
import * as everwire from "../../client-js/dist/everwire.mjs";
import { launch } from "../../client-js/test/browser/chromium.mjs";
import { startStaticServer } from "../../client-js/test/browser/static-server.mjs";
import { until } from "../../client-js/test/browser/wait.mjs";
import { installKit } from "./kit.mjs";

// Node 20 has no WebSocket of its own.
const { WebSocket } = createRequire(new URL("../../client-js/package.json", import.meta.url))("ws");
const modules = new URL("../node_modules/", import.meta.url);

export class NodePlace {
  name = "node";
  transports = ["websocket", "streaming", "long_polling"];

  async start() {
    globalThis.kit ??= installKit({ everwire, io, SockJS, extra: { WebSocket } });
    return this;
  }

  async run(code, ...args) {
    return code(...args);
  }

  until(what, code, args, limit) {
    return until(what, () => code(...args), limit);
  }

  async renew() {}

  async stop() {}
}

export class ChromiumPlace {
  name = "Chromium";
  transports = ["websocket", "streaming", "event_source", "long_polling", "forever_iframe", "jsonp"];
  #page;

  async start() {
    this.browser = await launch();
    this.site = await startStaticServer();
    this.libraries = await Promise.all(
      ["socket.io-client/dist/socket.io.min.js", "sockjs-client/dist/sockjs.min.js"].map((file) =>
        readFile(new URL(file, modules), "utf8"),
      ),
    );
    await this.renew();
    return this;
  }

  run(code, ...args) {
    return this.#page.evaluate(code, ...args);
  }

  until(what, code, args, limit) {
    return until(what, () => this.run(code, ...args), limit);
  }

  /** A page that knows nothing yet, of the site that is not the servers'. */
  async renew() {
    await this.#page?.close();
    this.#page = await this.browser.open(`${this.site.origin}/umd`);
    for (const library of this.libraries) {
      await this.#page.evaluate(`${library};0`);
    }
    await this.#page.evaluate(`window.kit = (${installKit})({ everwire, io, SockJS, extra: {} }); localStorage.clear()`);
  }

  async stop() {
    await this.browser.close();
    await this.site.close();
  }
}
