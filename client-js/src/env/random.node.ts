import { webcrypto } from "node:crypto";
import type { Bytes } from "../bytes.ts";

export function fillRandom(bytes: Bytes): void {
  webcrypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>);
}
