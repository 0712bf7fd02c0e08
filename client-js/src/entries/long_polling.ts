import type { Transport } from "../options.ts";
import { long_polling as made } from "../transports/long_polling.ts";

export type { Transport } from "../options.ts";

/** Posts that the server answers when it has something to say: what passes wherever requests do. */
export const long_polling: Transport = made;
