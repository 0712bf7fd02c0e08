// The client's session (protocol.md): no clock, no timer, no randomness, no I/O. Every input takes the time as its first
// argument if it matters; after each, drain `next(now)` until it says null, then come back at `nextTimeout()` at the latest.
import { ReceiveHalf, SendHalf, type Message } from "./halves.ts";
import { fromLine, type Data } from "./packet.ts";
import { attach } from "./session/attach.ts";
import type { Body } from "./session/body.ts";
import { carrierOf, find, type Carrier, type Kind, type OpenRequest } from "./session/carrier.ts";
import { answered, failed, refused, take } from "./session/down.ts";
import { close, end } from "./session/end.ts";
import type { Output } from "./session/io.ts";
import { nextTimeout, timeout } from "./session/timers.ts";
import { beacon, flush, MAX_BODY, type Batch } from "./session/up.ts";

export type { Kind } from "./session/carrier.ts";
export type { Output, Request } from "./session/io.ts";

export type State = "opening" | "open" | "suspended" | "closing" | "ended";

export class Session {
  state: State = "opening";
  /** The limits of the welcome. */
  max = Infinity;
  acks = 1000;
  /** Bytes after which the server ends this stream. */
  stream = Infinity;
  /** The server's heartbeat interval. */
  ping = 10000;
  /** The pause between polls that do not hang; 0 if they hang. */
  rest = 0;
  readonly send = new SendHalf();
  readonly receive: ReceiveHalf;

  // What follows is for the files of session/.
  id = "";
  token = "";
  key: string;
  /** How long a carrier that has answered may be mute. */
  mute = 0;
  /** The numbers of the last attach, body and request. */
  attaches = 0;
  serial = 0;
  requests = 0;
  batch: Batch | null = null;
  /** Bytes of messages in one body: fewer where the path has not let more through. */
  body = MAX_BODY;
  /** A message that did not pass alone, and how often. */
  stuck = 0;
  tries = 0;
  /** In the order of their attaches. */
  carriers: Carrier[] = [];
  /** The carrier that has answered last. */
  current: Carrier | null = null;
  fleeting: Data[] = [];
  queue: Output[] = [];
  /** A heartbeat waits for the counts. */
  owesCounts = false;
  /** The count at which a packet could not be read. */
  poison = -1;
  closeCode = "";
  closeDeadline = Infinity;
  saidClose = false;
  /** The server's `z`, while messages before it are still missing. */
  farewell: Body | null = null;

  /** `secret` draws 128 random bits as 22 characters of base64url. */
  constructor(
    window: number,
    readonly secret: () => string,
  ) {
    this.receive = new ReceiveHalf(window);
    this.key = secret();
  }

  /** A new carrier, numbered by the caller. It is given up after `patience` if it has not carried anything by then. */
  attach(now: number, id: number, kind: Kind, patience: number): void {
    attach(this, now, id, kind, patience);
  }

  /** A frame of a WebSocket. */
  packet(now: number, id: number, data: Data): void {
    const carrier = find(this.carriers, id);
    if (carrier) {
      take(this, now, carrier, carrier, data);
    }
  }

  /** A line of a stream that was opened by ticket. */
  line(now: number, id: number, line: string): void {
    this.packet(now, id, fromLine(line));
  }

  /** A line of the answer to a request. */
  answer(now: number, id: number, line: string): void {
    const carrier = carrierOf(this, id);
    if (carrier) {
      take(this, now, carrier, find(carrier.requests, id) as OpenRequest, fromLine(line));
    }
  }

  /** The answer to a request is over. */
  answered(id: number): void {
    answered(this, id);
  }

  /** A request got no answer (`""`), or a refusal with this code. */
  failed(now: number, id: number, code: string): void {
    failed(this, now, id, code);
  }

  /** The carrier is gone, with a code if its end had one, else `""`. */
  lost(now: number, id: number, code: string): void {
    const carrier = find(this.carriers, id);
    if (carrier) {
      refused(this, now, carrier, code);
    }
  }

  /** Sends in time, once and in order. */
  push(message: Message): void {
    this.send.push(message);
  }

  /** Sends now or not at all. */
  pushVolatile(data: Data): void {
    if (this.state === "open") {
      this.fleeting.push(data);
    }
  }

  /** The application is done with so many bytes of what was delivered. */
  consumed(bytes: number): void {
    this.receive.consumed += bytes;
  }

  /** Sends what is there, then ends the session; in 5 s at the latest. */
  close(now: number, code: string): void {
    close(this, now, code);
  }

  /** A last body for a page that goes away, or null if there is no session to close. It changes nothing here. */
  beacon(limit: number): string | null {
    return beacon(this, limit);
  }

  /** Ends the session without a word to the server. */
  abort(code: string): void {
    end(this, code, "", 0);
  }

  timeout(now: number): void {
    timeout(this, now);
  }

  /** When `timeout` has something to do; null if never. */
  nextTimeout(): number | null {
    return nextTimeout(this);
  }

  /** What is to be done next, or null. */
  next(now: number): Output | null {
    if (!this.queue.length && this.state !== "ended") {
      flush(this, now);
    }
    return this.queue.shift() || null;
  }
}
