/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

var shared = require('./shared.cjs');

const websocket = shared.websocket;

exports.websocket = websocket;
//# sourceMappingURL=websocket.cjs.map
