/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { T as Transport } from './types.js';

declare const jsonp: Transport;

export { Transport, jsonp };
