/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

var shared = require('./shared.cjs');

/**
 * Tries each transport alone, those of `options.transports` or all, one after the other.
 *
 * ```js
 * console.table(await diagnose("https://example.com/everwire"));
 * ```
 */
function diagnose(url, options) {
    return shared.diagnoseBy(shared.modern, shared.modernTransports, url, options);
}

exports.diagnose = diagnose;
//# sourceMappingURL=diagnose.cjs.map
