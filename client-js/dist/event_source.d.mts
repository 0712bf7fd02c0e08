/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { T as Transport } from './types.mjs';

declare const event_source: Transport;

export { Transport, event_source };
