// What negotiation has learnt of a server, from one visit to the next.
import type { Env } from "./env/index.ts";
import { KEPT, type Memory } from "./negotiation.ts";

/** It is kept by the time of day, and used by the clock of the session. */
export function load(env: Env, key: string): Memory {
  const memory: Memory = { best: "", until: 0, rtt: 0, tight: 0, failed: {} };
  const now = env.now();
  // However wrong the time of day was or is.
  const here = (until: number): number => Math.min(now + KEPT, until - env.wall() + now);
  try {
    const kept = JSON.parse(env.store.get(key) || "{}") as Memory;
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

export function save(env: Env, key: string, memory: Memory): void {
  const failed: Memory["failed"] = {};
  const now = env.now();
  const ahead = env.wall() - now;
  for (const name in memory.failed) {
    const { why, until } = memory.failed[name] as Memory["failed"][""];
    if (until > now) {
      failed[name] = { why, until: until + ahead };
    }
  }
  try {
    env.store.set(key, JSON.stringify({ best: memory.best, until: memory.until + ahead, rtt: memory.rtt, tight: memory.tight + ahead, failed }));
  } catch (_) {
    // The user's store is the user's.
  }
}
