/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { forever_iframe as forever_iframe$1 } from './shared.mjs';

const forever_iframe = forever_iframe$1;

export { forever_iframe };
//# sourceMappingURL=forever_iframe.mjs.map
