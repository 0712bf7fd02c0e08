/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { streaming as streaming$1 } from './shared.mjs';

/** One answer that grows down, posts up: by `fetch`, or by `XMLHttpRequest` in `everwire/legacy`. */
const streaming = streaming$1;

export { streaming };
//# sourceMappingURL=streaming.mjs.map
