// A way to a server that can be shut: what stands is cut, what comes is refused; or mute: what stands carries nothing any more.
import { connect, createServer } from "node:net";

export class Gate {
  #pairs = new Set();
  #server = createServer((near) => this.#join(near));
  #target;
  #shut = false;

  constructor(target) {
    this.#target = target;
  }

  async listen() {
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get origin() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  shut() {
    this.#shut = true;
    this.#pairs.forEach(({ near }) => near.destroy());
  }

  open() {
    this.#shut = false;
  }

  /** New connections carry. */
  mute() {
    this.#pairs.forEach((pair) => (pair.mute = true));
  }

  close() {
    this.shut();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near) {
    if (this.#shut) {
      near.destroy();
      return;
    }
    const far = connect(this.#target, "127.0.0.1");
    const pair = { near, far, mute: false };
    this.#pairs.add(pair);
    for (const [from, to] of [[near, far], [far, near]]) {
      from.on("data", (bytes) => pair.mute || to.write(bytes));
      from.on("error", () => {}); // The end follows.
      from.on("close", () => (this.#pairs.delete(pair), to.destroy()));
    }
  }
}
