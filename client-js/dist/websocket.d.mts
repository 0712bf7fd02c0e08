/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { T as Transport } from './types.mjs';

/** A WebSocket both ways: the least overhead of all. */
declare const websocket: Transport;

export { Transport, websocket };
