// What an application does with SockJS's own client. Each is sent into pages as text, so it refers to nothing outside.

export const scenarios = {
  async messages({ open, same, transport }) {
    const line = await open("/echo");
    same(line.socket.transport, transport);
    const texts = ["one", "", "ü 😀 \u2028\u200d\uffff\u0000\n", "</script><!--<script>", '"]["', "x".repeat(9_000)];
    texts.forEach((text) => line.socket.send(text));
    for (const text of texts) {
      same(await line.next(), text);
    }
  },

  /** More than one streaming answer holds: the client begins another, and nothing is lost between them. */
  async order({ open, same }) {
    const line = await open("/echo");
    for (let number = 0; number < 300; number += 1) {
      line.socket.send(`${number} ${"x".repeat(100)}`);
    }
    for (let number = 0; number < 300; number += 1) {
      same((await line.next()).split(" ")[0], `${number}`);
    }
  },

  async "large answers"({ open, same }) {
    const line = await open("/amplify");
    for (const power of [18, 1, 17]) {
      line.socket.send(`${power}`);
      same((await line.next()).length, 2 ** power);
    }
  },

  async broadcast({ open, same }) {
    const lines = [await open("/broadcast"), await open("/broadcast")];
    // Who has heard itself is among those who hear.
    for (const line of lines) {
      line.socket.send("here");
    }
    while ((await lines[1].next()) !== "here");
    lines[0].socket.send("all");
    for (const line of lines) {
      let text = await line.next();
      while (text === "here") {
        text = await line.next();
      }
      same(text, "all");
    }
  },

  async "the server closes"({ open, same }) {
    const line = await open("/close");
    same(await line.closed(), [3000, "Go away!"]);
  },

  async "the client closes"({ open, same }) {
    const line = await open("/echo");
    line.socket.close(3456, "done");
    same(await line.closed(), [3456, "done"]);
  },

  async events({ ask, open, same }) {
    const line = await open("/events");
    same(JSON.parse(await line.next()), { event: "auth", args: [null] });
    same(await ask(line, { event: "message-with-ack", args: ["é", { a: [1, null] }], id: 7 }), { ack: 7, args: ["é", { a: [1, null] }] });
    // The other way round: the server asks.
    line.socket.send(JSON.stringify({ event: "emit-with-ack", args: [1, 2] }));
    const asked = JSON.parse(await line.next());
    same([asked.event, asked.args], ["emit-with-ack", [1, 2]]);
    same(await ask(line, { ack: asked.id, args: ["yes"] }), { event: "emit-with-ack", args: ["yes"] });
    // A message that describes no event is the event `message`.
    same(await ask(line, "plain"), { event: "message-back", args: ["plain"] });
  },
};
