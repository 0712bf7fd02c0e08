import { failure } from "./errors.ts";
import { find } from "./lists.ts";
import type { Transport } from "./transports/transport.ts";

/** The transports that are wanted, by name or as they are. */
export function named(known: Transport[], wanted: unknown[]): Transport[] {
  const chosen: Transport[] = [];
  for (const one of wanted) {
    const transport = typeof one === "string" ? find(known, (other) => other.name === one) : (one as Transport);
    if (!transport) {
      throw failure("bad_data", "no such transport in this bundle: " + String(one));
    }
    chosen.push(transport);
  }
  return chosen;
}
