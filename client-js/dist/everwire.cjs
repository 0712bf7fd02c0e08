/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

function connect(url) {
    return { url: url };
}

exports.connect = connect;
//# sourceMappingURL=everwire.cjs.map
