/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

var shared = require('./shared.cjs');
var diagnose = require('./diagnose.cjs');

/**
 * Connects to a namespace of a server. Several namespaces of one URL share a session.
 *
 * ```js
 * const socket = connect("https://example.com/everwire");
 * socket.on("said", text => show(text));
 * socket.emit("say", "hello");
 * ```
 */
function connect(url, options) {
    return shared.open(shared.modern, url, options);
}

exports.diagnose = diagnose.diagnose;
exports.connect = connect;
//# sourceMappingURL=index.cjs.map
