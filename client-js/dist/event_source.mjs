/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { event_source as event_source$1 } from './shared.mjs';

const event_source = event_source$1;

export { event_source };
//# sourceMappingURL=event_source.mjs.map
