/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { open, retry } from './shared.mjs';

const kit = { e: (wanted) => wanted, t: retry };
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
    return open(kit, url, options);
}

export { connect };
//# sourceMappingURL=core.mjs.map
