import type { Transport } from "../options.ts";
import { streaming as made } from "../transports/streaming.ts";

export type { Transport } from "../options.ts";

export const streaming: Transport = made;
