// A TCP proxy that does to each transport what proxies on the way do to it. A fault is named by the last part of the path
// (`streaming`, …), that of a WebSocket, whatever its path, by `websocket`:
//   "forbid"   answered 403 by the proxy
//   "hold"     accepted, and nothing is passed on until the fault is taken away
//   "mute"     the head of the answer is passed, nothing after it
//   "swallow"  the same, and nothing more is passed upward
//   "buffer"   the answer is kept until it has ended
// `freeze` does "hold" to connections that stand. Bodies of more than `limit` bytes are answered 413.
import { connect, createServer } from "node:net";

export class FaultProxy {
  url = "";
  /** The paths asked for, in order. */
  requests = [];
  limit = Infinity;
  refused = 0;
  #faults = {};
  #lines = new Set();
  #server = createServer((client) => this.#accept(client));

  constructor(port) {
    this.port = port;
  }

  async listen() {
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${this.#server.address().port}/everwire`;
    return this;
  }

  set(faults) {
    this.#faults = faults;
    for (const line of this.#lines) {
      line.pass();
    }
  }

  /** Connections of this path that stand go silent, for good. */
  freeze(path) {
    for (const line of this.#lines) {
      line.frozen ||= line.path === path;
    }
  }

  async stop() {
    for (const line of this.#lines) {
      line.destroy();
    }
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client) {
    const server = connect(this.port, "127.0.0.1");
    const line = {
      path: "",
      frozen: false,
      headSeen: false,
      up: [],
      down: [],
      ended: false,
      destroy: () => [client, server].forEach((socket) => socket.destroy()),
      pass: () => {
        const fault = this.#faults[line.path];
        if (line.frozen || fault === "hold") {
          return;
        }
        const mute = fault === "mute" || fault === "swallow";
        if (mute && line.headSeen) {
          line.up = fault === "mute" ? line.up : [];
          line.down = [];
        }
        line.up.splice(0).forEach((chunk) => server.write(chunk));
        if (mute && line.down.length > 0) {
          const all = Buffer.concat(line.down.splice(0));
          const head = all.indexOf("\r\n\r\n") + 4;
          line.headSeen = head > 3;
          client.write(all.subarray(0, head > 3 ? head : all.length));
        } else if (fault !== "buffer" || line.ended) {
          line.down.splice(0).forEach((chunk) => client.write(chunk));
        }
        if (line.ended) {
          client.end();
        }
      },
    };
    this.#lines.add(line);
    client.on("data", (chunk) => {
      const head = chunk.toString("latin1", 0, 1_000);
      const request = /^(?:GET|POST) [^? ]*?(\w*)\/?(?:\?\S*)? HTTP/.exec(head);
      if (request) {
        line.path = /\r\nupgrade: websocket/i.test(head) ? "websocket" : request[1];
        this.requests.push(line.path);
        if (this.#faults[line.path] === "forbid") {
          client.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
          return;
        }
        if (Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0) > this.limit) {
          this.refused += 1;
          // What comes now is the rest of the body.
          client.removeAllListeners("data").resume();
          const page = "<html>Request Entity Too Large</html>";
          client.end(`HTTP/1.1 413 Too Large\r\nContent-Type: text/html\r\nContent-Length: ${page.length}\r\nConnection: close\r\n\r\n${page}`);
          return;
        }
      }
      line.up.push(chunk);
      line.pass();
    });
    server.on("data", (chunk) => {
      line.down.push(chunk);
      line.pass();
    });
    server.on("end", () => {
      line.ended = true;
      line.pass();
    });
    for (const socket of [client, server]) {
      socket.on("error", line.destroy);
      socket.on("close", () => {
        line.destroy();
        this.#lines.delete(line);
      });
    }
  }
}
