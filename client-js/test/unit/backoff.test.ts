import { expect, test } from "vitest";
import { backoff } from "../../src/backoff.ts";

test("anything from nothing to a bound that doubles, up to the highest", () => {
  const bounds = (random: number): number[] => [0, 1, 2, 3, 4, 50].map((tries) => backoff(tries, 500, 5000, () => random));
  expect(bounds(0)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(bounds(0.999999)).toEqual([499, 999, 1999, 3999, 4999, 4999]);
});
