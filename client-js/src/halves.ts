// The two directions of a session (protocol.md, sections 3 and 6). They meet only in an attach and in the counts.
import type { Data } from "./packet.ts";

/** A counted packet, encoded once and kept until the peer has confirmed it. */
export interface Message {
  namespace: string;
  data: Data;
  size: number;
  /** Events need credit; nothing else does. */
  credited: boolean;
  /** Of an event that wants an ack. */
  id: number | null;
}

/** What may be sent before the welcome has named the server's window and limits. */
const INITIAL_WINDOW = 65536;

export class SendHalf {
  /** The messages after `base`: sent and unconfirmed, then waiting. */
  log: Message[] = [];
  /** How many the peer has confirmed. */
  base = 0;
  /** The highest number ever sent. */
  sent = 0;
  /** Of the log. */
  bytes = 0;
  window = INITIAL_WINDOW;
  /** The size of all credited messages up to each of the log, itself included. */
  private credits: number[] = [];
  private credited = 0;
  /** The same up to `base`. */
  private floor = 0;
  private consumed = 0;

  push(message: Message): void {
    this.log.push(message);
    this.bytes += message.size;
    this.credited += message.credited ? message.size : 0;
    this.credits.push(this.credited);
  }

  /** Of the events of the log. */
  bytesCredited(): number {
    return this.credited - this.floor;
  }

  /** The number of the last message, sent or not. */
  last(): number {
    return this.base + this.log.length;
  }

  /** Message `number`, if it exists and credit allows it (and so all before it). */
  ready(number: number): Message | null {
    const at = number - this.base - 1;
    const message = this.log[at];
    return message && (this.credits[at] as number) <= this.consumed + this.window ? message : null;
  }

  markSent(number: number): void {
    this.sent = Math.max(this.sent, number);
  }

  /** The peer's counts. False if it confirms what was never sent. */
  confirm(received: number, consumed: number): boolean {
    if (received > this.sent) {
      return false;
    }
    this.consumed = Math.max(this.consumed, consumed);
    for (; this.base < received; this.base++) {
      this.floor = this.credits.shift() as number;
      this.bytes -= (this.log.shift() as Message).size;
    }
    return true;
  }

  /** Takes out waiting messages that are larger than the peer takes. */
  dropLarger(max: number): Message[] {
    const waiting = this.log.splice(Math.max(0, this.sent - this.base), this.log.length);
    const dropped: Message[] = [];
    this.credits.length = this.log.length;
    this.credited = this.log.length ? (this.credits[this.log.length - 1] as number) : this.floor;
    for (let i = 0; i < waiting.length; i++) {
      const message = waiting[i] as Message;
      this.bytes -= message.size;
      if (message.size > max) {
        dropped.push(message);
      } else {
        this.push(message);
      }
    }
    return dropped;
  }
}

export class ReceiveHalf {
  received = 0;
  /** The size of the credited messages that the application is done with. */
  consumed = 0;
  private bytes = 0;
  private saidBytes = 0;
  private saidConsumed = 0;

  constructor(readonly window: number) {}

  /** Takes the message at a position if it is the next one: 0 then, below 0 if it was seen, above 0 if there is a gap. */
  accept(position: number, size: number): number {
    const ahead = position - this.received - 1;
    if (ahead === 0) {
      this.received = position;
      this.bytes += size;
    }
    return ahead;
  }

  /** Have the counts grown enough that the peer should hear of it? */
  due(): boolean {
    return Math.max(this.bytes - this.saidBytes, this.consumed - this.saidConsumed) * 4 >= this.window;
  }

  said(): void {
    this.saidBytes = this.bytes;
    this.saidConsumed = this.consumed;
  }
}
