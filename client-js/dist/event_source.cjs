/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
'use strict';

var shared = require('./shared.cjs');

/** Events by `EventSource` down, posts up: what the platform reads as it arrives, where streams of `fetch` do not pass. */
const event_source = shared.event_source;

exports.event_source = event_source;
//# sourceMappingURL=event_source.cjs.map
