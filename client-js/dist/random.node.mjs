/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { webcrypto } from 'node:crypto';

function fillRandom(bytes) {
    webcrypto.getRandomValues(bytes);
}

export { fillRandom };
//# sourceMappingURL=random.node.mjs.map
