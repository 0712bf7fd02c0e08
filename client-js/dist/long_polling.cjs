/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

var shared = require('./shared.cjs');

/** Posts that the server answers when it has something to say: what passes wherever requests do. */
const long_polling = shared.long_polling;

exports.long_polling = long_polling;
//# sourceMappingURL=long_polling.cjs.map
