import type { AnyOptions } from "../options.ts";

/** The longest answer or line that is read: far more than a server may have waiting. */
export const MAX_ANSWER = 67108864;

/**
 * Sends a body by POST. `progress` is given text as it arrives, as long as the status is 200; `done` the rest, at the end.
 * A status of 0 means that there was no whole answer. Answers with how to stop it.
 */
export type Post = (
  url: string,
  body: string,
  options: AnyOptions,
  progress: ((text: string) => void) | null,
  done: (status: number, text: string) => void,
) => () => void;
