import type { Transport } from "../options.ts";
import { long_polling as made } from "../transports/long_polling.ts";

export type { Transport } from "../options.ts";

export const long_polling: Transport = made;
