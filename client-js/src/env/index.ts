// The only folder that touches globals, and only when a client connects: so the module loads anywhere.
import { platform } from "./platform.ts";

export { root, type Root } from "./root.ts";

/** Milliseconds, never going back where the platform has such a clock. */
export function now(): number {
  return Math.floor(platform._now());
}

/** The time of day, which goes on while the machine sleeps. */
export function wall(): number {
  return new Date().getTime();
}

/** Too early, should that be later than a timer can say: in 24 days. */
export function later(run: () => void, ms: number): unknown {
  return setTimeout(run, Math.min(ms, 2147483647));
}

/** Runs when the code that runs now is done. */
export function soon(run: () => void): void {
  platform._soon(run);
}

/** 128 random bits, as protocol.md wants them (section 4.1): numbers with dashes between. */
export function secret(): string {
  return [].join.call(platform._random() as never[], "-");
}
