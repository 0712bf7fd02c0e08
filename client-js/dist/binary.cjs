/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

var shared = require('./shared.cjs');

/** For `everwire/core`: `connect(url, { transports: [websocket], binary })`. */
const binary = shared.binaryForm;

exports.binary = binary;
//# sourceMappingURL=binary.cjs.map
