// What runs where the client runs, in node or in a page. It is sent to pages as text, so it refers to nothing outside.
// Times are milliseconds of a clock that all processes of the machine share.

export function installKit(libraries) {
  const now = () => performance.timeOrigin + performance.now();

  const peers = {
    everwire(origin, { eager, ...options }) {
      // Pauses are drawn at random when it looks for something better: with 0 it always is the least one.
      const { random } = Math;
      Math.random = eager ? () => 0 : random;
      const socket = libraries.everwire.connect(`${origin}/everwire`, { multiplex: false, ...libraries.extra, ...options });
      Math.random = random;
      return {
        socket,
        on: (name, run) => socket.on(name, run),
        pub: (value) => socket.emit("pub", value),
        ask: () => socket.emitWithAck("message-with-ack", 1),
        moves: (run) => socket.on("transport", run),
        close: () => socket.close(),
      };
    },
    "socket.io"(origin, options) {
      const socket = libraries.io(origin, { forceNew: true, ...options });
      return {
        socket,
        on: (name, run) => socket.on(name, run),
        pub: (value) => socket.emit("pub", value),
        ask: () => socket.emitWithAck("message-with-ack", 1),
        moves(run) {
          socket.on("connect", () => {
            run(socket.io.engine.transport.name);
            socket.io.engine.on("upgrade", (transport) => run(transport.name));
          });
        },
        close: () => socket.close(),
      };
    },
    sockjs(origin, options) {
      const socket = new libraries.SockJS(`${origin}/sockjs`, null, options);
      const handlers = {};
      const fire = (name, value) => (handlers[name] ?? []).forEach((run) => run(value));
      const send = (message) => socket.send(JSON.stringify(message));
      socket.onopen = () => fire("connect");
      socket.onmessage = ({ data }) => fire(...JSON.parse(data));
      const on = (name, run) => (handlers[name] ??= []).push(run);
      return {
        socket,
        on,
        pub: (value) => send(["pub", value]),
        // It throws before it is open.
        ask: () => new Promise((resolve) => (on("ack", resolve), on("connect", () => send(["ask", 1, 1])))),
        moves: (run) => on("connect", () => run(socket.transport)),
        close: () => socket.close(),
      };
    },
  };

  const lines = {};
  let count = 0;

  /** Connects, with an event that wants an answer in the same turn. `at` fills with times since then. */
  function open(peer, origin, options = {}) {
    const started = now();
    const peerLine = peers[peer](origin, options);
    const line = { ...peerLine, at: {}, moves: [], heard: [], sent: 0, timer: null };
    const note = (name) => (line.at[name] ??= now() - started);
    line.on("connect", () => note("connect"));
    line.on("auth", () => {
      note("event");
      line.at.over ??= line.moves.at(-1)?.[0];
    });
    line.on("ev", (value) => line.heard.push([value[0], value[1], now()]));
    peerLine.moves((name) => line.moves.push([name, now()]));
    line.ask().then(() => note("ack"), () => {});
    lines[++count] = line;
    return count;
  }

  /** Says a number every `ms`; everybody hears it, with `tag` before it. */
  function talk(id, tag, ms) {
    const line = lines[id];
    line.timer = setInterval(() => line.pub([tag, line.sent++]), ms);
  }

  function hush(id) {
    clearInterval(lines[id].timer);
  }

  function close(id) {
    hush(id);
    lines[id].close();
    delete lines[id];
  }

  /** What is known of a line, as plain data; of what it has heard only what has this tag. */
  function look(id, tag) {
    const { at, moves, heard, sent } = lines[id];
    return { at, moves, sent, heard: heard.filter(([from]) => from === tag).map(([, number, time]) => [number, time]) };
  }

  return { close, hush, lines, look, now, open, talk };
}
