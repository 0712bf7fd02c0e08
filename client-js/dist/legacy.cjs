/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

var shared = require('./shared.cjs');

/** As the default entry's, with all transports, in every browser that has JSON. */
function connect(url, options) {
    shared.mend();
    return shared.open(shared.legacy, url, options);
}
/** Tries each transport alone, those of `options.transports` or all, one after the other. */
function diagnose(url, options) {
    shared.mend();
    return shared.diagnoseBy(shared.legacy, shared.legacyTransports, url, options);
}

exports.connect = connect;
exports.diagnose = diagnose;
//# sourceMappingURL=legacy.cjs.map
