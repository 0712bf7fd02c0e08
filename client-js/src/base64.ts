// Base64 by the platform's own, which every environment with binary WebSockets has.
import { platform } from "./env/platform.ts";
import { fromChars, toChars, type Bytes } from "./bytes.ts";

export function toBase64(bytes: Bytes): string {
  return platform._btoa(toChars(bytes));
}

/** Null unless the text is base64 with its padding and nothing else: then it reads the same when it is written again. */
export function fromBase64(text: string): Bytes | null {
  try {
    const chars = platform._atob(text);
    return platform._btoa(chars) === text ? fromChars(chars) : null;
  } catch (_) {
    return null;
  }
}
