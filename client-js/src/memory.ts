// What negotiation has learnt of a server, from one visit to the next. It is kept by the time of day, and used by the clock of the session.
import type { Store } from "./env/browser.ts";
import { KEPT, type Memory } from "./negotiation.ts";

/** `ahead`: by how much the time of day is ahead of the clock. */
export function load(store: Store, key: string, now: number, ahead: number): Memory {
  try {
    const kept = JSON.parse(store.get(key) as string) as Memory;
    // However wrong the time of day was or is.
    kept.until = Math.min(now + KEPT, kept.until - ahead);
    kept.tight = Math.min(now + KEPT, kept.tight - ahead);
    if (kept.until > now) {
      return kept;
    }
  } catch (_) {
    // What cannot be read is not known.
  }
  return { until: 0, best: "", rtt: 0, tight: 0, failed: {} };
}

export function save(store: Store, key: string, memory: Memory, ahead: number): void {
  const { best, rtt, failed } = memory;
  try {
    store.set(key, JSON.stringify({ until: memory.until + ahead, best, rtt, tight: memory.tight + ahead, failed }));
  } catch (_) {
    // The user's store is the user's.
  }
}
