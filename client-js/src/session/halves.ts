// The two directions of a session (protocol.md, sections 3 and 6). They meet only in an attach and in the counts.
import { sizeOf, type Data } from "../packet.ts";
import type { Message, Session } from "./state.ts";

/** Sends in time, once and in order. */
export function push(session: Session, message: Message): void {
  session._log.push(message);
  session._bytes += message._size;
  message._credit = session._credited += message._credited ? message._size : 0;
}

/** The number of the last message, sent or not. */
export function lastOf(session: Session): number {
  return session._base + session._log.length;
}

/** Message `number`, if it exists and credit allows it (and so all before it). */
export function ready(session: Session, number: number): Message | undefined {
  const message = session._log[number - session._base - 1];
  return message && (message._credit as number) <= session._returned + session._limits["window"] ? message : undefined;
}

export function markSent(session: Session, number: number): void {
  session._sent = Math.max(session._sent, number);
}

/** The peer's counts. False if it confirms what was never sent. */
export function confirm(session: Session, received: number, consumed: number): boolean {
  if (received > session._sent) {
    return false;
  }
  if (consumed > session._returned) {
    session._returned = consumed;
  }
  for (; session._base < received; session._base++) {
    session._bytes -= (session._log.shift() as Message)._size;
  }
  return true;
}

/** Have the counts grown enough that the server should hear of it? Or does it wait for them? */
export function isDue(session: Session): boolean {
  return (
    session._owesCounts ||
    Math.max(session._taken, session._consumed - session._saidConsumed) * 4 >= session._window
  );
}

export function said(session: Session): void {
  session._owesCounts = false;
  session._taken = 0;
  session._saidConsumed = session._consumed;
}

/** What an encoded packet is to the session. */
export function messageOf(namespace: string, data: Data, credited: boolean): Message {
  return { _namespace: namespace, _data: data, _size: sizeOf(data), _credited: credited };
}
