import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromBase64, toBase64 } from "../../src/base64.ts";
import { utf8Length } from "../../src/bytes.ts";
import { encode, fromLine, sizeOf, toLine, type Data } from "../../src/packet.ts";
import { parse } from "../machine.ts";

const bytes = fc.uint8Array({ maxLength: 20 });
const { value } = fc.letrec((again) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.string({ unit: "binary" }),
    fc.string().map((text) => "\0" + text),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    bytes,
    fc.array(again("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("__proto__", "2", "1", "\0" + "0")), again("value"), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
}));

test("what is encoded reads back as it was, in frames and in lines", () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 5 }), fc.option(fc.maxSafeNat()), (args, id) => {
      const body = ["name", ...args];
      const data = encode("e", "/chat", id, body);
      const expected = { type: "e", namespace: "/chat", id, body };
      expect(parse(data)).toEqual(expected);
      expect(parse(fromLine(toLine(data)))).toEqual(expected);
      expect(typeof data === "string" ? Buffer.byteLength(data) : data.length).toBe(sizeOf(data));
    }),
    { numRuns: 1000 },
  );
});

test("whatever arrives is answered, never thrown", () => {
  const alphabet = fc.constantFrom(..."AWPhnrzveaxcodlb/,0123456789[]{}\":\\u00 \r\n\0\ud800");
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: alphabet }), bytes), (data) => {
      const packet = parse(data as Data);
      expect(typeof packet === "string" ? packet : packet.type).toMatch(/^(.|bad_packet|bad_json|attachments|utf8)$/);
    }),
    { numRuns: 3000 },
  );
});

test("base64 and UTF-8 as node has them", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string({ unit: "binary" }), (some, text) => {
      expect(toBase64(some)).toBe(Buffer.from(some).toString("base64"));
      expect(fromBase64(toBase64(some))).toEqual(some);
      expect(utf8Length(text)).toBe(Buffer.byteLength(text));
    }),
  );
});

test.each(["A", "AA", "AAA", "A===", "====", "AB==", "AAB=", "AA==AA==", "AA=A", "AAA\n", "AA-_"])("%j is not base64", (text) => {
  expect(fromBase64(text)).toBe(null);
});

describe("the text form", () => {
  test.each([
    ['e["say","hello"]', { type: "e", namespace: "/", id: null, body: ["say", "hello"] }],
    ['e/chat,12["add",1,2]', { type: "e", namespace: "/chat", id: 12, body: ["add", 1, 2] }],
    ["a/chat,12[3]", { type: "a", namespace: "/chat", id: 12, body: [3] }],
    ['c{"token":"t"}', { type: "c", namespace: "/", id: null, body: { token: "t" } }],
    ["c", { type: "c", namespace: "/", id: null, body: undefined }],
    ["c 12", { type: "c", namespace: "/", id: null, body: 12 }],
    ["n17,4096", { type: "n", namespace: "/", id: null, body: [17, 4096] }],
    ["h", { type: "h", namespace: "/", id: null, body: undefined }],
    ['e9007199254740991["x"]', { type: "e", namespace: "/", id: 9007199254740991, body: ["x"] }],
    ['x{"code":"bad_event"}', { type: "x", namespace: "/", id: null, body: { code: "bad_event" } }],
    ['e["\\u00000"]', { type: "e", namespace: "/", id: null, body: ["\0" + "0"] }],
  ])("%s", (text, packet) => {
    expect(parse(text)).toEqual(packet);
  });

  test.each([
    ["", "bad_packet"],
    ["<html>", "bad_packet"],
    ["ok", "bad_json"],
    ["n01,2", "bad_json"],
    ["e/chat[]", "bad_json"],
    ['e["x"\n]', "bad_packet"],
    ["e[", "bad_json"],
    ['e["x"]]', "bad_json"],
  ])("%j is %s", (text, code) => {
    expect(parse(text)).toBe(code);
  });

  test("64 levels and escaped pairs are fine", () => {
    expect(parse("e" + "[".repeat(64) + "]".repeat(64))).toMatchObject({ type: "e" });
    expect(parse('e["\\ud83d\\ude00","\\\\ud800"]')).toMatchObject({ body: ["\ud83d\ude00", "\\ud800"] });
    expect(parse(`e/${"x".repeat(127)},["x"]`)).toMatchObject({ type: "e" });
  });
});

describe("the binary form", () => {
  function frame(head: string, ...attachments: number[][]): Uint8Array {
    return new Uint8Array([Array.from(Buffer.from(head)), ...attachments].flatMap((part) => [0, 0, 0, part.length, ...part]));
  }

  test("values and places", () => {
    expect(parse(frame('e["x","\\u00000",{"2":"\\u00001","\\u00001":"\\u0000\\u0000"}]', [1], []))).toEqual({
      type: "e",
      namespace: "/",
      id: null,
      body: ["x", new Uint8Array([1]), { "2": new Uint8Array([]), "\u00001": "\0" }],
    });
  });

  test.each([
    ["cut short", frame('e["x","\\u00000"]', [1]).subarray(0, -1), "attachments"],
    ["a length that is cut", frame('e["x","\\u00000"]', [1]).subarray(0, -3), "attachments"],
    ["no UTF-8", new Uint8Array([0, 0, 0, 1, 255]), "utf8"],
    ["nothing", new Uint8Array([]), "bad_packet"],
    ["a length of 4 GiB", new Uint8Array([255, 255, 255, 255, 1]), "attachments"],
  ])("%s", (_, data, code) => {
    expect(parse(data)).toBe(code);
  });

  test("buffers, views and slices of them", () => {
    const buffer = new Uint8Array([1, 2, 3, 4]).buffer;
    const body = [buffer, new Uint8Array(buffer, 1, 2), new DataView(buffer, 3), Buffer.from([9])];
    expect(parse(encode("a", "/", 0, body))).toMatchObject({
      body: [[1, 2, 3, 4], [2, 3], [4], [9]].map((list) => new Uint8Array(list)),
    });
  });
});

describe("keys that mean something to objects are keys like others", () => {
  const json = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":1}';
  const sent = JSON.parse(json) as object;

  test.each([
    ["text", [sent]],
    ["binary", [sent, new Uint8Array([1])]],
  ])("in the %s form", (_form, args) => {
    const packet = parse(encode("e", "/", null, ["x", ...args]));
    const [, received] = (packet as { body: [string, object] }).body;
    expect(Object.getPrototypeOf(received)).toBe(Object.prototype);
    expect(Object.getOwnPropertyNames(received)).toEqual(["__proto__", "constructor", "toString"]);
    expect(JSON.stringify(received)).toBe(json);
    expect("polluted" in received).toBe(false);
    expect("polluted" in {}).toBe(false);
  });

  test("what a packet of the protocol says is looked for in it alone", () => {
    const packet = parse('x{"__proto__":{"code":"bad_event"}}') as { body: { code?: unknown } };
    expect(packet.body.code).toBe(undefined);
  });
});

test("what cannot be carried is refused at the call", () => {
  const nested = (levels: number): unknown => (levels ? [nested(levels - 1)] : 0);
  const loop: unknown[] = [];
  loop.push(loop);
  for (const bad of [["\ud800"], nested(65), loop]) {
    expect(() => encode("e", "/", null, bad)).toThrow(expect.objectContaining({ code: "bad_data" }));
  }
  expect(encode("e", "/", null, nested(64))).toBeTypeOf("string");
  expect(encode("e", "/", null, [new Date(0), undefined])).toBe('e["1970-01-01T00:00:00.000Z",null]');
});
