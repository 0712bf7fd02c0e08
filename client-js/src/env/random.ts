import type { Bytes } from "../bytes.ts";

/** Node 18 has no global `crypto`: for node the package takes random.node.ts instead. */
export function randomBytes(): Bytes {
  const bytes = new Uint8Array(16);
  // WebKit of 2011 fills what it is given, and answers nothing.
  crypto.getRandomValues(bytes);
  return bytes;
}
