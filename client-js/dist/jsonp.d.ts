/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { T as Transport } from './types.js';

/** Script tags down, forms up: for pages that can do nothing else. Only used when it is named, and off in the server by default. It needs a document. */
declare const jsonp: Transport;

export { Transport, jsonp };
