// Packets, in text and in binary form (protocol.md, section 2).
import { fromBase64, toBase64 } from "./base64.ts";
import { utf8Length, type Bytes } from "./bytes.ts";
import { failure } from "./errors.ts";

export interface Packet {
  /** The letter of the table in section 2.1. */
  _type: string;
  _namespace: string;
  _id: number | null;
  /** The JSON value, binary values put in their places; undefined if there is none. Of `n`: the two counts. */
  _body: unknown;
}

/** What goes over a transport: the text form, or the binary form. */
export type Data = string | Bytes;

/** The binary form: of a head and what it refers to, and back. */
export interface Binary {
  /** The JSON of a body; the binary in it goes to `attachments`. */
  _text(body: unknown, attachments: unknown[]): string | undefined;
  _write(head: string, attachments: unknown[]): Bytes;
  /** A string as answer is the code of what is wrong with it. */
  _read(bytes: Bytes): Packet | string;
}

/** Who connects says whether there is one: the smallest client has none. */
let binary: Binary | undefined;

export function withBinary(given: Binary | undefined): void {
  binary = given || binary;
}

/** Type, namespace, id, body. Two counts are no id. */
const PARTS = /^([a-zA-Z])(?:(\/[^,]+),)?(\d+(?![\d,]))? ?([^\r\n]*)$/;

/** Is it one of the messages that are counted? */
export function isCounted(type: string): boolean {
  return "eaxcodlq".indexOf(type) >= 0;
}

/** Reads a packet in either form. A string as answer is the code of what is wrong with it. */
export function parse(data: Data): Packet | string {
  return typeof data === "string" ? parseText(data) : binary ? binary._read(data) : "attachments";
}

/** The size of a message as in section 6.1. */
export function sizeOf(data: Data): number {
  return typeof data === "string" ? utf8Length(data) : data.length;
}

/** The line that carries a packet on a text transport. */
export function toLine(data: Data): string {
  return typeof data === "string" ? data : "b" + toBase64(data);
}

/** What a line of a text transport stands for. What is not base64 becomes an empty packet, which is none. */
export function fromLine(line: string): Data {
  return line.charAt(0) === "b" ? fromBase64(line.slice(1)) || "" : line;
}

/**
 * Takes what it can read: to refuse the rest of what is malformed is the server's part (protocol.md, section 2.1). `revive` puts
 * something else in the place of some values.
 */
export function parseText(text: string, revive?: (key: string, value: unknown) => unknown): Packet | string {
  const parts = PARTS.exec(text);
  if (!parts) {
    return "bad_packet";
  }
  const type = parts[1] as string;
  const id = parts[3];
  const body = type === "n" ? "[" + parts[4] + "]" : parts[4];
  try {
    return { _type: type, _namespace: parts[2] || "/", _id: id ? +id : null, _body: body ? JSON.parse(body, revive) : undefined };
  } catch (_) {
    return "bad_json";
  }
}

/** Throws `bad_data` on what JSON, or this protocol, cannot carry. */
export function encode(type: string, namespace: string, id: number | null, body?: unknown): Data {
  const attachments: unknown[] = [];
  let text = "";
  let why: unknown = "too deep, or half a character";
  try {
    text = (binary ? binary._text(body, attachments) : JSON.stringify(body, refuseBinary)) || "";
    why = !isSound(text) && why;
  } catch (error) {
    why = error;
  }
  if (why) {
    throw failure("bad_data", String(why));
  }
  // A body that is a number would read as an id.
  const head = type + (namespace === "/" ? "" : namespace + ",") + (id === null ? "" : id) + (/^\d/.test(text) ? " " : "") + text;
  return binary && attachments.length ? binary._write(head, attachments) : head;
}

/** Else it would arrive as an object without anything in it. */
function refuseBinary(_key: string, value: ArrayBufferView | null | undefined): unknown {
  if (value && value.byteLength >= 0) {
    throw "binary needs everwire/binary";
  }
  return value;
}

/** Is the JSON nested as deep as may be at most (64), and without a lone surrogate? Engines of today write those as escapes. */
function isSound(text: string): boolean {
  return (
    !/\\ud[89a-f]/.test(text.replace(/\\\\/g, "")) &&
    // Few texts hold as many brackets as may be nested.
    // Depth is what lines are indented by; what is empty has no line inside.
    !(/^([^[{]*[[{]){65}/.test(text) && /\n {65}/.test(JSON.stringify(JSON.parse(text.replace(/\[]|{}/g, "[0]")), null, 1)))
  );
}
