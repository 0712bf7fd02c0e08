/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { diagnoseBy, modernTransports, modern } from './shared.mjs';

/**
 * Tries each transport alone, those of `options.transports` or all, one after the other.
 *
 * ```js
 * console.table(await diagnose("https://example.com/everwire"));
 * ```
 */
function diagnose(url, options) {
    return diagnoseBy(modern, modernTransports, url, options);
}

export { diagnose };
//# sourceMappingURL=diagnose.mjs.map
