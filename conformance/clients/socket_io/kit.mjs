// What the scenarios work with. Both are sent into pages as text, so this refers to nothing outside.

/** `io` is the client, `major` its version. */
export function makeKit(io, { url, options, major }) {
  const DEADLINE_MS = 20_000;
  const sockets = [];

  /** A socket of a connection of its own, and what it has received. */
  function open(namespace = "/", more = {}) {
    const socket = io(url + namespace, { forceNew: true, reconnectionDelay: 50, ...options, ...more });
    sockets.push(socket);
    return socket;
  }

  async function connected(namespace, more) {
    const socket = open(namespace, more);
    await once(socket, "connect");
    return socket;
  }

  /** The arguments of the next event of that name. */
  function once(socket, event) {
    return within(event, new Promise((resolve) => socket.once(event, (...args) => resolve(args))));
  }

  /** Emits, and gives the arguments of the ack. */
  function ask(socket, event, ...args) {
    return within(`ack of ${event}`, new Promise((resolve) => socket.emit(event, ...args, (...answer) => resolve(answer))));
  }

  function within(what, promise) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not within ${DEADLINE_MS} ms: ${what}`)), DEADLINE_MS);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
  }

  /** Looks again and again until `probe` gives something truthy. */
  async function until(what, probe) {
    const end = Date.now() + DEADLINE_MS;
    for (;;) {
      const found = await probe();
      if (found) {
        return found;
      }
      if (Date.now() > end) {
        throw new Error(`never came: ${what}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  function bytes(...numbers) {
    return new Uint8Array(numbers).buffer; // what both clients take everywhere
  }

  /** JSON text in which bytes, whatever holds them here, are lists of numbers. */
  function shown(value) {
    if (value instanceof ArrayBuffer) {
      return shown(new Uint8Array(value));
    }
    if (ArrayBuffer.isView(value)) {
      return `<${[...value].join(" ")}>`;
    }
    if (Array.isArray(value)) {
      return `[${value.map(shown).join()}]`;
    }
    if (value && typeof value === "object") {
      return `{${Object.entries(value).map(([key, inner]) => `${key}:${shown(inner)}`).join()}}`;
    }
    return JSON.stringify(value) ?? "undefined";
  }

  function same(got, wanted) {
    if (shown(got) !== shown(wanted)) {
      throw new Error(`got ${shown(got).slice(0, 300)}, not ${shown(wanted).slice(0, 300)}`);
    }
  }

  /** Of the transport in use: `polling` or `websocket`. */
  function transport(socket) {
    return socket.io.engine.transport.name;
  }

  function close() {
    sockets.forEach((socket) => {
      socket.io.reconnection(false);
      socket.close();
      socket.io.engine?.close();
    });
  }

  return { ask, bytes, close, connected, major, once, open, options, same, transport, until, within };
}
