/** Runs what it is given, so many at a time. */
export function turns(limit) {
  const waiting = [];
  let running = 0;
  return async (run) => {
    if (running >= limit) {
      await new Promise((resolve) => waiting.push(resolve));
    }
    running += 1;
    try {
      return await run();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
}
