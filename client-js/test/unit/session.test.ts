import { refusal } from "../codes.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Pair } from "./pair.ts";

function numbers(from: number, to: number): unknown[] {
  return Array.from({ length: to - from + 1 }, (_, i) => ["n", from + i]);
}

describe("opening", () => {
  test("a WebSocket carries attach, namespace and events in one flight", () => {
    const pair = new Pair();
    pair.connect("/", { token: "t" });
    pair.emit("echo", "hi");
    pair.attach("duplex");
    expect(pair.written.map(String).map((line) => line[0])).toEqual(["A", "c", "e"]);
    pair.settle();
    expect(pair.packets.map((packet) => packet.type)).toEqual(["o", "e"]);
    expect(pair.delivered).toEqual([["echo", "hi"]]);
    expect(pair.of("opened")).toEqual([{ type: "opened", carrier: 1, resumed: false }]);
  });

  test("a poll carries the same in one request", () => {
    const pair = new Pair();
    pair.connect();
    pair.emit("echo", "hi");
    pair.attach("poll");
    pair.step(0);
    pair.step(0);
    expect(pair.delivered).toEqual([["echo", "hi"]]);
    expect(pair.requests.map((request) => request.kind)).toEqual(["attach", "poll"]);
  });

  test("a lost answer makes no second session and no second event", () => {
    const pair = new Pair();
    pair.again = "duplex";
    pair.connect();
    pair.emit("n", 1);
    pair.attach("duplex");
    pair.step(0);
    pair.step(0);
    pair.step(0);
    pair.cut();
    pair.settle();
    expect(pair.server.sessions.length).toBe(1);
    expect(pair.server.last.seen).toEqual([["n", 1]]);
    expect(pair.server.attaches.map((head) => [head["attach"], head["key"]])).toEqual([
      [1, "key-1"],
      [2, "key-1"],
    ]);
  });

  test("before the welcome only a cautious number of bytes is sent", () => {
    const pair = new Pair();
    pair.connect();
    pair.emit("echo", "x".repeat(60000));
    pair.emit("echo", "y".repeat(60000));
    pair.attach("duplex");
    expect(pair.written.length).toBe(3);
    pair.settle();
    expect(pair.delivered.length).toBe(2);
  });

  test("what waits and is larger than the server takes ends the session, and is told", () => {
    const pair = new Pair({ max: 1000 });
    pair.connect();
    pair.attach("duplex");
    pair.emit("n", 1);
    pair.emit("echo", "x".repeat(2000));
    pair.settle();
    expect(pair.of("ended")).toMatchObject([{ code: "too_large" }]);
  });
});

describe("resuming", () => {
  test("sends again what is not confirmed, once and in order, and uses the newest token", () => {
    const pair = new Pair();
    pair.again = "duplex";
    pair.connect();
    pair.attach("duplex");
    pair.settle();
    for (let i = 1; i <= 5; i++) {
      pair.emit("n", i);
    }
    pair.drain();
    pair.step(0);
    pair.step(0);
    pair.cut();
    pair.server.last.emit("down", 1);
    pair.settle();
    expect(pair.server.last.seen).toEqual(numbers(1, 5));
    expect(pair.delivered).toEqual([["down", 1]]);
    expect(pair.server.attaches[1]).toMatchObject({ attach: 2, session: "s1", token: "t1", received: 1 });
    expect(pair.of("suspended").length).toBe(1);
    expect(pair.of("opened")[1]).toMatchObject({ resumed: true });
  });

  test("moves between kinds of carriers without loss", () => {
    const pair = new Pair();
    pair.connect();
    pair.attach("poll");
    pair.settle();
    pair.emit("n", 1);
    pair.attach("duplex");
    pair.emit("n", 2);
    pair.settle();
    pair.server.last.emit("down", 1);
    pair.settle();
    expect(pair.of("moved").length).toBe(1);
    expect(pair.of("suspended").length).toBe(0);
    expect(pair.server.last.seen).toEqual(numbers(1, 2));
    expect(pair.delivered).toEqual([["down", 1]]);
  });

  test("the former carrier is listened to until the new one has answered", () => {
    const pair = new Pair();
    pair.connect();
    const old = pair.attach("duplex");
    pair.settle();
    pair.attach("duplex");
    pair.client.packet(0, old, 'e["late"]');
    pair.drain();
    expect(pair.delivered).toEqual([["late"]]);
  });

  test("what has been seen is dropped", () => {
    const pair = new Pair();
    pair.connect();
    const id = pair.attach("duplex");
    pair.settle();
    pair.client.packet(0, id, 'W{"first":1,"received":1,"consumed":0}');
    pair.client.packet(0, id, 'e["seen"]');
    pair.client.packet(0, id, 'e["new"]');
    pair.drain();
    expect(pair.delivered).toEqual([["new"]]);
  });

  test("a gap costs the carrier", () => {
    const pair = new Pair();
    pair.connect();
    const id = pair.attach("duplex");
    pair.settle();
    pair.client.packet(0, id, 'W{"first":3,"received":1,"consumed":0}');
    pair.client.packet(0, id, 'e["too far"]');
    pair.drain();
    expect(pair.of("lost")).toMatchObject([{ code: "gap", welcomed: true }]);
    expect(pair.delivered).toEqual([]);
  });

  test("a packet that cannot be read costs the carrier, the same one again the session", () => {
    const pair = new Pair();
    pair.again = "duplex";
    pair.connect();
    pair.attach("duplex");
    pair.settle();
    pair.client.packet(0, pair.current, "e[");
    pair.settle();
    expect(pair.client.state).toBe("open");
    pair.client.packet(0, pair.current, "e[");
    pair.drain();
    expect(pair.of("ended")).toMatchObject([{ code: "bad_json" }]);
  });
});

describe("polling", () => {
  function open(): Pair {
    const pair = new Pair();
    pair.connect();
    pair.attach("poll");
    pair.settle();
    return pair;
  }

  test("with a poll that hangs, something to say goes in a new one at once", () => {
    const pair = open();
    expect(pair.requests.length).toBe(2);
    pair.emit("echo", 1);
    pair.drain();
    expect(pair.requests.length).toBe(3);
    expect(JSON.parse((pair.requests[2]?.body.split("\n")[0] as string).slice(1))).toMatchObject({ attach: 1, poll: 2, serial: 2, first: 2 });
    pair.settle();
    expect(pair.delivered).toEqual([["echo", 1]]);
  });

  test("a second batch waits until the first is confirmed", () => {
    const pair = open();
    pair.emit("n", 1);
    pair.drain();
    pair.emit("n", 2);
    pair.emit("n", 3);
    pair.drain();
    expect(pair.requests.length).toBe(3);
    pair.settle();
    expect(pair.server.last.seen).toEqual(numbers(1, 3));
    expect(pair.server.posts.filter((head) => head["serial"]).map((head) => head["serial"])).toEqual([2, 3]);
  });

  test("a batch whose request has failed is sent again under its serial", () => {
    const pair = open();
    pair.again = "poll";
    pair.emit("n", 1);
    pair.drain();
    const failed = pair.requests[2]?.id as number;
    pair.step(0);
    pair.wires = [];
    pair.client.failed(0, failed, "");
    pair.settle();
    expect(pair.server.attaches[1]).toMatchObject({ attach: 2, serial: 2, first: 2 });
    expect(pair.server.last.seen).toEqual(numbers(1, 1));
  });

  test("volatile events are not repeated, and wait for nothing", () => {
    const pair = open();
    pair.client.pushVolatile('v["now"]');
    pair.drain();
    pair.client.pushVolatile('v["busy"]');
    pair.drain();
    pair.settle();
    pair.cut();
    pair.client.pushVolatile('v["suspended"]');
    pair.attach("poll");
    pair.settle();
    expect(pair.server.last.volatiles).toEqual([["now"]]);
  });

  test("a stale poll is followed by one with a higher number", () => {
    const pair = open();
    pair.wires = [];
    pair.client.failed(0, pair.requests[1]?.id as number, "stale_poll");
    pair.drain();
    expect(pair.requests[2]?.body).toContain('"poll":2');
    expect(pair.of("lost")).toEqual([]);
  });
});

describe("flow control and liveness", () => {
  test("events stop at the peer's window and go on with its counts", () => {
    const pair = new Pair({ window: 100, max: 100 });
    pair.connect();
    const id = pair.attach("duplex");
    pair.settle();
    for (let i = 0; i < 10; i++) {
      pair.emit("n", "x".repeat(20));
    }
    pair.push("a", "/", [1], 1);
    pair.settle();
    // 28 bytes each.
    expect(pair.server.last.seen.length).toBe(3);
    pair.client.packet(0, id, "n4,84");
    pair.settle();
    expect(pair.server.last.seen.length).toBe(6);
    pair.client.packet(0, id, "n7,280");
    pair.settle();
    expect(pair.server.last.seen.length).toBe(10);
    expect(pair.server.last.received).toBe(12);
  });

  test("counts are said after a quarter of the window", () => {
    const pair = new Pair({}, 400);
    pair.connect();
    pair.attach("duplex");
    pair.settle();
    pair.server.last.emit("d", "x".repeat(50));
    pair.settle();
    expect(pair.written.filter((data) => String(data)[0] === "n")).toEqual([]);
    pair.server.last.emit("d", "x".repeat(50));
    pair.settle();
    expect(pair.written[pair.written.length - 1]).toBe("n3,118");
  });

  test("a heartbeat is answered with the counts", () => {
    const pair = new Pair();
    pair.connect();
    const id = pair.attach("duplex");
    pair.settle();
    pair.client.packet(0, id, "h");
    pair.drain();
    expect(pair.written[pair.written.length - 1]).toBe("n1,0");
  });

  test("a mute carrier is given up after ping and timeout", () => {
    const pair = new Pair({ ping: 1000, timeout: 500 });
    pair.connect();
    const id = pair.attach("duplex");
    pair.settle();
    expect(pair.client.nextTimeout()).toBe(1500);
    pair.now = 1000;
    pair.client.packet(1000, id, "h");
    pair.advance(1499);
    expect(pair.client.state).toBe("open");
    pair.advance(1);
    expect(pair.client.state).toBe("suspended");
    expect(pair.of("lost")).toMatchObject([{ code: "timeout" }]);
  });

  test("a received count of what was never sent ends the session", () => {
    const pair = new Pair();
    pair.connect();
    const id = pair.attach("duplex");
    pair.settle();
    pair.client.packet(0, id, "n2,0");
    pair.drain();
    expect(pair.of("ended")).toMatchObject([{ code: "bad_ack" }]);
  });
});

describe("ends", () => {
  test.each(["duplex", "poll"] as const)("closing over %s sends what is there, then z, and waits for the answer", (kind) => {
    const pair = new Pair();
    pair.connect();
    pair.attach(kind);
    pair.settle();
    const session = pair.server.last;
    pair.emit("n", 1);
    pair.client.close(0, "client_disconnect");
    pair.drain();
    expect(pair.client.state).toBe("closing");
    pair.settle();
    expect(session.seen).toEqual(numbers(1, 1));
    expect(session.closed).toEqual({ code: "client_disconnect", final: 2 });
    expect(pair.of("ended")).toMatchObject([{ code: "client_disconnect", unconfirmed: [] }]);
  });

  test("without an answer it is over after 5 s", () => {
    const pair = new Pair();
    pair.connect();
    pair.attach("duplex");
    pair.settle();
    pair.silence();
    pair.client.close(0, "client_disconnect");
    pair.advance(4999);
    expect(pair.client.state).toBe("closing");
    pair.advance(1);
    expect(pair.client.state).toBe("ended");
    expect(pair.client.nextTimeout()).toBe(null);
  });

  test("the server's z is answered when all before it is here", () => {
    const pair = new Pair();
    pair.connect();
    const id = pair.attach("duplex");
    pair.settle();
    pair.client.packet(0, id, 'z{"code":"server_disconnect","reason":"enough","final":2}');
    pair.drain();
    expect(pair.client.state).toBe("open");
    pair.client.packet(0, id, 'e["last"]');
    pair.drain();
    expect(pair.delivered).toEqual([["last"]]);
    expect(pair.written[pair.written.length - 1]).toBe('z{"code":"server_disconnect","final":1}');
    expect(pair.of("ended")).toMatchObject([{ code: "server_disconnect", reason: "enough" }]);
  });

  test("an unknown session ends this one, and says what was not confirmed", () => {
    const pair = new Pair();
    pair.again = "duplex";
    pair.connect();
    pair.attach("duplex");
    pair.settle();
    pair.server.restart();
    pair.emit("n", 1);
    pair.cut();
    pair.settle();
    const [ended] = pair.of("ended");
    expect(ended?.code).toBe("unknown_session");
    expect(ended?.unconfirmed.map((message) => message.data)).toContain('e["n",1]');
  });

  test("stale on the latest attach: again with a higher number", () => {
    const pair = new Pair();
    pair.again = "duplex";
    pair.connect();
    pair.attach("duplex");
    pair.client.packet(0, 1, "r" + refusal("stale"));
    pair.settle();
    expect(pair.client.state).toBe("open");
    expect(pair.server.attaches.map((head) => head["attach"])).toEqual([2]);
  });

  test.each([
    ["answers", "moved"],
    ["fails", "suspended"],
  ] as const)("taken over by its own next carrier: suspended only if that fails (it %s)", (how, told) => {
    const pair = new Pair();
    pair.connect();
    const id = pair.attach("duplex");
    pair.settle();
    const next = pair.attach("duplex");
    pair.client.packet(0, id, "r" + refusal("taken_over"));
    pair.drain();
    expect([pair.client.state, pair.of("suspended"), pair.of("moved")]).toEqual(["open", [], []]);
    if (how === "answers") {
      pair.settle();
    } else {
      pair.client.lost(0, next, "");
      pair.drain();
    }
    expect(pair.of(told).length).toBe(1);
    expect(pair.of("suspended").length).toBe(how === "fails" ? 1 : 0);
  });

  test("a ticket that is not known costs the carrier, not the session", () => {
    const pair = new Pair();
    pair.connect();
    const id = pair.attach("stream");
    pair.client.answer(0, 1, 'W{"session":"s","token":"t","attach":1,"first":1,"received":1,"consumed":0,"ping":10000,"timeout":8000,"window":65536,"max":65536,"acks":9,"ticket":"k"}');
    pair.client.line(0, id, "r" + refusal("unknown_session"));
    pair.drain();
    expect(pair.of("ended")).toEqual([]);
    expect(pair.of("lost")).toMatchObject([{ code: "stale", welcomed: false }]);
  });

  test("a beacon holds what is not confirmed and z", () => {
    const pair = new Pair();
    pair.connect();
    pair.attach("poll");
    pair.settle();
    pair.emit("n", 1);
    const session = pair.server.last;
    expect(pair.server.post(pair.client.beacon(32768) as string)).not.toBeTypeOf("string");
    expect(session.seen).toEqual(numbers(1, 1));
    expect(session.closed).toEqual({ code: "client_disconnect", final: 2 });
  });
});

test("any schedule of cuts and moves: every event arrives once and in order, both ways", () => {
  const kinds = ["duplex", "poll"] as const;
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant("step" as const), pick: fc.nat(5) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("up" as const), pick: fc.constant(0) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("down" as const), pick: fc.constant(0) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("cut" as const), pick: fc.nat(1) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("move" as const), pick: fc.nat(1) }) },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 120 }), fc.nat(1), (actions, start) => {
      const pair = new Pair();
      let up = 0;
      let down = 0;
      pair.again = kinds[start] ?? null;
      pair.connect();
      pair.attach(kinds[start] as "poll");
      for (const { do: what, pick } of actions) {
        if (what === "step" && pair.wires.length) {
          // Requests overtake each other, what is written to one WebSocket does not.
          const wire = pair.wires[pick % pair.wires.length];
          pair.step(pair.wires.findIndex((one) => one.carrier === wire?.carrier));
        } else if (what === "up") {
          pair.emit("n", ++up);
          pair.drain();
        } else if (what === "down" && pair.server.sessions.length) {
          pair.server.last.emit("n", ++down);
        } else if (what === "cut") {
          pair.again = kinds[pick] as "poll";
          pair.cut();
        } else if (what === "move") {
          pair.attach(kinds[pick] as "poll");
        }
      }
      pair.settle();
      expect(pair.server.sessions.length).toBe(1);
      expect(pair.server.last.seen).toEqual(numbers(1, up));
      expect(pair.delivered).toEqual(numbers(1, down));
      expect(pair.client.send.log.length).toBeLessThanOrEqual(up + 1);
    }),
    { numRuns: 500 },
  );
});
