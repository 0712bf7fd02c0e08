/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

var shared = require('./shared.cjs');

/** Scripts in a hidden frame down, posts up: for browsers that read no answer as it grows, and have no `EventSource`. It needs a document. */
const forever_iframe = shared.forever_iframe;

exports.forever_iframe = forever_iframe;
//# sourceMappingURL=forever_iframe.cjs.map
