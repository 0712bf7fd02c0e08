/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { forever_iframe as forever_iframe$1 } from './shared.mjs';

/** Scripts in a hidden frame down, posts up: for browsers that read no answer as it grows, and have no `EventSource`. It needs a document. */
const forever_iframe = forever_iframe$1;

export { forever_iframe };
//# sourceMappingURL=forever_iframe.mjs.map
