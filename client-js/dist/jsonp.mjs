/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { jsonp as jsonp$1 } from './shared.mjs';

const jsonp = jsonp$1;

export { jsonp };
//# sourceMappingURL=jsonp.mjs.map
