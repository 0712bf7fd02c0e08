/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { B as BinaryForm } from './types.js';

/** For `everwire/core`: `connect(url, { transports: [websocket], binary })`. */
declare const binary: BinaryForm;

export { BinaryForm, binary };
