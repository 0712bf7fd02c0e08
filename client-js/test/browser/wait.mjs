// Bounded waiting: on a condition, never for a length of time.
// Longer than ping + timeout (18 s): a cut forever-iframe is noticed by nothing else, since Chromium does not tell the page.
export const DEADLINE_MS = 30_000;
const LOOK_EVERY_MS = 20;

/** Asks `probe` until it answers something truthy, which is returned; throws `what` at the deadline. */
export async function until(what, probe, deadlineMs = DEADLINE_MS) {
  const end = Date.now() + deadlineMs;
  let last;
  for (;;) {
    try {
      last = await probe();
    } catch (error) {
      last = error;
    }
    if (last && !(last instanceof Error)) {
      return last;
    }
    if (Date.now() > end) {
      const seen = last instanceof Error ? `: ${last.message}` : "";
      throw new Error(`not within ${deadlineMs} ms: ${what}${seen}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** The promise's own outcome, or an error at the deadline. */
export function within(what, promise, deadlineMs = DEADLINE_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${deadlineMs} ms: ${what}`)), deadlineMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
