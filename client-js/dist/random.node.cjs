/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

var node_crypto = require('node:crypto');

function fillRandom(bytes) {
    node_crypto.webcrypto.getRandomValues(bytes);
}

exports.fillRandom = fillRandom;
//# sourceMappingURL=random.node.cjs.map
