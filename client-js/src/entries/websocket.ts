import type { Transport } from "../options.ts";
import { websocket as made } from "../transports/websocket.ts";

export type { Transport } from "../options.ts";

/** A WebSocket both ways: the least overhead of all. */
export const websocket: Transport = made;
