import { open } from "../client.ts";
import { diagnoseBy, type Diagnosis } from "../diagnose.ts";
import { mend } from "../env/legacy.ts";
import type { AnyEvents } from "../events.ts";
import { legacy, legacyTransports } from "../legacy.ts";
import type { LegacyOptions } from "../options.ts";
import type { Socket } from "../socket.ts";

export type { Diagnosis } from "../diagnose.ts";
export type { EverwireError } from "../errors.ts";
export type { AnyEvents, Disconnected, LocalEvents, RemoteError } from "../events.ts";
export type { Auth, LegacyOptions, ModernName, Options, Reconnection, Transport, TransportName } from "../options.ts";
export type { Asks, Emits, Socket } from "../socket.ts";

/** As the default entry's, with all transports, in every browser that has JSON. */
export function connect<Listen extends object = AnyEvents, Emit extends object = AnyEvents>(
  url?: string,
  options?: LegacyOptions,
): Socket<Listen, Emit> {
  mend();
  return open(legacy, url, options) as unknown as Socket<Listen, Emit>;
}

/** Tries each transport alone, those of `options.transports` or all, one after the other. */
export function diagnose(url?: string, options?: LegacyOptions): Promise<Diagnosis[]> {
  mend();
  return diagnoseBy(legacy, legacyTransports, url, options);
}
