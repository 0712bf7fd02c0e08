/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

var node_crypto = require('node:crypto');

function randomBytes() {
    return node_crypto.webcrypto.getRandomValues(new Uint8Array(16));
}

exports.randomBytes = randomBytes;
//# sourceMappingURL=random.node.cjs.map
