// What an entry of the package puts together: so who takes less has less.
import type { Hub } from "./driver.ts";
import type { Post } from "./env/post.ts";
import { failure } from "./errors.ts";
import { find } from "./lists.ts";
import type { AnyOptions } from "./options.ts";
import type { Binary } from "./packet.ts";
import type { Limits, Plan, PlanHost } from "./plan.ts";
import type { Io, Transport } from "./transports/transport.ts";

export interface Kit {
  /** Those that may be named in the options; and those that are used if none are. */
  _known: Transport[];
  _usual: Transport[];
  _plan(hub: Hub, limits: Limits, host: PlanHost): Plan;
  /** Without it the binary form is unknown. */
  _binary?: Binary;
  /** Looks after the page, until the answer is called. */
  _watch?(hub: Hub): () => void;
  /** The answer to the server's `z`, where no WebSocket can carry it. */
  _farewell?(hub: Hub, line: string): void;
  /** What a URL says, where the platform has no class for that. */
  _locate?(url: string): Pick<URL, "protocol" | "host" | "pathname">;
  /** How requests are made, if not by fetch; and whether their answers can be read as they grow. */
  _post?(options: AnyOptions): Post | null;
  _streams?(options: AnyOptions): boolean;
}

/** The transports that are wanted, by name or as they are, and can be used here if not `all` are asked for. */
export function usable(io: Io, wanted: unknown[], all?: boolean): Transport[] {
  const chosen: Transport[] = [];
  const named = (name: string): Transport | undefined => find(io._kit._known, (known) => known.name === name);
  for (const one of wanted) {
    const transport = typeof one === "string" ? named(one) : (one as Transport);
    if (!transport) {
      throw failure("bad_data", "no such transport in this bundle: " + String(one));
    }
    if (all || transport._enabled(io)) {
      chosen.push(transport);
    }
  }
  return chosen;
}
