/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { jsonp as jsonp$1 } from './shared.mjs';

/** Script tags down, forms up: for pages that can do nothing else. Only used when it is named, and off in the server by default. It needs a document. */
const jsonp = jsonp$1;

export { jsonp };
//# sourceMappingURL=jsonp.mjs.map
