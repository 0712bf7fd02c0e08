/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { long_polling as long_polling$1 } from './shared.mjs';

/** Posts that the server answers when it has something to say: what passes wherever requests do. */
const long_polling = long_polling$1;

export { long_polling };
//# sourceMappingURL=long_polling.mjs.map
