// What the scenarios work with. Sent into pages as text, too.

export function makeKit(SockJS, { origin, transport }) {
  const DEADLINE_MS = 25_000;
  const sockets = [];

  /** A connection that is open: its socket, what comes, and how it ends. */
  async function open(path) {
    const socket = new SockJS(origin + path, null, { transports: [transport] });
    sockets.push(socket);
    const came = [];
    let waiting = null;
    let end = null;
    const tell = () => waiting && (waiting(), (waiting = null));
    socket.onmessage = (event) => (came.push(event.data), tell());
    socket.onclose = (event) => ((end = [event.code, event.reason]), tell());
    await within(`open ${path}`, new Promise((resolve, reject) => {
      socket.onopen = resolve;
      waiting = () => reject(new Error(`closed instead of open: ${end}`));
    }));
    waiting = null;
    const changed = (what) => within(what, new Promise((resolve) => (waiting = resolve)));
    return {
      socket,
      async next() {
        while (!came.length && !end) {
          await changed("a message");
        }
        if (!came.length) {
          throw new Error(`closed: ${end}`);
        }
        return came.shift();
      },
      async closed() {
        while (!end) {
          await changed("the end");
        }
        return end;
      },
    };
  }

  /** Sends text, or an object as JSON, and gives the object that comes. */
  async function ask(line, message) {
    line.socket.send(typeof message === "string" ? message : JSON.stringify(message));
    return JSON.parse(await line.next());
  }

  function within(what, promise) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not within ${DEADLINE_MS} ms: ${what}`)), DEADLINE_MS);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
  }

  function same(got, expected) {
    const [left, right] = [got, expected].map((value) => JSON.stringify(value) ?? "undefined");
    if (left !== right) {
      throw new Error(`got ${left.slice(0, 300)}, not ${right.slice(0, 300)}`);
    }
  }

  return { ask, open, same, transport, close: () => sockets.forEach((socket) => socket.close()) };
}

/** Runs one scenario, and tells how it went in a word. */
export async function perform(scenario, kit) {
  try {
    await scenario(kit);
    return "ok";
  } catch (error) {
    return error.message;
  } finally {
    kit.close();
  }
}
