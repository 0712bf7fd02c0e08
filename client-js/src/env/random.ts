import type { Bytes } from "../bytes.ts";

/** Node 18 has no global `crypto`: for node the package takes random.node.ts instead. */
export function randomBytes(): Bytes {
  return crypto.getRandomValues(new Uint8Array(16));
}
