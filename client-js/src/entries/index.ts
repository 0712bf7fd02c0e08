import { open } from "../client.ts";
import { modern } from "../modern.ts";
import type { AnyEvents } from "../events.ts";
import type { Options } from "../options.ts";
import type { Socket } from "../socket.ts";

export { diagnose } from "./diagnose.ts";
export type { Diagnosis } from "../diagnose.ts";
export type { EverwireError } from "../errors.ts";
export type { AnyEvents, Disconnected, LocalEvents, RemoteError } from "../events.ts";
export type { Auth, ModernName, Options, Reconnection, Transport, TransportName } from "../options.ts";
export type { Asks, Emits, Socket } from "../socket.ts";

/**
 * Connects to a namespace of a server. Several namespaces of one URL share a session.
 *
 * ```js
 * const socket = connect("https://example.com/everwire");
 * socket.on("said", text => show(text));
 * socket.emit("say", "hello");
 * ```
 */
export function connect<Listen extends object = AnyEvents, Emit extends object = AnyEvents>(
  url?: string,
  options?: Options,
): Socket<Listen, Emit> {
  return open(modern, url, options) as unknown as Socket<Listen, Emit>;
}
