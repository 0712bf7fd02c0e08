import type { Bytes } from "../bytes.ts";
import { randomBytes } from "./random.ts";
import { root } from "./root.ts";

/** What every environment of today has, in one way or another. `everwire/legacy` puts its own in the place of what is missing. */
export const platform = {
  _btoa: (chars: string): string => btoa(chars),
  _atob: (text: string): string => atob(text),
  /** 128 of them. */
  _random: (): Bytes => randomBytes(),
  /** What a URL says, and what it lacks the page. */
  _locate: (url: string): Pick<URL, "protocol" | "host" | "pathname"> => new URL(url, root.location && root.location.href),
  /** Milliseconds that never go back. */
  _now: (): number => performance.now(),
  _soon: (run: () => void): void => void Promise.resolve().then(run),
  /** What `run` gives, now or later, goes to `done`; what goes wrong, in `done` too, to `fail`. */
  _promise: (run: (done: (value: unknown) => void) => void, done: (value: unknown) => void, fail: (error: unknown) => void, then?: () => void): void =>
    void new Promise(run).then(done).then(null, fail).then(then),
};
