/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

var shared = require('./shared.cjs');

const streaming = shared.streaming;

exports.streaming = streaming;
//# sourceMappingURL=streaming.cjs.map
