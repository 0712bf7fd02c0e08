// Looks after the page: lets go when it is left, and looks after the connection when it comes back or the machine wakes up.
import type { Hub } from "./driver.ts";
import { watchPage } from "./env/browser.ts";
import { later, root, wall } from "./env/index.ts";
import { beacon } from "./session/http.ts";

/** How often to look whether the machine has slept. */
const PULSE = 5000;
/** Browsers refuse more than 64 KiB. */
const MAX_BEACON = 32768;

export function watch(hub: Hub): () => void {
  const session = hub._session;
  let pulse: unknown;
  let pulseAt = 0;
  /** Machines sleep without a word, and their clocks may stop. */
  const beat = (): void => {
    if (pulseAt && wall() - pulseAt > PULSE + session._limits["ping"]) {
      hub._check(false);
    }
    pulseAt = wall();
    pulse = later(beat, PULSE);
  };
  const stop = watchPage((stored) => {
    const { navigator } = root;
    if (stored) {
      // It may come back and resume: only what it holds is let go.
      hub._letGo();
      return;
    }
    // The page is going away: the last words go by beacon.
    const body = beacon(session, MAX_BEACON);
    if (body && navigator && navigator.sendBeacon) {
      navigator.sendBeacon(hub._io._url + "/send", body);
    }
  }, hub._check);
  beat();
  return () => {
    clearTimeout(pulse as number);
    stop();
  };
}
