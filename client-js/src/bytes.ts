// UTF-8 and base64 with the language's own means, so that they run in every engine.

/** A Uint8Array, or an array of numbers where typed arrays do not exist. */
export type Bytes = Uint8Array | number[];

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function newBytes(length: number): Bytes {
  return typeof Uint8Array === "undefined" ? [] : new Uint8Array(length);
}

/** A part of some bytes, without a copy where that is possible. */
export function part(bytes: Bytes, start: number, end: number): Bytes {
  return "subarray" in bytes ? bytes.subarray(start, end) : bytes.slice(start, end);
}

/** How many bytes the text takes as UTF-8. */
export function utf8Length(text: string): number {
  let length = text.length;
  if (!/[^\x00-\x7f]/.test(text)) {
    return length;
  }
  for (let i = text.length; i--; ) {
    const unit = text.charCodeAt(i);
    // Each half of a surrogate pair counts two of the four bytes.
    length += unit < 0x80 ? 0 : unit < 0x800 || (unit & 0xf800) === 0xd800 ? 1 : 2;
  }
  return length;
}

/** The UTF-8 of a text, one character for each byte. */
export function toUtf8(text: string): string {
  return unescape(encodeURIComponent(text));
}

/** Null if the bytes are not UTF-8. */
export function fromUtf8(bytes: Bytes): string | null {
  let escaped = "";
  for (let i = 0; i < bytes.length; i++) {
    const octet = bytes[i] as number;
    escaped += (octet < 16 ? "%0" : "%") + octet.toString(16);
  }
  try {
    return decodeURIComponent(escaped);
  } catch (_) {
    return null;
  }
}

export function toBase64(bytes: Bytes): string {
  const out: string[] = [];
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const bits = ((bytes[i] as number) << 16) | ((bytes[i + 1] || 0) << 8) | (bytes[i + 2] || 0);
    out.push(
      ALPHABET.charAt(bits >> 18) +
        ALPHABET.charAt((bits >> 12) & 63) +
        (left > 1 ? ALPHABET.charAt((bits >> 6) & 63) : "=") +
        (left > 2 ? ALPHABET.charAt(bits & 63) : "="),
    );
  }
  return out.join("");
}

let sextets: number[] | undefined;

/** Null unless the text is base64 with its padding and nothing else. */
export function fromBase64(text: string): Bytes | null {
  const digits = text.replace(/==?$/, "");
  if (text.length % 4 || digits.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(digits)) {
    return null;
  }
  if (!sextets) {
    sextets = [];
    for (let i = 64; i--; ) {
      sextets[ALPHABET.charCodeAt(i)] = i;
    }
  }
  const length = (digits.length * 6) >> 3;
  const bytes = newBytes(length);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < digits.length; i++) {
    bits = ((bits << 6) | (sextets[digits.charCodeAt(i)] as number)) & 0xfff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = (bits >> held) & 255;
    }
  }
  // Bits that are not part of a byte must be zero, or two texts would mean the same bytes.
  return bits & ((1 << held) - 1) ? null : bytes;
}
