/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { A as AnyEvents, C as CoreOptions, S as Socket } from './types.mjs';
export { a as Asks, b as Auth, B as BinaryForm, D as Disconnected, E as Emits, c as EverwireError, L as LocalEvents, R as Reconnection, d as RemoteError, T as Transport } from './types.mjs';

/**
 * The smallest client: the transports that it is given, one after the other, without negotiation.
 *
 * ```js
 * import { connect } from "everwire/core";
 * import { websocket } from "everwire/websocket";
 * const socket = connect("https://example.com/everwire", { transports: [websocket] });
 * ```
 */
declare function connect<Listen extends object = AnyEvents, Emit extends object = AnyEvents>(url: string | undefined, options: CoreOptions): Socket<Listen, Emit>;

export { AnyEvents, CoreOptions, Socket, connect };
