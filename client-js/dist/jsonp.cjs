/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

var shared = require('./shared.cjs');

const jsonp = shared.jsonp;

exports.jsonp = jsonp;
//# sourceMappingURL=jsonp.cjs.map
