/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { websocket as websocket$1 } from './shared.mjs';

/** A WebSocket both ways: the least overhead of all. */
const websocket = websocket$1;

export { websocket };
//# sourceMappingURL=websocket.mjs.map
