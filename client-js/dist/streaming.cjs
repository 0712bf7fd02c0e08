/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

var shared = require('./shared.cjs');

/** One answer that grows down, posts up: by `fetch`, or by `XMLHttpRequest` in `everwire/legacy`. */
const streaming = shared.streaming;

exports.streaming = streaming;
//# sourceMappingURL=streaming.cjs.map
