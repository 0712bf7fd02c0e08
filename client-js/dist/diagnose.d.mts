/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { O as Options, e as Diagnosis } from './types.mjs';
export { b as Auth, M as ModernName, R as Reconnection, T as Transport, f as TransportName } from './types.mjs';

/**
 * Tries each transport alone, those of `options.transports` or all, one after the other.
 *
 * ```js
 * console.table(await diagnose("https://example.com/everwire"));
 * ```
 */
declare function diagnose(url?: string, options?: Options): Promise<Diagnosis[]>;

export { Diagnosis, Options, diagnose };
