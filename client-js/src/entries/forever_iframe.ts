import type { Transport } from "../options.ts";
import { forever_iframe as made } from "../transports/forever_iframe.ts";

export type { Transport } from "../options.ts";

/** Scripts in a hidden frame down, posts up: for browsers that read no answer as it grows, and have no `EventSource`. It needs a document. */
export const forever_iframe: Transport = made;
