/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { T as Transport } from './types.mjs';

/** One answer that grows down, posts up: by `fetch`, or by `XMLHttpRequest` in `everwire/legacy`. */
declare const streaming: Transport;

export { Transport, streaming };
