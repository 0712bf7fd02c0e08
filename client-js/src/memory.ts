// What negotiation has learnt of a server, from one visit to the next. It is kept by the time of day, and used by the clock of the session.
import type { Store } from "./env/browser.ts";
import { KEPT, type Memory } from "./negotiation.ts";

/** `ahead`: by how much the time of day is ahead of the clock. */
export function load(store: Store, key: string, now: number, ahead: number): Memory {
  const memory: Memory = { best: "", until: 0, rtt: 0, tight: 0, failed: {} };
  // However wrong the time of day was or is.
  const here = (until: number): number => Math.min(now + KEPT, until - ahead);
  try {
    const kept = JSON.parse(store.get(key) || "{}") as Memory;
    if (here(kept.until) > now) {
      memory.best = kept.best;
      memory.until = here(kept.until);
      memory.rtt = +kept.rtt || 0;
    }
    memory.tight = here(kept.tight) || 0;
    for (const name in kept.failed) {
      const { why, until } = kept.failed[name] as Memory["failed"][""];
      memory.failed[name] = { why, until: here(until) };
    }
  } catch (_) {
    // What cannot be read is not known.
  }
  return memory;
}

export function save(store: Store, key: string, memory: Memory, now: number, ahead: number): void {
  const { best, rtt } = memory;
  const failed: Memory["failed"] = {};
  for (const name in memory.failed) {
    const { why, until } = memory.failed[name] as Memory["failed"][""];
    if (until > now) {
      failed[name] = { why, until: until + ahead };
    }
  }
  try {
    store.set(key, JSON.stringify({ best, until: memory.until + ahead, rtt, tight: memory.tight + ahead, failed }));
  } catch (_) {
    // The user's store is the user's.
  }
}
