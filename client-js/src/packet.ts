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
  _write(head: string, attachments: unknown[]): Bytes;
  /** A string as answer is the code of what is wrong with it. */
  _read(bytes: Bytes): Packet | string;
}

/** Who connects says whether there is one: the smallest client has none. */
let binary: Binary | undefined;

export function withBinary(given: Binary | undefined): void {
  binary = given || binary;
}

const MAX_DEPTH = 64;
const MAX_INTEGER = 9007199254740991;

/** Type, namespace, id, body, first character of the body. */
const PARTS = /^(.)(?:(\/[^,\x00-\x1f\x7f]+),)?(0|[1-9]\d{0,15})?(?![\d/])(?:[ \t]*((\S)[^\r\n]*))?$/;
/** Which of these may, or must, go together: `/` stands for a namespace, a space for an id. Counts look like an id with more behind it. */
const SHAPES = /^([APWrz]\{|h|n ,(0|[1-9]\d{0,15})|v\/?\[|e\/? ?\[|a\/? \[|x\/? ?\{|c\/?\S?|[odl]\/?\{)$/;

/** Is it one of the messages that are counted? */
export function isCounted(type: string): boolean {
  return "eaxcodl".indexOf(type) >= 0;
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

/** `revive` puts something else in the place of some values. */
export function parseText(text: string, revive?: (key: string, value: unknown) => unknown): Packet | string {
  const parts = PARTS.exec(text);
  if (!parts) {
    return "bad_packet";
  }
  const type = parts[1] as string;
  const namespace = parts[2] || "/";
  const id = parts[3] ? +parts[3] : null;
  const body = parts[4] || "";
  const counts = type === "n";
  const shape = type + (parts[2] ? "/" : "") + (parts[3] ? " " : "") + (counts ? body : parts[5] || "");
  if (!SHAPES.test(shape) || +(id as number) > MAX_INTEGER || utf8Length(namespace) > 128) {
    return "bad_packet";
  }
  if (counts) {
    const pair = [id, +body.slice(1)];
    return isInteger(pair[1]) ? { _type: type, _namespace: namespace, _id: null, _body: pair } : "bad_packet";
  }
  try {
    return isSound(body) ? { _type: type, _namespace: namespace, _id: id, _body: body ? JSON.parse(body, revive) : undefined } : "bad_json";
  } catch (_) {
    return "bad_json";
  }
}

/** Throws `bad_data` on what JSON, or this protocol, cannot carry. */
export function encode(type: string, namespace: string, id: number | null, body?: unknown): Data {
  const attachments: unknown[] = [];
  let text = "";
  let why: unknown = "not JSON";
  try {
    // Holder and key say what the value was before a toJSON, as that of node's Buffer.
    text = JSON.stringify(body, function (this: { [key: string]: unknown }, key, value: unknown) {
      return isBinary(this[key])
        ? "\0" + (attachments.push(this[key]) - 1)
        : typeof value === "string" && value.charAt(0) === "\0"
          ? "\0" + value
          : value;
    }) || "";
    if (!attachments.length && /\\u0000/.test(text)) {
      text = JSON.stringify(body);
    }
    why =
      attachments.length < (binary ? 1001 : 1) && isSound(text) ? "" : "too deep, a lone surrogate, or binary that cannot be sent";
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

/** Is the JSON nested as deep as may be at most, and without a lone surrogate? Engines of today write those as escapes. */
function isSound(text: string): boolean {
  return (
    !/\\ud[89a-f]/i.test(text.replace(/\\\\|\\ud[89ab]..\\ud[c-f]../gi, "")) &&
    // Few texts hold as many brackets as may be nested.
    !(/^([^[{]*[[{]){65}/.test(text) && isDeeper(JSON.parse(text), MAX_DEPTH))
  );
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value === "object" && value) {
    for (const key in value) {
      if (!depth || isDeeper((value as { [key: string]: unknown })[key], depth - 1)) {
        return true;
      }
    }
    return !depth;
  }
  return false;
}

/** By what it looks like, not by instanceof: a buffer of another frame or realm is a buffer too. */
function isBinary(value: unknown): boolean {
  const given = value as ArrayBufferView | null | undefined;
  return !!given && typeof given.byteLength === "number" && /Buffer\]$/.test(tag(given.buffer || given));
}

export function isArray(value: unknown): value is unknown[] {
  return tag(value) === "[object Array]";
}

export function isObject(value: unknown): value is { [key: string]: unknown } {
  return typeof value === "object" && value !== null && !isArray(value);
}

export function isInteger(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= MAX_INTEGER && Math.floor(value) === value;
}

function tag(value: unknown): string {
  return Object.prototype.toString.call(value);
}
