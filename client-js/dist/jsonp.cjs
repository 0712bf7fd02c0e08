/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

var shared = require('./shared.cjs');

/** Script tags down, forms up: for pages that can do nothing else. Only used when it is named, and off in the server by default. It needs a document. */
const jsonp = shared.jsonp;

exports.jsonp = jsonp;
//# sourceMappingURL=jsonp.cjs.map
