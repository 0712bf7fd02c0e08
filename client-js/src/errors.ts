/** What a call or an ack can fail with. `code` is made for programs, `message` for people. */
export interface EverwireError extends Error {
  /** `timeout`, `session_ended`, `too_large`, `buffer_full`, `bad_data`, …, or what the peer said, as `reserved_event` or `handler_panic`. */
  code: string;
  /** What the server gave with a refusal (`connect_error`). */
  data?: unknown;
}

/** A plain Error with a code: subclasses of Error lose their prototype in ES5. */
export function failure(code: string, message?: string, data?: unknown): EverwireError {
  const error = new Error(message || code) as EverwireError;
  error.name = "EverwireError";
  error.code = code;
  if (data !== undefined) {
    error.data = data;
  }
  return error;
}
