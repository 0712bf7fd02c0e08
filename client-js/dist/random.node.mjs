/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { webcrypto } from 'node:crypto';

function randomBytes() {
    return webcrypto.getRandomValues(new Uint8Array(16));
}

export { randomBytes };
//# sourceMappingURL=random.node.mjs.map
