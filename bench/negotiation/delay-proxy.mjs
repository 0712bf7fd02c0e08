// A TCP proxy that makes the way long: every byte takes `oneWay` ms, in both directions.
import { connect, createServer } from "node:net";

export const ONE_WAY = 50;
export const ROUND_TRIP = 2 * ONE_WAY;

export class DelayProxy {
  origin = "";
  #pairs = new Set();
  #server = createServer((client) => this.#accept(client));

  /**
   * On one machine a TCP handshake takes no time. With `handshake`, a connection gives what it would take: its first byte
   * comes a round trip later, as if the client had had to wait for the answer to its SYN.
   */
  constructor(port, handshake) {
    this.port = port;
    this.wait = handshake ? ROUND_TRIP : 0;
  }

  async listen() {
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.origin = `http://127.0.0.1:${this.#server.address().port}`;
    return this;
  }

  async stop() {
    this.#pairs.forEach((destroy) => destroy());
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client) {
    client.setNoDelay(true);
    const server = connect({ port: this.port, host: "127.0.0.1", noDelay: true });
    const destroy = () => {
      client.destroy();
      server.destroy();
      this.#pairs.delete(destroy);
    };
    this.#pairs.add(destroy);
    forward(client, server, performance.now() + this.wait, destroy);
    forward(server, client, 0, destroy);
  }
}

/** Passes on what comes, and the end, each at its time. What is sent before `from` counts as sent then. */
function forward(source, target, from, destroy) {
  const waiting = [];
  let timer = null;
  const pass = () => {
    while (waiting.length > 0 && waiting[0].due <= performance.now()) {
      waiting.shift().run();
    }
    timer = waiting.length > 0 ? setTimeout(pass, waiting[0].due - performance.now()) : null;
  };
  const later = (run) => {
    waiting.push({ due: Math.max(performance.now(), from) + ONE_WAY, run });
    timer ??= setTimeout(pass, waiting[0].due - performance.now());
  };
  source.on("data", (chunk) => later(() => target.write(chunk)));
  source.on("end", () => later(() => target.end()));
  source.on("error", () => later(destroy));
  source.on("close", () => later(() => target.destroyed || target.end()));
}
