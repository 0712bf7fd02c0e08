/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

var shared = require('./shared.cjs');

/** A WebSocket both ways: the least overhead of all. */
const websocket = shared.websocket;

exports.websocket = websocket;
//# sourceMappingURL=websocket.cjs.map
