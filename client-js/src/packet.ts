// Packets, in text and in binary form (protocol.md, section 2).
import { fromBase64, fromUtf8, newBytes, part, toBase64, toUtf8, utf8Length, type Bytes } from "./bytes.ts";
import { failure } from "./errors.ts";

export interface Packet {
  /** The letter of the table in section 2.1. */
  type: string;
  namespace: string;
  id: number | null;
  /** The JSON value, binary values put in their places; undefined if there is none. Of `n`: the two counts. */
  body: unknown;
}

/** What goes over a transport: the text form, or the binary form. */
export type Data = string | Bytes;

const MAX_DEPTH = 64;
const MAX_ATTACHMENTS = 1000;
const MAX_INTEGER = 9007199254740991;

/** type → may have a namespace (N); may (i), must (I) have an id; what its body is, `?` being any or none. */
const SHAPES: { [type: string]: string } = {
  A: "  {", W: "  {", P: "  {", h: "   ", n: "  n", r: "  {", z: "  {",
  v: "N [", e: "Ni[", a: "NI[", x: "Ni{", c: "N ?", o: "N {", d: "N {", l: "N {",
}; // prettier-ignore

/** Is it one of the messages that are counted? */
export function isCounted(type: string): boolean {
  return "eaxcodl".indexOf(type) >= 0;
}

/** Reads a packet in either form. A string as answer is the code of what is wrong with it. */
export function parse(data: Data): Packet | string {
  return typeof data === "string" ? parseText(data) : parseBinary(data);
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

/** Throws `bad_data` on what JSON, or this protocol, cannot carry. */
export function encode(type: string, namespace: string, id: number | null, body?: unknown): Data {
  const binary = survey(body, 1);
  if (binary === TOO_DEEP) {
    throw failure("bad_data", "nested deeper than " + MAX_DEPTH);
  }
  const attachments: Bytes[] = [];
  const text = binary ? JSON.stringify(body, placeholders(attachments)) : JSON.stringify(body);
  if (attachments.length > MAX_ATTACHMENTS || hasLoneSurrogate(text || "")) {
    throw failure("bad_data", attachments.length ? "too many binary values" : "a lone surrogate in a string");
  }
  const head =
    type +
    (namespace === "/" ? "" : namespace + ",") +
    (id === null ? "" : id) +
    // A body that is a number would read as an id.
    (/^\d/.test(text) ? " " : "") +
    (text === undefined ? "" : text);
  return attachments.length ? frame(toUtf8(head), attachments) : head;
}

function parseText(text: string): Packet | string {
  const type = text.charAt(0);
  const shape = SHAPES[type];
  if (!shape || /[\r\n]/.test(text)) {
    return "bad_packet";
  }
  if (type === "n") {
    const counts = /^n(0|[1-9]\d{0,15}),(0|[1-9]\d{0,15})$/.exec(text);
    const body = counts && [+(counts[1] as string), +(counts[2] as string)];
    return body && isInteger(body[0]) && isInteger(body[1]) ? { type, namespace: "/", id: null, body } : "bad_packet";
  }
  const head = /^.(?:(\/[^,\x00-\x1f\x7f]+),)?(0|[1-9]\d{0,15})?(?![\d/])/.exec(text);
  if (!head) {
    return "bad_packet";
  }
  const namespace = head[1] || "/";
  const id = head[2] ? +head[2] : null;
  if (
    (namespace !== "/" && (shape.charAt(0) !== "N" || utf8Length(namespace) > 128)) ||
    (id === null ? shape.charAt(1) === "I" : shape.charAt(1) === " " || !isInteger(id))
  ) {
    return "bad_packet";
  }
  return parseBody({ type, namespace, id, body: undefined }, text.slice(head[0].length), shape.charAt(2));
}

function parseBody(packet: Packet, text: string, wanted: string): Packet | string {
  if (text === "" || wanted === " ") {
    return text === "" && (wanted === " " || wanted === "?") ? packet : "bad_packet";
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (_) {
    return "bad_json";
  }
  // Nothing shorter can be nested too deep.
  if (hasLoneSurrogate(text) || (text.length > 2 * MAX_DEPTH && survey(body, 1) === TOO_DEEP)) {
    return "bad_json";
  }
  if (wanted !== "?" && wanted !== (isArray(body) ? "[" : isObject(body) ? "{" : "")) {
    return "bad_packet";
  }
  packet.body = body;
  return packet;
}

function parseBinary(bytes: Bytes): Packet | string {
  const parts: Bytes[] = [];
  for (let at = 0; at < bytes.length; ) {
    // A length cut short reads as NaN; more than 2^31 as negative.
    const length =
      ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    at += 4;
    if (at > bytes.length || length < 0 || length > bytes.length - at) {
      return parts.length ? "attachments" : "bad_packet";
    }
    parts.push(part(bytes, at, at + length));
    at += length;
  }
  const head = parts.shift();
  const text = head && fromUtf8(head);
  if (typeof text !== "string") {
    return head ? "utf8" : "bad_packet";
  }
  const packet = parseText(text);
  if (typeof packet === "string") {
    return packet;
  }
  if ("vea".indexOf(packet.type) < 0) {
    return "bad_packet";
  }
  if (!parts.length || parts.length > MAX_ATTACHMENTS || !placeholdersMatch(text, parts.length)) {
    return "attachments";
  }
  packet.body = restore(packet.body, parts);
  return packet;
}

/**
 * Whether the text refers to each attachment once and in order. It has to be the text: an object's keys do not
 * keep their order once they are parsed.
 */
function placeholdersMatch(text: string, count: number): boolean {
  let next = 0;
  const strings = /"((?:[^"\\]+|\\.)*)"(\s*:)?/g;
  for (let found; (found = strings.exec(text)); ) {
    if (!found[2] && (found[1] as string).slice(0, 6) === "\\u0000") {
      const value = JSON.parse('"' + found[1] + '"') as string;
      if (value.charAt(1) !== "\0" && value !== "\0" + next++) {
        return false;
      }
    }
  }
  return next === count;
}

function restore(value: unknown, attachments: Bytes[]): unknown {
  if (typeof value === "string") {
    return value.charAt(0) !== "\0" ? value : value.charAt(1) === "\0" ? value.slice(1) : attachments[+value.slice(1)];
  }
  if (isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      value[i] = restore(value[i], attachments);
    }
  } else if (isObject(value)) {
    for (const key in value) {
      // Assigning to "__proto__" would set the prototype; JSON.parse made it a property, which defineProperty keeps.
      if (key !== "__proto__") {
        value[key] = restore(value[key], attachments);
      } else {
        Object.defineProperty(value, key, { value: restore(value[key], attachments), enumerable: true });
      }
    }
  }
  return value;
}

/** A replacer for JSON.stringify. It asks the holder for the value, since a Buffer's toJSON has already run. */
function placeholders(attachments: Bytes[]) {
  return function (this: { [key: string]: unknown }, key: string, value: unknown): unknown {
    const original = this[key];
    if (isBinary(original)) {
      return "\0" + (attachments.push(viewOf(original)) - 1);
    }
    return typeof value === "string" && value.charAt(0) === "\0" ? "\0" + value : value;
  };
}

function frame(head: string, attachments: Bytes[]): Bytes {
  let length = 4 + head.length;
  for (let i = 0; i < attachments.length; i++) {
    length += 4 + (attachments[i] as Bytes).length;
  }
  const out = newBytes(length) as Uint8Array;
  let at = writeLength(out, 0, head.length);
  for (let i = 0; i < head.length; i++) {
    out[at++] = head.charCodeAt(i);
  }
  for (let i = 0; i < attachments.length; i++) {
    const bytes = attachments[i] as Bytes;
    at = writeLength(out, at, bytes.length);
    out.set(bytes, at);
    at += bytes.length;
  }
  return out;
}

function writeLength(out: Uint8Array, at: number, length: number): number {
  for (let shift = 24; shift >= 0; shift -= 8) {
    out[at++] = length >>> shift;
  }
  return at;
}

const TOO_DEEP = 2;

/** 0: nothing special, 1: holds binary, TOO_DEEP. */
function survey(value: unknown, depth: number): number {
  if (typeof value !== "object" || value === null) {
    return 0;
  }
  if (isBinary(value)) {
    return 1;
  }
  if (depth > MAX_DEPTH) {
    return TOO_DEEP;
  }
  const custom = (value as { toJSON?: unknown }).toJSON;
  if (typeof custom === "function") {
    return survey(custom.call(value, ""), depth);
  }
  let found = 0;
  if (isArray(value)) {
    for (let i = 0; i < value.length && found < TOO_DEEP; i++) {
      found = Math.max(found, survey(value[i], depth + 1));
    }
  } else {
    for (const key in value) {
      found = Math.max(found, survey((value as { [key: string]: unknown })[key], depth + 1));
      if (found === TOO_DEEP) {
        break;
      }
    }
  }
  return found;
}

/** By what it looks like, not by instanceof: a buffer of another frame or realm is a buffer too. */
function isBinary(value: unknown): value is ArrayBuffer | ArrayBufferView {
  if (typeof value !== "object" || value === null || typeof (value as ArrayBuffer).byteLength !== "number") {
    return false;
  }
  const buffer = (value as ArrayBufferView).buffer || value;
  return /ArrayBuffer\]$/.test(Object.prototype.toString.call(buffer));
}

function viewOf(binary: ArrayBuffer | ArrayBufferView): Uint8Array {
  return "buffer" in binary
    ? new Uint8Array(binary.buffer, binary.byteOffset, binary.byteLength)
    : new Uint8Array(binary);
}

/** Every engine of today writes a lone surrogate as an escape, and pairs as they are. */
function hasLoneSurrogate(text: string): boolean {
  return (
    /\\ud[89a-f]/i.test(text) &&
    /\\ud[89a-f]/i.test(text.replace(/\\\\|\\ud[89ab][\da-f]{2}\\ud[c-f][\da-f]{2}/gi, ""))
  );
}

export function isArray(value: unknown): value is unknown[] {
  return Object.prototype.toString.call(value) === "[object Array]";
}

export function isObject(value: unknown): value is { [key: string]: unknown } {
  return typeof value === "object" && value !== null && !isArray(value);
}

export function isInteger(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= MAX_INTEGER && Math.floor(value) === value;
}
