// The vectors that every implementation replays: ../conformance at the root of the repository.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { fromBase64 } from "../src/base64.ts";
import type { Bytes } from "../src/bytes.ts";
import { encode, type Data } from "../src/packet.ts";
import { THEN } from "./codes.ts";
import { parse, type Plain } from "./machine.ts";

interface PacketVector {
  section: string;
  name: string;
  text?: string;
  base64?: string;
  valid: boolean;
  by?: string;
  code?: string;
  packet?: { kind: string; namespace?: string; id?: number | null; body?: string };
  attachments?: string[];
}

const KINDS: { [kind: string]: string } = {
  attach: "A", welcome: "W", post: "P", heartbeat: "h", counts: "n", refusal: "r", close: "z", volatile: "v",
  event: "e", ack: "a", error: "x", connect: "c", opened: "o", denied: "d", left: "l", query: "q",
}; // prettier-ignore

const folder = join(dirname(fileURLToPath(import.meta.url)), "../../conformance/packets");
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));

describe("packets", () => {
  describe.each(files)("%s", (file) => {
    const vectors = JSON.parse(readFileSync(join(folder, file), "utf8")) as PacketVector[];
    // What only a server has to refuse must do no harm here.
    test("whatever is refused by servers alone is answered, never thrown", () => {
      vectors.filter(({ by }) => by).forEach(({ text, base64 }) => parse(text ?? (fromBase64(base64 as string) as Data)));
    });
    test.each(vectors.filter(({ by }) => !by).map((vector) => [vector.section, vector.name, vector] as const))("%s %s", (_section, _name, vector) => {
      const data = vector.text ?? (fromBase64(vector.base64 as string) as Data);
      const packet = parse(data);
      if (!vector.valid) {
        expect(packet).toEqual(vector.code ?? expect.any(String));
        return;
      }
      expect(packet).toBeTypeOf("object");
      const read = packet as Plain;
      if (vector.packet) {
        expect(read).toEqual(expected(vector.packet, vector.attachments));
      }
      // Bodies of counts are no JSON; everything else is encoded to what reads the same.
      if (read.type !== "n") {
        expect(parse(encode(read.type, read.namespace, read.id, read.body))).toEqual(read);
      }
    });
  });
});

function expected(packet: NonNullable<PacketVector["packet"]>, attachments: string[] | undefined): Plain {
  const body = packet.body;
  return {
    type: KINDS[packet.kind] as string,
    namespace: packet.namespace ?? "/",
    id: packet.id ?? null,
    body:
      body === undefined || body === ""
        ? undefined
        : packet.kind === "counts"
          ? body.split(",").map(Number)
          : filled(JSON.parse(body), (attachments ?? []).map((one) => fromBase64(one) as Bytes), !!attachments),
  };
}

/** Attachments in their places, the plain way. */
function filled(value: unknown, attachments: Bytes[], binary: boolean): unknown {
  if (typeof value === "string" && binary && value.startsWith("\0")) {
    return value[1] === "\0" ? value.slice(1) : attachments[Number(value.slice(1))];
  }
  if (Array.isArray(value)) {
    return value.map((item) => filled(item, attachments, binary));
  }
  if (typeof value === "object" && value !== null) {
    const copy: { [key: string]: unknown } = {};
    for (const [key, item] of Object.entries(value)) {
      Object.defineProperty(copy, key, { value: filled(item, attachments, binary), enumerable: true, configurable: true, writable: true });
    }
    return copy;
  }
  return value;
}

test("what servers say about a code is what the table of the protocol says", () => {
  const text = readFileSync(join(folder, "../../protocol.md"), "utf8");
  for (const code in THEN) {
    const [, , , , scope, client] = (text.split("\n").find((line) => line.startsWith(`| \`${code}\` |`)) as string).split("|").map((cell) => cell.trim());
    const then = THEN[code] === "later" ? "backoff" : (THEN[code] as string);
    expect(`${code}: ${(client as string).replace(/^(poll|nothing).*/, "attach")}`).toContain(`: ${then}`);
    expect(`${code}: ${scope}`).toContain(THEN[code] === "later" || THEN[code] === "open" ? "session" : ":");
  }
});
