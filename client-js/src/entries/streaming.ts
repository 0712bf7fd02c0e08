import type { Transport } from "../options.ts";
import { streaming as made } from "../transports/streaming.ts";

export type { Transport } from "../options.ts";

/** One answer that grows down, posts up: by `fetch`, or by `XMLHttpRequest` in `everwire/legacy`. */
export const streaming: Transport = made;
