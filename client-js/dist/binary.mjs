/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { binaryForm } from './shared.mjs';

/** For `everwire/core`: `connect(url, { transports: [websocket], binary })`. */
const binary = binaryForm;

export { binary };
//# sourceMappingURL=binary.mjs.map
