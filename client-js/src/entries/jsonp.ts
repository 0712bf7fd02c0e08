import type { Transport } from "../options.ts";
import { jsonp as made } from "../transports/jsonp.ts";

export type { Transport } from "../options.ts";

export const jsonp: Transport = made;
