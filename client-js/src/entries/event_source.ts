import type { Transport } from "../options.ts";
import { event_source as made } from "../transports/event_source.ts";

export type { Transport } from "../options.ts";

/** Events by `EventSource` down, posts up: what the platform reads as it arrives, where streams of `fetch` do not pass. */
export const event_source: Transport = made;
