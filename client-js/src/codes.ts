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

/** They stay what they are. */
const OWN = "heartbeat stale undeliverable unknown_session";
/** More than a server has; so a table that all sessions of a page share stays small, whatever one of them is told. */
let room = 99;

/** Takes what is said of a code, and gives it: `""` if that is none. */
export function learn(code: unknown, said: unknown): string {
  if (typeof code !== "string" || !/^[a-z]\w{0,40}$/.test(code)) {
    return "";
  }
  if (typeof said === "string" && OWN.indexOf(code) < 0 && (then[code] || room-- > 0)) {
    then[code] = said;
  }
  return code;
}

/** Undefined if nobody has said it. */
export function thenOf(code: string): unknown {
  return then[code];
}

/** The others end a request or a carrier. */
export function endsSession(code: string): boolean {
  return then[code] === OPEN || then[code] === LATER || then[code] === NEVER;
}

/** What a server says need not be what it should be: text. */
export function textOr(otherwise: string, said: unknown): string {
  return typeof said === "string" ? said : otherwise;
}
