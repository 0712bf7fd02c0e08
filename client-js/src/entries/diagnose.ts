import { diagnoseBy, type Diagnosis } from "../diagnose.ts";
import { modern, modernTransports } from "../modern.ts";
import type { Options } from "../options.ts";

export type { Diagnosis } from "../diagnose.ts";
export type { Auth, ModernName, Options, Reconnection, Transport, TransportName } from "../options.ts";

/**
 * Tries each transport alone, those of `options.transports` or all, one after the other.
 *
 * ```js
 * console.table(await diagnose("https://example.com/everwire"));
 * ```
 */
export function diagnose(url?: string, options?: Options): Promise<Diagnosis[]> {
  return diagnoseBy(modern, modernTransports, url, options);
}
