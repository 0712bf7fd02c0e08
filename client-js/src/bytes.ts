// UTF-8 and base64 with the language's own means. Bytes become text as one character for each.

/** A Uint8Array, or an array of numbers where typed arrays do not exist. */
export type Bytes = Uint8Array | number[];

export function newBytes(length: number): Bytes {
  return typeof Uint8Array === "undefined" ? [] : new Uint8Array(length);
}

/** How many bytes the text takes as UTF-8. Each half of a surrogate pair counts two of the four. */
export function utf8Length(text: string): number {
  return text.replace(/[\x80-\u07ff\ud800-\udfff]/g, "..").replace(/[\u0800-\uffff]/g, "...").length;
}

export function toUtf8(text: string): Bytes {
  return fromChars(unescape(encodeURIComponent(text)));
}

/** Throws if the bytes are not UTF-8. */
export function fromUtf8(bytes: Bytes): string {
  return decodeURIComponent(escape(toChars(bytes)));
}

export function fromChars(chars: string): Bytes {
  const bytes = newBytes(chars.length);
  for (let i = 0; i < chars.length; i++) {
    bytes[i] = chars.charCodeAt(i);
  }
  return bytes;
}

export function toChars(bytes: Bytes): string {
  let chars = "";
  for (let i = 0; i < bytes.length; i++) {
    chars += String.fromCharCode(bytes[i] as number);
  }
  return chars;
}
