/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

/** Node 18 has no global `crypto`: for node the package takes random.node.ts instead. */
function fillRandom(bytes) {
    crypto.getRandomValues(bytes);
}

exports.fillRandom = fillRandom;
//# sourceMappingURL=random.cjs.map
