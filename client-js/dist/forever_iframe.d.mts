/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { T as Transport } from './types.mjs';

/** Scripts in a hidden frame down, posts up: for browsers that read no answer as it grows, and have no `EventSource`. It needs a document. */
declare const forever_iframe: Transport;

export { Transport, forever_iframe };
