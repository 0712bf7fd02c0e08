// What an entry of the package puts together: so who takes less has less.
import type { Hub } from "./driver.ts";
import type { Post } from "./env/post.ts";
import type { AnyOptions } from "./options.ts";
import type { Binary } from "./packet.ts";
import type { Limits, Plan, PlanHost } from "./plan.ts";
import type { Transport } from "./transports/transport.ts";

export interface Kit {
  /** What `options.transports` stands for. */
  _choose(wanted: unknown[] | undefined): Transport[];
  _plan(hub: Hub, limits: Limits, host: PlanHost): Plan;
  /** Without it the binary form is unknown. */
  _binary?: Binary;
  /** Looks after the page, until the answer is called. */
  _watch?(hub: Hub): () => void;
  /** The answer to the server's `z`, where no WebSocket can carry it. */
  _farewell?(hub: Hub, line: string): void;
  /** How requests are made, if not by fetch; and whether their answers can be read as they grow. */
  _post?(options: AnyOptions): Post | null;
  _streams?(options: AnyOptions): boolean;
}

