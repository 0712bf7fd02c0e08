/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
import { A as AnyEvents, O as Options, S as Socket } from './types.mjs';
export { a as Asks, b as Auth, e as Diagnosis, D as Disconnected, E as Emits, c as EverwireError, L as LocalEvents, M as ModernName, R as Reconnection, d as RemoteError, T as Transport, f as TransportName } from './types.mjs';
export { diagnose } from './diagnose.mjs';

/**
 * Connects to a namespace of a server. Several namespaces of one URL share a session.
 *
 * ```js
 * const socket = connect("https://example.com/everwire");
 * socket.on("said", text => show(text));
 * socket.emit("say", "hello");
 * ```
 */
declare function connect<Listen extends object = AnyEvents, Emit extends object = AnyEvents>(url?: string, options?: Options): Socket<Listen, Emit>;

export { AnyEvents, Options, Socket, connect };
