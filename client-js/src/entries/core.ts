import { open } from "../client.ts";
import type { AnyEvents } from "../events.ts";
import type { Kit } from "../kit.ts";
import type { CoreOptions } from "../options.ts";
import { retry } from "../retry.ts";
import type { Socket } from "../socket.ts";
import type { Transport } from "../transports/transport.ts";

export type { EverwireError } from "../errors.ts";
export type { AnyEvents, Disconnected, LocalEvents, RemoteError } from "../events.ts";
export type { Auth, BinaryForm, CoreOptions, Reconnection, Transport } from "../options.ts";
export type { Asks, Emits, Socket } from "../socket.ts";

const kit: Kit = { _choose: (wanted) => wanted as Transport[], _plan: retry };

/**
 * The smallest client: the transports that it is given, one after the other, without negotiation.
 *
 * ```js
 * import { connect } from "everwire/core";
 * import { websocket } from "everwire/websocket";
 * const socket = connect("https://example.com/everwire", { transports: [websocket] });
 * ```
 */
export function connect<Listen extends object = AnyEvents, Emit extends object = AnyEvents>(
  url: string | undefined,
  options: CoreOptions,
): Socket<Listen, Emit> {
  return open(kit, url, options) as unknown as Socket<Listen, Emit>;
}
