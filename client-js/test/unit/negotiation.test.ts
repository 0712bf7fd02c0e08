// Which transport is tried when, in virtual time: a pilot flies the negotiation through a network that the test describes.
import { beforeEach, describe, expect, test } from "vitest";
import { backoff } from "../../src/backoff.ts";
import { load, save } from "../../src/memory.ts";
import { KEPT, createNegotiation, type Memory, type Negotiation } from "../../src/negotiation.ts";
import type { Attempt } from "../../src/plan.ts";
import { DUPLEX, POLL, STREAM } from "../../src/session/state.ts";
import type { Transport } from "../../src/transports/transport.ts";

const WAYS = [
  { name: "websocket", _kind: DUPLEX },
  { name: "streaming", _kind: STREAM },
  { name: "long_polling", _kind: POLL },
] as Transport[];
const MINUTE = 60000;

/** What a transport does here: milliseconds from its start. What is not named never happens. */
interface Path {
  opens?: number;
  carries?: number;
  fails?: number;
  code?: string;
}

interface Due {
  at: number;
  run(): void;
}

class Pilot {
  now = 0;
  log: string[] = [];
  /** The transport that the session is on. */
  on = "";
  id = 0;
  /** What the probe of a transport finds, if not what the network says. */
  finds: string | undefined;
  readonly plan: Negotiation;
  readonly attempts: Attempt[] = [];
  private queue: Due[] = [];
  private live: Attempt[] = [];
  private attached: Attempt[] = [];

  constructor(
    public network: { [name: string]: Path },
    readonly memory: Memory = { best: "", until: 0, rtt: 0, tight: 0, failed: {} },
    ways = WAYS,
    attempts = Infinity,
  ) {
    this.plan = createNegotiation(
      ways,
      { _attempts: attempts, _pause: (tries) => backoff(tries, 500, 10000, () => 0.5) },
      () => 0.5,
      memory,
      {
        _start: (attempt) => this.started(attempt),
        _failing: () => this.say("failing"),
        _giveUp: () => this.say("give_up"),
      },
      {
        _probe: ({ name }, done) => {
          const carries = this.network[name]?.carries;
          this.say(`probe ${name}`);
          this.after(this.now + (carries ?? 100), () => done(this.now, this.finds ?? (carries === undefined ? "failed" : null)));
        },
        _learnt: () => {},
        _stop: () => {},
      },
    );
  }

  /** The attempt that carries. */
  get current(): Attempt {
    return this.attempts[this.id - 1] as Attempt;
  }

  begin(): this {
    this.plan._begin(this.now);
    this.settle();
    return this;
  }

  /** Lets so much time pass. */
  pass(ms: number): this {
    const end = this.now + ms;
    for (;;) {
      const dues = this.queue.map((one) => one.at);
      const at = Math.min(this.plan._nextTimeout(), ...dues);
      if (at > end) {
        break;
      }
      this.now = Math.max(this.now, at);
      const index = this.queue.findIndex((one) => one.at <= this.now);
      this.queue.splice(index, index < 0 ? 0 : 1)[0]?.run();
      this.settle();
    }
    this.now = end;
    return this;
  }

  lose(code: string): this {
    this.on = "";
    this.end(this.current);
    this.plan._failed(this.now, this.current, code);
    this.settle();
    return this;
  }

  starts(): string[] {
    return this.log.filter((line) => line.includes("start")).map((line) => line.split(" ")[2] as string);
  }

  settle(): void {
    for (let run; (run = this.plan._next(this.now)); ) {
      run();
    }
  }

  private started(attempt: Attempt): void {
    const { name } = attempt._way;
    const path = this.network[name] ?? {};
    const at = this.now;
    const is = (run: () => void) => () => this.live.includes(attempt) && run();
    const attach = (): void => void this.attached.push(attempt);
    this.say(`start ${name}`);
    this.attempts.push(attempt);
    this.live.push(attempt);
    if (attempt._way._kind !== DUPLEX) {
      attach();
    } else if (path.opens !== undefined) {
      this.after(at + path.opens, is(() => (attach(), this.plan._opened(this.now, attempt))));
    }
    if (path.carries !== undefined) {
      this.after(at + path.carries, is(() => this.carried(attempt)));
    }
    if (path.fails !== undefined) {
      this.after(at + path.fails, is(() => (this.end(attempt), this.plan._failed(this.now, attempt, path.code ?? ""))));
    } else {
      // As the driver does with a connection that is not made, and the session with a carrier that has not shown anything.
      if (attempt._way._kind === DUPLEX && path.opens === undefined) {
        this.after(at + attempt._patience, is(() => (this.say(`cancel ${name}`), this.end(attempt), this.plan._failed(this.now, attempt, "timeout"))));
      }
      const silent = (): boolean => this.attached.includes(attempt) && this.current !== attempt;
      const lose = is(() => silent() && (this.end(attempt), this.plan._failed(this.now, attempt, "timeout")));
      this.after(at + (path.opens ?? 0) + attempt._patience, lose);
    }
  }

  /** As the session: what attached before is dropped. */
  private carried(attempt: Attempt): void {
    for (const other of this.attached.splice(0, this.attached.indexOf(attempt))) {
      this.plan._overtaken(this.now, other);
      this.end(other);
    }
    this.id = this.attempts.indexOf(attempt) + 1;
    this.on = attempt._way.name;
    this.say(`on ${this.on}`);
    this.plan._carried(this.now, attempt);
  }

  private end(attempt: Attempt): void {
    this.live = this.live.filter((one) => one !== attempt);
    this.attached = this.attached.filter((one) => one !== attempt);
  }

  private after(at: number, run: () => void): void {
    this.queue.push({ at, run });
    this.queue.sort((a, b) => a.at - b.at);
  }

  private say(text: string): void {
    this.log.push(`${this.now} ${text}`);
  }
}

const GOOD: Path = { carries: 40 };
const rest = { streaming: GOOD, long_polling: GOOD };

describe("at first contact", () => {
  test("a WebSocket that carries in time stands alone", () => {
    const pilot = new Pilot({ websocket: { opens: 100, carries: 200 }, ...rest }).begin().pass(MINUTE);
    expect(pilot.log).toEqual(["0 start websocket", "200 on websocket"]);
    expect(pilot.memory).toMatchObject({ best: "websocket", rtt: 100, tight: 0, failed: {} });
  });

  test("blocked: the next at once", () => {
    const pilot = new Pilot({ websocket: { fails: 30 }, ...rest }).begin().pass(1000);
    expect(pilot.log).toEqual(["0 start websocket", "30 start streaming", "70 on streaming"]);
    expect(pilot.memory.failed).toMatchObject({ websocket: "failed" });
  });

  test("a SYN that nobody answers: the next after 250 ms, the evidence after 5 s", () => {
    const pilot = new Pilot({ websocket: {}, ...rest }).begin().pass(4999);
    expect(pilot.log).toEqual(["0 start websocket", "250 start streaming", "290 on streaming"]);
    expect(pilot.memory.failed).toEqual({});
    pilot.pass(1);
    expect(pilot.log.slice(3)).toEqual(["5000 cancel websocket"]);
    expect(pilot.memory.failed).toMatchObject({ websocket: "timeout" });
  });

  test("upgraded, then mute: evidence at once, and looked at soon, since it may only be slow", () => {
    const pilot = new Pilot({ websocket: { opens: 50 }, ...rest }).begin().pass(5000);
    expect(pilot.log).toEqual(["0 start websocket", "250 start streaming", "290 on streaming", "1290 probe websocket"]);
    expect(pilot.memory.failed).toMatchObject({ websocket: "failed" });
  });

  test("what has opened late is given as long again as that took", () => {
    const pilot = new Pilot({ websocket: { opens: 200, carries: 380 }, ...rest }).begin().pass(MINUTE);
    expect(pilot.log).toEqual(["0 start websocket", "380 on websocket"]);
  });

  test("a slow WebSocket that opens after the fallback has won takes the session over", () => {
    const pilot = new Pilot({ websocket: { opens: 800, carries: 1200 }, ...rest }).begin().pass(MINUTE);
    expect(pilot.log).toEqual(["0 start websocket", "250 start streaming", "290 on streaming", "1200 on websocket"]);
    expect(pilot.memory).toMatchObject({ best: "websocket", failed: {} });
  });

  test("one that had attached before, and is only slow, is found to work soon", () => {
    const pilot = new Pilot({ websocket: { opens: 100, carries: 900 }, ...rest }).begin().pass(MINUTE);
    expect(pilot.log).toEqual([
      "0 start websocket",
      "250 start streaming",
      "290 on streaming",
      "1290 probe websocket",
      "2190 start websocket",
      "3090 on websocket",
    ]);
    expect(pilot.memory).toMatchObject({ best: "websocket", failed: {} });
  });

  test("a fallback that answers when it has lost does not keep the session", () => {
    const pilot = new Pilot({ websocket: { opens: 100, carries: 260 }, streaming: { carries: 40 } }).begin().pass(MINUTE);
    expect(pilot.log).toEqual([
      "0 start websocket",
      "250 start streaming",
      "260 on websocket",
      "290 on streaming",
      "1290 probe websocket",
      "1550 start websocket",
      "1810 on websocket",
    ]);
  });

  test.each(["taken_over", "end"])("a stream that is held back until its end (%s) has not carried in time", (code) => {
    const pilot = new Pilot({}, undefined, WAYS.slice(1)).begin().pass(300);
    const { plan } = pilot;
    plan._carried(300, pilot.attempts[0] as Attempt);
    plan._failed(300, pilot.attempts[0] as Attempt, code);
    pilot.settle();
    plan._carried(310, pilot.attempts[1] as Attempt);
    pilot.settle();
    expect(pilot.pass(500).log).toEqual(["0 start streaming", "250 start long_polling"]);
    expect(pilot.memory).toMatchObject({ best: "long_polling", failed: { streaming: "timeout" } });
  });

  test("one that fails late takes no time from the one that was started beside it", () => {
    const pilot = new Pilot({ websocket: { opens: 50, fails: 260 }, ...rest }).begin().pass(1000);
    expect(pilot.log).toEqual(["0 start websocket", "250 start streaming", "290 on streaming"]);
    expect(pilot.memory.failed).toMatchObject({ websocket: "failed" });
  });

  test("a stream that is held back is passed over, and known as that", () => {
    const pilot = new Pilot({ websocket: { fails: 10 }, streaming: {}, long_polling: GOOD }).begin().pass(1000);
    expect(pilot.log).toEqual(["0 start websocket", "10 start streaming", "260 start long_polling", "300 on long_polling"]);
    expect(pilot.memory.failed).toMatchObject({ websocket: "failed", streaming: "timeout" });
  });

  test("a machine that was busy is no evidence: what has come meanwhile is looked at first", () => {
    const pilot = new Pilot({ websocket: { opens: 50 }, ...rest }).begin().pass(100);
    pilot.now = 3000;
    pilot.settle();
    expect(pilot.starts()).toEqual(["websocket"]);
    pilot.plan._carried(3000, pilot.attempts[0] as Attempt);
    expect(pilot.pass(1000).starts()).toEqual(["websocket"]);
  });

  test("three known round trips are waited for", () => {
    const memory: Memory = { best: "", until: 0, rtt: 300, tight: 0, failed: {} };
    const pilot = new Pilot({ websocket: {}, ...rest }, memory).begin().pass(1000);
    expect(pilot.log).toEqual(["0 start websocket", "900 start streaming", "940 on streaming"]);
  });

  test("pinned to one: no race, however long it takes", () => {
    const pilot = new Pilot({ websocket: { opens: 2000, carries: 4000 } }, undefined, WAYS.slice(0, 1)).begin().pass(MINUTE);
    expect(pilot.log).toEqual(["0 start websocket", "4000 on websocket"]);
  });

  test("nothing works: a pause between the rounds, no evidence, and an end if there is a limit", () => {
    const dead = { websocket: { fails: 5 }, streaming: { fails: 5 }, long_polling: { fails: 5 } };
    const pilot = new Pilot(dead, undefined, WAYS, 1).begin().pass(MINUTE);
    const round = ["websocket", "streaming", "long_polling"];
    expect(pilot.starts()).toEqual([...round, ...round]);
    expect(pilot.log.filter((line) => !line.includes("start"))).toEqual(["15 failing", "280 failing", "280 give_up"]);
    expect(pilot.memory.failed).toEqual({});
  });
});

describe("what was learnt", () => {
  let memory: Memory;

  beforeEach(() => {
    memory = new Pilot({ websocket: { fails: 30 }, ...rest }).begin().pass(1000).memory;
  });

  test("the second contact does not wait for a WebSocket that is blocked", () => {
    const pilot = new Pilot({ websocket: {}, ...rest }, memory).begin().pass(1000);
    expect(pilot.log).toEqual(["0 start streaming", "40 on streaming"]);
  });

  test("it expires", () => {
    const pilot = new Pilot({ websocket: { opens: 20, carries: 40 }, ...rest }, memory);
    pilot.now = KEPT + 1000;
    expect(pilot.begin().pass(100).starts()).toEqual(["websocket"]);
  });

  test("it lasts from one visit to the next by the time of day", () => {
    const kept: { [key: string]: string } = {};
    const store = { get: (key: string) => kept[key], set: (key: string, value: string) => void (kept[key] = value) };
    save(store, "here", memory, 1e12 - 500);
    const read = load(store, "here", 7, 1e12 + 1000 - 7);
    expect(read).toMatchObject({ best: "streaming", rtt: memory.rtt, failed: { websocket: "failed" } });
    expect(read.until - 7).toBe(memory.until - 500 - 1000);
    expect(load(store, "here", 500, 1e12 + KEPT - 500)).toMatchObject({ best: "", rtt: 0 });
    expect(load(store, "here", 500, 1e11 - 500).until).toBeLessThanOrEqual(500 + KEPT);
    expect(load(store, "elsewhere", 500, 1e12 - 500)).toEqual({ best: "", until: 0, rtt: 0, tight: 0, failed: {} });
    kept["here"] = "nonsense";
    expect(load(store, "here", 500, 1e12 - 500).best).toBe("");
  });
});

describe("upward", () => {
  test("looks for a better one in growing pauses, by a session of its own, then attaches", () => {
    const pilot = new Pilot({ websocket: { fails: 30 }, ...rest }).begin().pass(10 * MINUTE);
    const probes = pilot.log.filter((line) => line.includes("probe")).map((line) => parseInt(line, 10));
    const pauses = probes.map((at, i) => at - (probes[i - 1] ?? 0));
    expect(pauses.length).toBeGreaterThan(3);
    pauses.forEach((pause, i) => expect(pause).toBeGreaterThan(i && (pauses[i - 1] as number)));
    expect(pilot.starts()).toEqual(["websocket", "streaming"]);
    pilot.network["websocket"] = { opens: 20, carries: 40 };
    pilot.pass(20 * MINUTE);
    expect(pilot.on).toBe("websocket");
    expect(pilot.memory).toMatchObject({ best: "websocket", failed: {} });
    expect(pilot.log.filter((line) => line.includes("on "))).toHaveLength(2);
  });

  test("what works for the probe alone disturbs nothing", () => {
    const pilot = new Pilot({ websocket: { fails: 30 }, ...rest }).begin().pass(1000);
    pilot.network["websocket"] = { opens: 20, carries: 40 };
    const began = pilot.log.length;
    // It answers the probe, but not the attach.
    pilot.pass(10100);
    expect(pilot.log.slice(began)).toEqual(["11070 probe websocket"]);
    pilot.network["websocket"] = { opens: 20, fails: 50 };
    pilot.pass(5000);
    expect(pilot.log.slice(began + 1)).toEqual(["11110 start websocket"]);
    expect(pilot.on).toBe("streaming");
  });

  test("every better one is looked at, the best first", () => {
    const pilot = new Pilot({ websocket: { fails: 10 }, streaming: { fails: 10 }, long_polling: GOOD }).begin().pass(5000);
    pilot.network["streaming"] = GOOD;
    pilot.pass(MINUTE);
    expect(pilot.log.slice(4, 8).map((line) => line.replace(/^\d+ /, ""))).toEqual([
      "probe websocket",
      "probe streaming",
      "start streaming",
      "on streaming",
    ]);
  });

  test("what was only overtaken is looked at soon", () => {
    const pilot = new Pilot({ websocket: { fails: 10 }, streaming: { carries: 600 }, long_polling: GOOD }).begin().pass(2200);
    expect(pilot.log.slice(3)).toEqual(["300 on long_polling", "1300 probe websocket", "1400 probe streaming", "2000 start streaming"]);
    expect(pilot.pass(1000).on).toBe("streaming");
    expect(pilot.memory.failed).toMatchObject({ websocket: "failed" });
    expect(pilot.memory.failed["streaming"]).toBe(undefined);
  });

  test("what fails while nothing works is no evidence", () => {
    const pilot = new Pilot({ websocket: { fails: 30 }, ...rest }).begin().pass(1000);
    delete pilot.memory.failed["websocket"];
    pilot.finds = "silent";
    while (!pilot.log.at(-1)?.includes("probe")) {
      pilot.pass(10);
    }
    pilot.network = {};
    pilot.lose("").pass(1000);
    expect(pilot.memory.failed).toEqual({});
  });

  test("not while closing", () => {
    const pilot = new Pilot({ websocket: { fails: 30 }, ...rest }).begin().pass(1000);
    pilot.plan._close(pilot.now);
    expect(pilot.pass(10 * MINUTE).starts()).toEqual(["websocket", "streaming"]);
    expect(pilot.log.join()).not.toContain("probe");
  });
});

describe("in mid-life", () => {
  const fine = { websocket: { opens: 20, carries: 40 }, ...rest };

  test("a carrier that went mute: the next one at once, and the evidence stays", () => {
    const pilot = new Pilot({ ...fine }).begin().pass(MINUTE).lose("timeout");
    expect(pilot.log.slice(2)).toEqual(["60000 start streaming"]);
    pilot.pass(100);
    expect(pilot.on).toBe("streaming");
    expect(pilot.memory.failed).toMatchObject({ websocket: "timeout" });
  });

  test("a carrier that was cut: the same one at once", () => {
    const pilot = new Pilot({ ...fine }).begin().pass(MINUTE).lose("");
    expect(pilot.log.slice(2)).toEqual(["60000 start websocket"]);
  });

  test("one that dies quickly again and again is left", () => {
    const pilot = new Pilot({ ...fine }).begin();
    for (let i = 0; i < 3; i++) {
      pilot.pass(2000);
      expect(pilot.on).toBe("websocket");
      pilot.lose("");
    }
    expect(pilot.pass(100).on).toBe("streaming");
    expect(pilot.memory.failed).toMatchObject({ websocket: "died" });
  });

  test("unless all others are known to fail", () => {
    const pilot = new Pilot({ websocket: { fails: 10 }, streaming: { fails: 10 }, long_polling: GOOD }).begin();
    for (let i = 0; i < 4; i++) {
      pilot.pass(1200);
      expect(pilot.on).toBe("long_polling");
      pilot.lose("");
    }
    expect(pilot.starts()).toEqual(["websocket", "streaming", ...Array.from({ length: 5 }, () => "long_polling")]);
  });

  test("a look finds no carrier: the pause is over", () => {
    const pilot = new Pilot({ websocket: { fails: 1 }, streaming: { fails: 1 }, long_polling: { fails: 1 } }).begin().pass(100);
    pilot.network = { ...fine };
    pilot.plan._check(pilot.now, pilot.now);
    pilot.settle();
    expect(pilot.starts()).toHaveLength(4);
  });

  test("a look finds a carrier that is silent: it attaches anew beside it", () => {
    const pilot = new Pilot({ ...fine }).begin().pass(MINUTE);
    pilot.plan._check(pilot.now, pilot.now + 1000);
    pilot.pass(999);
    expect(pilot.starts()).toHaveLength(1);
    pilot.pass(100);
    expect(pilot.log.slice(2)).toEqual(["61000 start websocket", "61040 on websocket"]);
  });

  test("a look finds a carrier that lives: nothing", () => {
    const pilot = new Pilot({ ...fine }).begin().pass(MINUTE);
    pilot.plan._check(pilot.now, pilot.now + 1000);
    pilot.plan._heard(pilot.current, pilot.now + KEPT);
    expect(pilot.pass(MINUTE).starts()).toHaveLength(1);
  });

  test("a carrier that falls silent: the same anew beside it, then the next, and the evidence stays", () => {
    const pilot = new Pilot({ ...fine }).begin().pass(MINUTE);
    pilot.network["websocket"] = { opens: 20 };
    pilot.plan._heard(pilot.current, pilot.now + 1000);
    pilot.pass(6000);
    expect(pilot.log.slice(2, 5)).toEqual(["61000 start websocket", "61250 start streaming", "61290 on streaming"]);
    expect(pilot.memory.failed).toMatchObject({ websocket: "failed" });
  });

  test("a carrier whose silence had another cause: the same anew, and no evidence", () => {
    const pilot = new Pilot({ ...fine }).begin().pass(MINUTE);
    pilot.plan._heard(pilot.current, pilot.now + 1000);
    expect(pilot.pass(MINUTE).log.slice(2)).toEqual(["61000 start websocket", "61040 on websocket"]);
    expect(pilot.memory.failed).toEqual({});
  });

  test("a carrier is replaced: one of its kind, and one at a time", () => {
    const pilot = new Pilot({ websocket: { fails: 10 }, streaming: GOOD, long_polling: GOOD }).begin().pass(500);
    expect(pilot.on).toBe("streaming");
    for (let i = 0; i < 2; i++) {
      pilot.plan._replace(pilot.now, pilot.current);
      pilot.settle();
    }
    pilot.pass(400);
    expect(pilot.on).toBe("streaming");
    expect(pilot.starts()).toEqual(["websocket", "streaming", "streaming"]);
  });

  test("one that cannot be replaced now says nothing against its kind", () => {
    const pilot = new Pilot({ websocket: { fails: 10 }, streaming: GOOD, long_polling: GOOD }).begin().pass(500);
    pilot.network["streaming"] = { fails: 10 };
    pilot.plan._replace(pilot.now, pilot.current);
    pilot.settle();
    pilot.pass(400);
    expect(pilot.on).toBe("streaming");
    expect(pilot.memory.failed).not.toHaveProperty("streaming");
    expect(pilot.starts()).toEqual(["websocket", "streaming", "streaming"]);
  });

});

describe("where connections are few", () => {
  const GOOD = { websocket: { fails: 10 }, streaming: { carries: 50 }, long_polling: { carries: 60 } };

  test("a stream beside which nothing is answered gives way to polls, and is left alone for a while", () => {
    const pilot = new Pilot(GOOD).begin().pass(2000);
    expect(pilot.on).toBe("streaming");
    pilot.lose("crowded").pass(100);
    expect(pilot.on).toBe("long_polling");
    const until = 2060 + 90000;
    expect(pilot.memory).toMatchObject({ best: "streaming", tight: until, failed: { websocket: "failed" } });
    pilot.pass(10 * MINUTE);
    const later = pilot.log.slice(pilot.log.indexOf("2060 on long_polling") + 1);
    expect(later.find((line) => line.includes("probe"))).toContain("websocket");
    const [probe] = later.filter((line) => line.includes("probe streaming"));
    expect(parseInt(probe as string)).toBeGreaterThanOrEqual(until);
    expect(pilot.on).toBe("streaming");
  });

  test("if polls are not answered at once either, it was something else", () => {
    const pilot = new Pilot({ ...GOOD, long_polling: { carries: 5001 } }).begin().pass(2000);
    pilot.network["streaming"] = {};
    pilot.lose("crowded").pass(20000);
    expect(pilot.on).toBe("long_polling");
    expect(pilot.memory.tight).toBe(0);
  });

  test("what another page has found counts from the start, and does not outlast its time", () => {
    const tight = new Pilot(GOOD, { best: "streaming", until: MINUTE, rtt: 20, tight: MINUTE, failed: {} }).begin().pass(1000);
    expect(tight.starts()).toEqual(["websocket", "long_polling"]);
    const over = new Pilot(GOOD, { best: "streaming", until: MINUTE, rtt: 20, tight: 0, failed: {} }).begin().pass(1000);
    expect(over.starts()).toEqual(["streaming"]);
  });

  test("a probe that finds no connection says nothing against its transport", () => {
    const pilot = new Pilot(GOOD, undefined, WAYS.slice(1)).begin().pass(2000).lose("crowded").pass(100);
    pilot.memory.tight = 0;
    pilot.finds = "crowded";
    pilot.pass(MINUTE);
    expect(pilot.log.filter((line) => line.includes("probe"))).toEqual([expect.stringContaining("probe streaming")]);
    expect(pilot.memory.tight).toBeGreaterThan(pilot.now);
    expect(pilot.memory.failed).toEqual({});
  });
});
