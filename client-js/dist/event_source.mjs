/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { event_source as event_source$1 } from './shared.mjs';

/** Events by `EventSource` down, posts up: what the platform reads as it arrives, where streams of `fetch` do not pass. */
const event_source = event_source$1;

export { event_source };
//# sourceMappingURL=event_source.mjs.map
