// What a client does about a code (protocol.md, section 10.2). All others end a request or a carrier, and the next attach follows.

/** Later. */
export const BACKOFF = 1;
/** The same for those that end the session, as all that follow do. */
const BACKOFF_ENDED = 2;
/** A new session at once. */
export const OPEN = 3;
/** Report and stop: the page cannot help a refused origin or callback either. */
export const NEVER = 4;

const CODES = [
  "",
  "full rate",
  "bad_ack credit shutdown slow_consumer",
  "grace_over undeliverable unknown_session",
  "callback client_disconnect no_namespace origin server_disconnect version",
];

/** With these the server asks for another attach over the same transport. */
const AGAIN =
  "attachments bad_json bad_packet empty gap heartbeat stale stale_poll stale_token taken_over timeout too_large too_many_packets utf8";

function has(codes: string | undefined, code: string): boolean {
  return (" " + codes + " ").indexOf(" " + code + " ") >= 0;
}

function groupOf(code: string): number {
  let group = NEVER;
  while (group && !has(CODES[group], code)) {
    group--;
  }
  return group;
}

/** 0 if it is none of the above. */
export function actionOf(code: string): number {
  const group = groupOf(code);
  return group === BACKOFF_ENDED ? BACKOFF : group;
}

/** The others end a request or a carrier. */
export function endsSession(code: string): boolean {
  return groupOf(code) > BACKOFF;
}

export function asksAgain(code: string): boolean {
  return has(AGAIN, code);
}
