export { connect } from "./client.ts";
export { diagnose, type Diagnosis } from "./diagnose.ts";
export type { EverwireError } from "./errors.ts";
export type { AnyEvents, Disconnected, LocalEvents, RemoteError } from "./events.ts";
export type { Auth, Options, Reconnection, TransportName } from "./options.ts";
export type { Asks, Emits, Socket } from "./socket.ts";
