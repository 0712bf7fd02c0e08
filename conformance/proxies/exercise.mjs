/**
 * What a session must do behind any proxy: connect, exchange, be idle, go on. Runs in node and, as text, in a page, so it uses
 * nothing from outside. Answers with what it saw; it judges nothing.
 */
export async function exercise(connect, url, options, { idleMs, many, bytes, untilItFails }) {
  const seen = { stage: "connect", log: [], error: null, over: null, rounds: [] };
  const echoes = [];
  const ticks = [];
  const started = Date.now();
  const socket = connect(url, { multiplex: false, ...options });
  let closing = false;
  let fail;
  const failure = new Promise((_, reject) => (fail = reject));
  failure.catch(() => {});
  const outcome = new Promise((resolve) => {
    ["connect", "connect_error", "disconnect", "resumed", "suspended", "transport"].forEach((name) => {
      socket.on(name, (detail) => {
        if (closing) {
          return;
        }
        seen.log.push([Date.now() - started, name, (detail && detail.code) || (typeof detail === "string" ? detail : "")]);
        if (name === "connect" || name === "connect_error") {
          resolve(name);
        }
        if (untilItFails && (name === "connect_error" || name === "suspended")) {
          fail(new Error(name));
        }
      });
    });
  });
  socket.on("echo", (number) => echoes.push(number));
  socket.on("tick", (number) => ticks.push(number));
  const numbers = (from) => Array.from({ length: many }, (_, index) => from + index);
  const text = (values) => JSON.stringify(values);

  async function round(number, bytes) {
    const sent = numbers(number * many);
    sent.forEach((each) => {
      socket.emit("echo", each);
      socket.emit("seq", each);
    });
    const binary = Uint8Array.from({ length: bytes }, (_, index) => (index * 31) % 251);
    const back = await socket.emitWithAck("message-with-ack", binary);
    const report = await socket.emitWithAck("seq-report");
    const count = await socket.emitWithAck("count", many);
    const acks = await Promise.all(sent.slice(0, 10).map((each) => socket.emitWithAck("message-with-ack", each)));
    const { received, duplicates, reordered, missing } = report;
    return {
      binary: back instanceof Uint8Array && back.length === bytes && back.every((byte, index) => byte === binary[index]),
      up: text([received, duplicates, reordered, missing]) === text([(number + 1) * many, 0, 0, 0]),
      echoes: text(echoes.splice(0)) === text(sent),
      down: count === many && text(ticks.splice(0)) === text(numbers(0)),
      acks: text(acks) === text(sent.slice(0, 10)),
    };
  }

  async function all() {
    seen.first = await outcome;
    if (seen.first === "connect") {
      seen.stage = "exchange";
      seen.rounds.push(await round(0, bytes));
      seen.stage = "idle";
      // Not to wait for anything: silence is what is tested.
      await new Promise((resolve) => setTimeout(resolve, idleMs));
      seen.stage = "go on";
      seen.rounds.push(await round(1, 1_000));
      seen.over = socket.transport;
      seen.stage = "done";
    }
  }

  try {
    await Promise.race([all(), failure]);
  } catch (error) {
    seen.error = `${error.code ?? ""} ${error.message}`;
  }
  closing = true;
  socket.close();
  return seen;
}
