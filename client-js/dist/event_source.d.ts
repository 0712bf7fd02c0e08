/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { T as Transport } from './types.js';

/** Events by `EventSource` down, posts up: what the platform reads as it arrives, where streams of `fetch` do not pass. */
declare const event_source: Transport;

export { Transport, event_source };
