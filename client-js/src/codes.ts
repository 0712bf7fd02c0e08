// What a client does about a code (protocol.md, section 10). The server says it with the code: so no table of them is needed here.

/** Its answer to what cannot be done now. */
export const BACKOFF = "backoff";
/** A new session at once, or after a pause. */
export const OPEN = "open";
const LATER = "later";
/** Report and stop. */
export const NEVER = "never";
/** Attach anew, over the same transport. */
export const ATTACH = "attach";

/** Of those that the client gives itself. */
const then: { [code: string]: unknown } = { heartbeat: ATTACH, stale: ATTACH, undeliverable: OPEN, unknown_session: OPEN };

/** Takes what is said of a code. */
export function learn(code: unknown, said: unknown): string {
  then[code as string] = said || then[code as string];
  return String(code);
}

/** Undefined if nobody has said it. */
export function thenOf(code: string): unknown {
  return then[code];
}

/** The others end a request or a carrier. */
export function endsSession(code: string): boolean {
  return then[code] === OPEN || then[code] === LATER || then[code] === NEVER;
}
