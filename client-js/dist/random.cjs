/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

/** Node 18 has no global `crypto`: for node the package takes random.node.ts instead. */
function randomBytes() {
    const bytes = new Uint8Array(16);
    // WebKit of 2011 fills what it is given, and answers nothing.
    crypto.getRandomValues(bytes);
    return bytes;
}

exports.randomBytes = randomBytes;
//# sourceMappingURL=random.cjs.map
