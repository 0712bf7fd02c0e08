import type { Bytes } from "../bytes.ts";

/** Node 18 has no global `crypto`: for node the package takes random.node.ts instead. */
export function fillRandom(bytes: Bytes): void {
  crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>);
}
