// The binary form of a packet (protocol.md, section 2.2): a head in text form, and the bytes that it refers to.
import { fromUtf8, toUtf8, type Bytes } from "./bytes.ts";
import { parseText, type Binary, type Packet } from "./packet.ts";

export const binaryForm: Binary = { _text: textOf, _write: write, _read: read };

function textOf(body: unknown, attachments: unknown[]): string | undefined {
  // Holder and key say what the value was before a toJSON, as that of node's Buffer.
  const text = JSON.stringify(body, function (this: { [key: string]: unknown }, key, value: unknown) {
    return isBinary(this[key])
      ? "\0" + (attachments.push(this[key]) - 1)
      : typeof value === "string" && value.charAt(0) === "\0"
        ? "\0" + value
        : value;
  });
  return attachments.length || !/\\u0000/.test(text) ? text : JSON.stringify(body);
}

/** By what it looks like, not by instanceof: a buffer of another frame or realm is a buffer too. */
function isBinary(value: unknown): boolean {
  const given = value as ArrayBufferView | null | undefined;
  return !!given && given.byteLength >= 0 && /Buffer\]$/.test({}.toString.call(given.buffer || given));
}

function write(head: string, attachments: unknown[]): Bytes {
  const parts = [toUtf8(head)];
  let length = 0;
  let at = 0;
  for (const one of attachments as Uint8Array[]) {
    parts.push(new Uint8Array(one.buffer || one, one.byteOffset || 0, one.byteLength));
  }
  for (const part of parts) {
    length += 4 + part.length;
  }
  const out = new Uint8Array(length);
  for (const part of parts) {
    for (let shift = 32; shift; ) {
      out[at++] = part.length >>> (shift -= 8);
    }
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function read(bytes: Bytes): Packet | string {
  const parts: Bytes[] = [];
  for (let at = 0; at < bytes.length; ) {
    // A length cut short reads as NaN.
    let length = 0;
    for (const end = at + 4; at < end; ) {
      length = length * 256 + (bytes[at++] as number);
    }
    if (!(at + length <= bytes.length)) {
      return "attachments";
    }
    parts.push("subarray" in bytes ? bytes.subarray(at, at + length) : bytes.slice(at, at + length));
    at += length;
  }
  let text = "";
  try {
    text = fromUtf8(parts.shift() || []);
  } catch (_) {
    return "utf8";
  }
  return parseText(text, (_key, value) =>
    typeof value !== "string" || value.charAt(0) !== "\0" ? value : value.charAt(1) === "\0" ? value.slice(1) : parts[+value.slice(1)],
  );
}
