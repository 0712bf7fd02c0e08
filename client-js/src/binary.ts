// The binary form of a packet (protocol.md, section 2.2): a head in text form, and the bytes that it refers to.
import { fromUtf8, newBytes, toUtf8, type Bytes } from "./bytes.ts";
import { parseText, type Binary, type Packet } from "./packet.ts";

export const binaryForm: Binary = { _write: write, _read: read };

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
  const out = newBytes(length) as Uint8Array;
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
      return parts.length ? "attachments" : "bad_packet";
    }
    parts.push("subarray" in bytes ? bytes.subarray(at, at + length) : bytes.slice(at, at + length));
    at += length;
  }
  const head = parts.shift();
  let text = "";
  try {
    text = head ? fromUtf8(head) : "";
  } catch (_) {
    return "utf8";
  }
  const packet = parseText(text, (_key, value) =>
    typeof value !== "string" || value.charAt(0) !== "\0" ? value : value.charAt(1) === "\0" ? value.slice(1) : parts[+value.slice(1)],
  );
  if (typeof packet === "string") {
    return packet;
  }
  if (!/^[vea]/.test(text)) {
    return "bad_packet";
  }
  return parts.length && parts.length < 1001 && refersTo(text, parts.length) ? packet : "attachments";
}

/**
 * Whether the text refers to each attachment once and in order. It has to be the text: an object's keys do not
 * keep their order once they are parsed.
 */
function refersTo(text: string, count: number): boolean {
  let next = 0;
  text.replace(/"((?:[^"\\]+|\\.)*)"(\s*:)?/g, (all, inner: string, key) => {
    if (!key && /^\\u0000(?!\\u0000)/.test(inner)) {
      next = inner.slice(6) === String(next) ? next + 1 : NaN;
    }
    return all;
  });
  return next === count;
}
