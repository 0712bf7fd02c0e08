import { expect, test } from "vitest";
import { ANY, createEmitter, type Handler } from "../../src/emitter.ts";

function setup() {
  const made = createEmitter();
  /** As the socket does. */
  const emitter = {
    on: (event: string, run: Handler, once?: boolean) => made._on(event, run, once),
    off: (event?: string, run?: Handler) => made._off(event, run),
    onAny: (run: Handler) => made._on(ANY, run),
    offAny: (run?: Handler) => made._off(ANY, run),
  };
  const log: unknown[] = [];
  const fire = (event: string, ...args: unknown[]): boolean => {
    const thrown = (error: unknown): unknown => log.push(["thrown", error]);
    made._fire(ANY, [event, ...args], thrown);
    return made._fire(event, args, thrown) > 0;
  };
  return { emitter, log, fire };
}

test("handlers run in order, once handlers once", () => {
  const { emitter, log, fire } = setup();
  emitter.on("a", (x) => log.push(["first", x]));
  emitter.on("a", (x) => log.push(["once", x]), true);
  expect(fire("a", 1)).toBe(true);
  fire("a", 2);
  expect(fire("b", 3)).toBe(false);
  expect(log).toEqual([["first", 1], ["once", 1], ["first", 2]]);
});

test("off: one, all of an event, all", () => {
  const { emitter, log, fire } = setup();
  const one = (): unknown => log.push("one");
  emitter.on("a", one);
  emitter.on("a", () => log.push("two"));
  emitter.off("a", one);
  fire("a");
  emitter.off("a");
  fire("a");
  emitter.on("b", one);
  emitter.off();
  fire("b");
  expect(log).toEqual(["two"]);
});

test("any handler hears everything, its name first", () => {
  const { emitter, log, fire } = setup();
  const any = (...all: unknown[]): unknown => log.push(all);
  emitter.onAny(any);
  expect(fire("a", 1, 2)).toBe(false);
  emitter.offAny(any);
  fire("a", 3);
  expect(log).toEqual([["a", 1, 2]]);
});

test("removing and adding while it runs disturbs nobody", () => {
  const { emitter, log, fire } = setup();
  const self = (): void => {
    log.push("self");
    emitter.off("a", self);
    emitter.on("a", () => log.push("later"));
  };
  emitter.on("a", self);
  emitter.on("a", () => log.push("last"));
  fire("a");
  expect(log).toEqual(["self", "last"]);
});

test("a once handler that fires its own event again runs once", () => {
  const { emitter, log, fire } = setup();
  emitter.on("a", () => {
    log.push("once");
    fire("a");
  }, true);
  fire("a");
  expect(log).toEqual(["once"]);
});

test("what one throws does not keep the next from running", () => {
  const { emitter, log, fire } = setup();
  emitter.on("a", () => {
    throw "up";
  });
  emitter.on("a", () => log.push("next"));
  fire("a");
  expect(log).toEqual([["thrown", "up"], "next"]);
});

test.each(["__proto__", "constructor", "toString", "hasOwnProperty", "$"])("%s is a name like others", (name) => {
  const { emitter, log, fire } = setup();
  expect(fire(name)).toBe(false);
  emitter.on(name, (x) => log.push(x));
  expect(fire(name, 1)).toBe(true);
  expect(log).toEqual([1]);
});
