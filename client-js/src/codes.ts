// What a client does about a code (protocol.md, section 10.2).

/** Attach at once. */
export const ATTACH = 1;
/** Another transport. */
export const NEXT = 2;
export const BACKOFF = 3;
/** The same for those that end the session, as all that follow do. */
const BACKOFF_ENDED = 4;
/** A new session at once. */
export const OPEN = 5;
/** Report and stop: the page cannot help a refused origin or callback either. */
export const NEVER = 6;

const CODES = [
  "",
  "attachments bad_json bad_packet empty gap heartbeat stale stale_poll stale_token taken_over timeout too_large too_many_packets utf8",
  "bad_handshake bad_request content_type encoding method not_found transport upgrade_required",
  "full rate",
  "bad_ack credit shutdown slow_consumer",
  "grace_over undeliverable unknown_session",
  "callback client_disconnect no_namespace origin server_disconnect version",
];

function groupOf(code: string): number {
  let group = NEVER;
  while (group && (" " + CODES[group] + " ").indexOf(" " + code + " ") < 0) {
    group--;
  }
  return group;
}

/** 0 if the code is not one of the protocol's. */
export function actionOf(code: string): number {
  const group = groupOf(code);
  return group === BACKOFF_ENDED ? BACKOFF : group;
}

/** The others end a request or a carrier. */
export function endsSession(code: string): boolean {
  return groupOf(code) > BACKOFF;
}
