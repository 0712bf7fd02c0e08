// What an application does with Socket.IO's own client, 4 or 2. Each runs in node and in a page, so it refers to nothing outside.

export const scenarios = {
  async messages({ connected, once, open, same }) {
    const socket = open();
    // Before it is connected: kept, and sent then.
    socket.emit("message", "early");
    await once(socket, "connect");
    same(await once(socket, "message-back"), ["early"]);
    const args = [1, "2", { 3: [true, null] }, "é😀\u2028</script>"];
    const back = once(socket, "message-back");
    socket.emit("message", ...args);
    same(await back, args);
    const long = "x😀".repeat(60_000);
    const longBack = once(socket, "message-back");
    socket.emit("message", long);
    same(await longBack, [long]);
  },

  async acks({ ask, connected, once, same, within }) {
    const socket = await connected();
    same(await ask(socket, "message-with-ack", 1, "2", { 3: [false] }), [1, "2", { 3: [false] }]);
    same(await Promise.all([1, 2, 3].map((number) => ask(socket, "message-with-ack", number))), [[1], [2], [3]]);
    // The other way round: the server asks, and tells what it was answered.
    const told = within("the answer", new Promise((resolve) => {
      socket.on("emit-with-ack", (...args) => {
        const ack = args.pop();
        if (typeof ack === "function") {
          ack(...args, "answered");
        } else {
          resolve([...args, ack]);
        }
      });
    }));
    socket.emit("emit-with-ack", "asked", { 1: 2 });
    same(await told, ["asked", { 1: 2 }, "answered"]);
  },

  async binary({ ask, bytes, connected, once, same, within }) {
    const socket = await connected();
    const args = ["é😀", bytes(0, 1, 255), { deep: [bytes(), bytes(30, 4)] }];
    const back = once(socket, "message-back");
    socket.emit("message", ...args);
    same(await back, args);
    same(await ask(socket, "message-with-ack", ...args), args);
    const told = within("the answer", new Promise((resolve) => {
      socket.on("emit-with-ack", (...got) => {
        const ack = got.pop();
        if (typeof ack === "function") {
          ack(...got, bytes(7));
        } else {
          resolve([...got, ack]);
        }
      });
    }));
    socket.emit("emit-with-ack", bytes(5, 6));
    same(await told, [bytes(5, 6), bytes(7)]);
  },

  async order({ connected, same, within }) {
    const socket = await connected();
    const ticks = [];
    const done = within("the last tick", new Promise((resolve) => {
      socket.on("tick", (tick) => ticks.push(tick));
      socket.emit("count", 2000, resolve);
    }));
    await done;
    same(ticks, Array.from({ length: 2000 }, (_, tick) => tick));
  },

  async namespaces({ ask, connected, major, once, open, same }) {
    const main = await connected();
    const custom = main.io.socket("/custom", {});
    await once(custom, "connect");
    same(await ask(custom, "message-with-ack", "custom"), ["custom"]);
    same(await ask(main, "message-with-ack", "main"), ["main"]);
    custom.disconnect();
    same(await ask(main, "message-with-ack", "still"), ["still"]);
    const [error] = await once(open("/nowhere"), major === 2 ? "error" : "connect_error");
    same(error.message, "Invalid namespace");
  },

  /** Namespaces that are there because a client asks for them. */
  async families({ ask, connected, major, once, open, same }) {
    const [seven, other, eight] = await Promise.all(["/any/7", "/any/7", "/any/8"].map((name) => connected(name)));
    same(await ask(seven, "where"), ["/any/7", "7", false]);
    same(await ask(eight, "where"), ["/any/8", "8", false]);
    const heard = [];
    eight.on("ev", (text) => heard.push(text));
    const both = Promise.all([once(seven, "ev"), once(other, "ev")]);
    seven.emit("pub", "hello");
    same(await both, [["hello"], ["hello"]]);
    same(await ask(eight, "message-with-ack", "still"), ["still"]);
    same(heard, []);
    const [error] = await once(open("/any/7/8"), major === 2 ? "error" : "connect_error");
    same(error.message, "Invalid namespace");
  },

  async refusal({ major, once, open, same }) {
    // Clients of Socket.IO 2 have no auth: there the query says it.
    if (major === 2) {
      same(await once(open("/", { query: { deny: "true" } }), "error"), ["denied"]);
      return;
    }
    const [error] = await once(open("/", { auth: { deny: true } }), "connect_error");
    same(error.message, "denied");
    const socket = open("/custom", { auth: { user: "Ada" } });
    same(await once(socket, "auth"), [{ user: "Ada" }]);
  },

  async volatile({ ask, connected, same, until }) {
    const socket = await connected();
    const seen = [];
    socket.on("volatile-back", (number) => seen.push(number));
    // Any may be dropped, so it says it until one has come.
    let number = 0;
    await until("a volatile event", () => {
      (socket.volatile ?? socket).emit("volatile", (number += 1));
      return seen.length > 0;
    });
    same(await ask(socket, "message-with-ack", "after"), ["after"]);
    same(seen, [...seen].sort((a, b) => a - b));
  },

  async rooms({ ask, connected, once, same }) {
    const [one, two, other] = await Promise.all([connected(), connected(), connected()]);
    const room = `room ${Math.random()}`;
    same(await Promise.all([ask(one, "join", room), ask(two, "join", room)]), [[true], [true]]);
    const heard = [];
    [one, other].forEach((socket) => socket.on("said", (...args) => heard.push(args)));
    const said = once(two, "said");
    one.emit("say", room, "hello");
    same(await said, [room, "hello"]);
    same(await ask(two, "leave", room), [true]);
    await Promise.all([one, other].map((socket) => ask(socket, "message-with-ack")));
    same(heard, []);
  },

  async ends({ ask, connected, once, same, until }) {
    const left = await connected();
    const own = once(left, "disconnect");
    const engine = left.io.engine;
    left.disconnect();
    same((await own)[0], "io client disconnect");
    // Version 2 forgets a connection that it closes, if it connects anew meanwhile.
    await until("the end of the connection", () => engine.readyState === "closed");
    left.connect();
    await once(left, "connect");
    same(await ask(left, "message-with-ack", "again"), ["again"]);
    const told = once(left, "disconnect");
    left.emit("bye");
    same((await told)[0], "io server disconnect");
  },

  async reconnects({ ask, connected, once, same }) {
    const socket = await connected();
    const before = socket.id;
    const gone = once(socket, "disconnect");
    const back = once(socket, "connect");
    socket.io.engine.close();
    await gone;
    await back;
    same(socket.id === before, false);
    same(await ask(socket, "message-with-ack", "again"), ["again"]);
  },

  /** Only 4: after a cut it is the same socket, and nothing that others said is missing. */
  async recovery({ ask, connected, once, options, same, until }) {
    const path = { path: `${options.path ?? ""}/recovery` };
    const [socket, other] = await Promise.all([connected("/", path), connected("/", path)]);
    const custom = socket.io.socket("/custom", {});
    await once(custom, "connect");
    const room = `room ${Math.random()}`;
    await ask(socket, "join", room);
    await ask(custom, "join", room);
    const heard = [];
    socket.on("said", (_, number) => heard.push(number));
    const [id, customId] = [socket.id, custom.id];
    let number = 0;
    const say = () => ask(other, "say", room, (number += 1));
    await say();
    for (let cut = 0; cut < 3; cut += 1) {
      const back = Promise.all([once(socket, "connect"), once(custom, "connect")]);
      // What is on its way at the cut is missed as well as what is said after it.
      const saying = say();
      socket.io.engine.close();
      await saying;
      await say();
      await back;
      same([socket.recovered, custom.recovered, socket.id, custom.id], [true, true, id, customId]);
      same([(await ask(socket, "where"))[2], (await ask(custom, "where"))[2]], [true, true]);
      await say();
      await until("all that was said", () => heard.length >= number);
      same(heard, Array.from({ length: number }, (_, at) => at + 1));
      same(await ask(custom, "message-with-ack", "works"), ["works"]);
    }
    const gone = once(socket, "disconnect");
    socket.disconnect();
    await gone;
    socket.connect();
    await once(socket, "connect");
    same([socket.recovered, socket.id === id, (await ask(socket, "where"))[2]], [false, false, false]);
  },

  /** Only where the transport changes: nothing is lost, doubled or out of order meanwhile. */
  async upgrade({ ask, connected, same, transport, until }) {
    const socket = await connected();
    const ticks = [];
    socket.on("tick", (tick) => ticks.push(tick));
    let sent = 0;
    let counted = 0;
    await until("the upgrade", () => {
      for (let more = 0; more < 20; more += 1) {
        socket.emit("seq", (sent += 1) - 1);
      }
      socket.emit("count", 20);
      counted += 20;
      return transport(socket) === "websocket";
    });
    const [report] = await ask(socket, "seq-report");
    same(report, { received: sent, duplicates: 0, reordered: 0, missing: 0 });
    await until("all ticks", () => ticks.length >= counted);
    same(ticks, Array.from({ length: counted }, (_, at) => at % 20));
  },
};
