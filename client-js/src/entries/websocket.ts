import type { Transport } from "../options.ts";
import { websocket as made } from "../transports/websocket.ts";

export type { Transport } from "../options.ts";

export const websocket: Transport = made;
