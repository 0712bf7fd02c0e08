/** A pause before try number `tries` (from 0): anything up to a bound that doubles. Full jitter spreads a crowd best. */
export function backoff(tries: number, delay: number, maxDelay: number, random: () => number): number {
  return Math.floor(random() * Math.min(maxDelay, delay * Math.pow(2, tries)));
}
