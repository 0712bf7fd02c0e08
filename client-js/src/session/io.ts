// What comes out of the session.
import type { Message } from "../halves.ts";
import type { Data, Packet } from "../packet.ts";

export interface Request {
  id: number;
  kind: "attach" | "poll" | "post";
  carrier: number;
  /** Lines, the first is `A` or `P`. */
  body: string;
  /** What a `script` poll says by URL, and the ticket its attach has named. */
  ticket: string;
  poll: number;
  received: number;
  consumed: number;
}

export type Output =
  | { type: "write"; carrier: number; data: Data }
  | { type: "request"; request: Request }
  /** Open the stream for this ticket, and feed it to `packet`. */
  | { type: "stream"; carrier: number; ticket: string }
  /** Close it and its requests; nothing of it is wanted any more. `code` is null if another was accepted, or the session is over. */
  | { type: "drop"; carrier: number; code: string | null }
  /** The last carrier is gone, and this is why: attach anew. */
  | { type: "lost"; carrier: number; code: string; welcomed: boolean }
  | { type: "deliver"; packet: Packet; size: number }
  /** The session has a carrier: for the first time, or again. */
  | { type: "opened"; carrier: number; resumed: boolean }
  /** The session has another carrier, without having been suspended. */
  | { type: "moved"; carrier: number }
  | { type: "suspended" }
  /** The server does not take messages of this size. */
  | { type: "rejected"; message: Message }
  /** Send this, if it can be done; the answer does not matter. */
  | { type: "farewell"; body: string }
  | { type: "ended"; code: string; reason: string; retry: number; unconfirmed: Message[] };
