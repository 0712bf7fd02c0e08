/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

var shared = require('./shared.cjs');

const forever_iframe = shared.forever_iframe;

exports.forever_iframe = forever_iframe;
//# sourceMappingURL=forever_iframe.cjs.map
