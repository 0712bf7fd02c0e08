// The session scripts that every implementation replays: ../conformance/sessions at the root of the repository.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { encode, sizeOf, type Data } from "../src/packet.ts";
import { Session, parse, type Kind, type Output, type Plain } from "./machine.ts";

type Values = { [key: string]: unknown };

interface Script {
  section: string;
  name: string;
  role: string;
  config: { window: number; key: string };
  steps: { at: number; in: Values; out: unknown[] }[];
}

const folder = join(dirname(fileURLToPath(import.meta.url)), "../../conformance/sessions");

describe.each(["client.json"])("%s", (file) => {
  const scripts = (JSON.parse(readFileSync(join(folder, file), "utf8")) as Script[]).filter((script) => script.role === "client");
  test.each(scripts.map((script) => [script.section, script.name, script] as const))("%s %s", (_section, _name, script) => {
    const session = new Session(script.config.window, () => script.config.key);
    for (const step of script.steps) {
      for (const name in step.in) {
        take(session, step.at, name, step.in[name]);
      }
      const out: unknown[] = [];
      for (let output; (output = session.next(step.at)); ) {
        out.push(plain(told(output)));
      }
      expect({ at: step.at, out }).toEqual({ at: step.at, out: step.out.map(plain) });
    }
  });
});

function take(session: Session, now: number, name: string, value: unknown): void {
  const of = value as { carrier: number; request: number; data: string; line: string; code: string; kind: Kind; patience: number };
  const inputs: { [name: string]: () => void } = {
    emit: () => {
      const packet = parse(value as string) as Plain;
      const { namespace, type } = packet;
      session.push({ namespace, data: value as string, size: sizeOf(value as string), credited: type === "e" });
    },
    volatile: () => session.pushVolatile(value as string),
    attach: () => session.attach(now, of.carrier, of.kind, of.patience),
    packet: () => session.packet(now, of.carrier, of.data),
    line: () => session.line(now, of.carrier, of.data),
    answer: () => session.answer(now, of.request, of.line),
    answered: () => session.answered(of.request),
    failed: () => session.failed(now, of.request, of.code),
    lost: () => session.lost(now, of.carrier, of.code),
    consumed: () => session.consumed(value as number),
    close: () => session.close(now, value as string),
    rest: () => void (session.rest = value as number),
    timeout: () => session.timeout(now),
  };
  (inputs[name] as () => void)();
}

function told(output: Output): Values {
  switch (output.type) {
    case "deliver": {
      const { type, namespace, id, body } = output.packet;
      return { deliver: encode(type, namespace, id, body) };
    }
    case "ended": {
      const { code, reason, retry, unconfirmed } = output;
      return { ended: { code, reason, retry, unconfirmed: unconfirmed.length } };
    }
    case "farewell":
      return { farewell: output.body.split("\n") };
    case "lost":
      return { lost: { carrier: output.carrier, code: output.code, welcomed: output.welcomed } };
    case "opened":
      return { opened: { carrier: output.carrier, resumed: output.resumed } };
    case "request": {
      const { id, carrier, kind, body } = output.request;
      return { request: { request: id, carrier, kind, body: body.split("\n").filter(Boolean) } };
    }
    case "stream":
      return { stream: { carrier: output.carrier, ticket: output.ticket } };
    case "suspended":
      return { suspended: true };
    case "write":
      return { write: { carrier: output.carrier, data: output.data } };
    default:
      return { [output.type]: { carrier: output.carrier } };
  }
}

/** Packets with an object as body are compared by that, not by how it is written. */
function plain(value: unknown): unknown {
  if (typeof value === "string" && /^[APWzr]\{/.test(value)) {
    return [value.charAt(0), JSON.parse(value.slice(1))];
  }
  if (Array.isArray(value)) {
    return value.map(plain);
  }
  if (typeof value === "object" && value !== null) {
    const copy: Values = {};
    for (const key in value) {
      copy[key] = plain((value as { [key: string]: Data })[key]);
    }
    return copy;
  }
  return value;
}
