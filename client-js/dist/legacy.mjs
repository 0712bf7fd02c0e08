/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { mend, open, diagnoseBy, legacy, legacyTransports } from './shared.mjs';

/** As the default entry's, with all transports, in every browser that has JSON. */
function connect(url, options) {
    mend();
    return open(legacy, url, options);
}
/** Tries each transport alone, those of `options.transports` or all, one after the other. */
function diagnose(url, options) {
    mend();
    return diagnoseBy(legacy, legacyTransports, url, options);
}

export { connect, diagnose };
//# sourceMappingURL=legacy.mjs.map
