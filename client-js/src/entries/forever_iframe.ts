import type { Transport } from "../options.ts";
import { forever_iframe as made } from "../transports/forever_iframe.ts";

export type { Transport } from "../options.ts";

export const forever_iframe: Transport = made;
