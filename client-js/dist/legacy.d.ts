/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { A as AnyEvents, g as LegacyOptions, S as Socket, e as Diagnosis } from './types.js';
export { a as Asks, b as Auth, D as Disconnected, E as Emits, c as EverwireError, L as LocalEvents, M as ModernName, O as Options, R as Reconnection, d as RemoteError, T as Transport, f as TransportName } from './types.js';

/** As the default entry's, with all transports, in every browser that has JSON. */
declare function connect<Listen extends object = AnyEvents, Emit extends object = AnyEvents>(url?: string, options?: LegacyOptions): Socket<Listen, Emit>;
/** Tries each transport alone, those of `options.transports` or all, one after the other. */
declare function diagnose(url?: string, options?: LegacyOptions): Promise<Diagnosis[]>;

export { AnyEvents, Diagnosis, LegacyOptions, Socket, connect, diagnose };
