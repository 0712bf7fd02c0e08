// What a client does about a code (protocol.md, section 10.2).

export type Action = "attach" | "open" | "backoff" | "next" | "never";

/** After a carrier is lost by them. (A `stale_poll` costs it only when the next poll is refused too.) */
const ACTIONS: { [action: string]: string } = {
  attach:
    " attachments bad_json bad_packet empty gap heartbeat stale stale_poll stale_token taken_over timeout too_large too_many_packets utf8 ",
  open: " grace_over undeliverable unknown_session ",
  backoff: " bad_ack credit full rate shutdown slow_consumer ",
  next: " bad_handshake bad_request content_type encoding method not_found transport upgrade_required ",
  never: " callback client_disconnect no_namespace origin server_disconnect version ",
};

/** These end the session; the others end a request or a carrier. The page cannot help a refused origin or callback either. */
const ENDS =
  " bad_ack callback client_disconnect credit grace_over no_namespace origin server_disconnect shutdown slow_consumer unknown_session version ";

/** Null if the code is not one of the protocol's. */
export function actionOf(code: string): Action | null {
  for (const action in ACTIONS) {
    if ((ACTIONS[action] as string).indexOf(" " + code + " ") >= 0) {
      return action as Action;
    }
  }
  return null;
}

export function endsSession(code: string): boolean {
  return ENDS.indexOf(" " + code + " ") >= 0;
}
