/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

var shared = require('./shared.cjs');

const kit = { e: (wanted) => wanted, t: shared.retry };
/**
 * The smallest client: the transports that it is given, one after the other, without negotiation.
 *
 * ```js
 * import { connect } from "everwire/core";
 * import { websocket } from "everwire/websocket";
 * const socket = connect("https://example.com/everwire", { transports: [websocket] });
 * ```
 */
function connect(url, options) {
    return shared.open(kit, url, options);
}

exports.connect = connect;
//# sourceMappingURL=core.cjs.map
