/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { open, modern } from './shared.mjs';
export { diagnose } from './diagnose.mjs';

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
    return open(modern, url, options);
}

export { connect };
//# sourceMappingURL=index.mjs.map
