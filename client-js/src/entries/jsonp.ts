import type { Transport } from "../options.ts";
import { jsonp as made } from "../transports/jsonp.ts";

export type { Transport } from "../options.ts";

/** Script tags down, forms up: for pages that can do nothing else. Only used when it is named, and off in the server by default. It needs a document. */
export const jsonp: Transport = made;
