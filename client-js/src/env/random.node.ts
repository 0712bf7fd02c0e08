import { webcrypto } from "node:crypto";
import type { Bytes } from "../bytes.ts";

export function randomBytes(): Bytes {
  return webcrypto.getRandomValues(new Uint8Array(16));
}
