import type { Transport } from "../options.ts";
import { event_source as made } from "../transports/event_source.ts";

export type { Transport } from "../options.ts";

export const event_source: Transport = made;
