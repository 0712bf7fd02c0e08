// What servers say about their codes (protocol.md, section 10.2): the client has no table of them.
import { learn } from "../src/codes.ts";

const CODES: { [then: string]: string } = {
  attach:
    "attachments bad_json bad_packet empty gap heartbeat stale stale_poll stale_token taken_over timeout too_large too_many_packets utf8",
  backoff: "full rate",
  later: "bad_ack credit shutdown slow_consumer",
  never: "callback client_disconnect no_namespace origin server_disconnect version",
  next: "bad_handshake bad_request content_type encoding method not_found transport upgrade_required",
  open: "grace_over undeliverable unknown_session",
};

/** Code → what the client does next. */
export const THEN: { [code: string]: string } = {};

for (const then in CODES) {
  for (const code of (CODES[then] as string).split(" ")) {
    THEN[code] = then;
  }
}

/** The object of a refusal. */
export function refusal(code: string): string {
  return JSON.stringify({ error: code, message: "", then: THEN[code] });
}

/** For those that drive the machine by codes alone. */
export function learnAll(): void {
  for (const code in THEN) {
    learn(code, THEN[code]);
  }
}
