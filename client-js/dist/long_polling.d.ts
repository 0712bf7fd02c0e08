/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { T as Transport } from './types.js';

/** Posts that the server answers when it has something to say: what passes wherever requests do. */
declare const long_polling: Transport;

export { Transport, long_polling };
